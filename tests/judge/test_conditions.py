"""Three-valued conditions: false beats unknown, unknown beats true; the other way round for or."""

import itertools

import pytest

from scanner.judge.conditions import ConditionProblem, compile_all, compile_any

NAMES = ("event.bulk", "purpose.approved", "rule.applies")
STATES = (True, False, None)


def facts(states):
    return {name: state for name, state in zip(NAMES, states, strict=True) if state is not None}


@pytest.mark.parametrize("states", list(itertools.product(STATES, repeat=3)))
def test_every_combination_of_three(states):
    known = facts(states)
    every = compile_all(dict.fromkeys(NAMES, True), {})
    some = compile_any([{name: True} for name in NAMES], {})
    assert every.on(known) is (False if False in states else None if None in states else True)
    assert some.on(known) is (True if True in states else None if None in states else False)
    missing = [name for name, state in zip(NAMES, states, strict=True) if state is None]
    assert every.unknown(known) == ([] if every.on(known) is not None else missing)
    assert some.unknown(known) == ([] if some.on(known) is not None else missing)


def test_nothing_asked_holds_and_no_alternative_does_not():
    assert compile_all({}, {}).on({}) is True
    assert compile_any([], {}).on({}) is False


@pytest.mark.parametrize(
    ("how", "value", "holds"),
    [
        ({"min": 3}, 3, True), ({"min": 3}, 2, False), ({"max": 3}, 3, True), ({"max": 3}, 4, False),
        (0, 0, True), (0, 1, False),
    ],
)  # fmt: skip
def test_counts(how, value, holds):
    assert compile_all({"match.deep": how}, {}).on({"match.deep": value}) is holds


@pytest.mark.parametrize(
    "raw",
    [
        "x", 3, [3], {"event.bulk": "yes"}, {"nothing": True}, {"event.bulk": {"in": "none"}},
        {"event.bulk": {"min": 1}}, {"match.deep": {"min": 1, "max": 2}},
        {"recipient.class": {"in": []}}, {"recipient.class": {"in": ["friend"]}},
        {"match.deep": {"min": True}}, {"match.deep": True}, {"event.bulk": 1},
    ],
)  # fmt: skip
def test_what_cannot_be_asked(raw):
    with pytest.raises(ConditionProblem):
        compile_all(raw, {})
