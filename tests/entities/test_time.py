"""A pattern that takes too long is named, and does not keep the others from their results."""

from __future__ import annotations

import pytest
from presidio_analyzer import Pattern, PatternRecognizer

from scanner.columns.checks import luhn, resident_id
from scanner.detect._entity import engine
from scanner.detect._entity.presidio import data_registry
from scanner.detect._entity.validators import VALIDATORS
from scanner.model.content import Segment
from tests.entities.slow import ENDLESS, slow_scanner


def test_a_slow_pattern_is_named_and_the_rest_found(monkeypatch):
    scanner = slow_scanner(monkeypatch)
    assert scanner.entities(Segment("TK-1234"))[0].type == "FINE"
    assert scanner.complete and not scanner.timed_out
    found = scanner.entities(Segment(ENDLESS))
    assert [one.type for one in found] == ["SLOW", "FINE"]
    assert not scanner.complete
    assert scanner.timed_out == {"slow: slow"}


def test_only_expressions_of_the_program_go_without_a_clock():
    plain = PatternRecognizer("OTHER", patterns=[Pattern("p", r"\d{4}", 0.5)])
    assert not getattr(plain, "quick", False)
    assert all(one.quick for one in data_registry().recognizers)


@pytest.mark.parametrize(
    "regex", [r"\w+", r"\s", r"\bx", r"(\d)\1", r"(?i)k", r"(?<=a|bc)d", r"\p{Han}", r"^a", r"["]
)
def test_expressions_that_two_libraries_may_read_differently_are_not_quick(regex):
    assert engine.quick(regex, 0) is None


@pytest.mark.parametrize("name", sorted(VALIDATORS))
def test_digits_of_other_scripts_stop_no_validator(name):
    if name not in ("hk_id", "tw_id"):  # their expressions begin with a letter
        VALIDATORS[name]("6222\u0660\u0661 2222 3333 4444")


def test_checks_of_known_numbers():
    assert luhn("4111111111111111") and not luhn("4111111111111112") and not luhn("\u0661")
    assert resident_id("11010519491231002X") and not resident_id("110105194912310021")
    assert VALIDATORS["iban"]("DE89 3704 0044 0532 0130 00")
