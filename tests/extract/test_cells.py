"""Cells as a person would copy them."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from scanner.extract import _cells


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("13800138000", "13800138000"),
        ("1.3800138E10", "13800138000"),
        ("13800138000.0", "13800138000"),
        ("0.10000000000000001", "0.1"),
        ("123456789012345", "123456789012345"),
        ("6222021234567890123", "6222021234567890123"),
        ("1E-7", "0.0000001"),
        ("-5.0", "-5"),
        ("abc", "abc"),
        ("7" * 5000, "7" * 5000),
    ],
)
def test_numbers(text: str, shown: str) -> None:
    assert _cells.number(text) == shown


@given(some.integers(min_value=0, max_value=10**15))
def test_whole_numbers_keep_every_digit(number: int) -> None:
    assert _cells.number(repr(float(number))) == str(number)
    assert _cells.number(str(number)) == str(number)


@given(some.dates(min_value=datetime.date(1900, 3, 1), max_value=datetime.date(9999, 12, 30)))
def test_dates(day: datetime.date) -> None:
    serial = (day - datetime.date(1899, 12, 30)).days
    assert _cells.date(float(serial)) == day.isoformat()
    since = (day - datetime.date(1904, 1, 1)).days
    if since >= 0:
        assert _cells.date(float(since), True) == day.isoformat()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.5, "12:00:00"),
        (43363.75, "2018-09-20 18:00:00"),
        (1.0, "1900-01-01"),
        (59.0, "1900-02-28"),
        (13800138000.0, ""),
    ],
)
def test_times(value: float, shown: str) -> None:
    assert _cells.date(value) == shown


@pytest.mark.parametrize(
    ("ident", "code", "is_date"),
    [
        (14, "", True),
        (0, "", False),
        (164, "yyyy-mm-dd", True),
        (164, 'yyyy"年"m"月"d"日"', True),
        (164, "[$-804]yyyy/m/d;@", True),
        (164, "General", False),
        (164, "0.00", False),
        (164, '0" days"', False),
        (164, "[Red]0", False),
        (164, "[h]:mm", True),
        (49, "", False),
    ],
)
def test_date_formats(ident: int, code: str, is_date: bool) -> None:
    assert _cells.is_date_format(ident, code) is is_date


def test_leading_zeros_that_a_format_shows() -> None:
    formats = _cells.Formats()
    formats.add(164, "00000000")
    assert formats.shown("1234", 0) == "00001234"
    assert formats.shown("1234", 7) == "1234"


@pytest.mark.parametrize(
    ("letters", "index"), [("A", 0), ("Z", 25), ("AA", 26), ("XFD", 16383), ("?", -1)]
)
def test_columns(letters: str, index: int) -> None:
    assert _cells.column(letters) == index


def test_far_cells_keep_their_columns_within_a_bound() -> None:
    row = _cells.Row(room=100)
    row.put(90, "a")
    assert row.take() == [""] * 90 + ["a"]
    row.put(90, "b")
    assert row.take() == ["", "b"]
