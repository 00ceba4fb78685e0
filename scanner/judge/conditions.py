"""Conditions over facts, compiled once: they hold, do not hold, or hang on an unknown fact."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scanner.judge.vocabulary import ALL, Facts, Value

Truth = bool | None
"""None: it hangs on a fact that is not known."""


@dataclass(frozen=True, slots=True)
class Test:
    """One fact asked for one thing."""

    fact: str
    ask: Callable[[Value], bool]
    text: str

    def on(self, facts: Facts) -> Truth:
        """Whether it holds; None where the fact is unknown."""
        value = facts.get(self.fact)
        return None if value is None else self.ask(value)


@dataclass(frozen=True, slots=True)
class All:
    """Holds where every test holds; fails where one fails, whatever else is unknown."""

    tests: tuple[Test, ...]

    def on(self, facts: Facts) -> Truth:
        """Three-valued and."""
        result: Truth = True
        for test in self.tests:
            value = facts.get(test.fact)
            if value is None:
                result = None
            elif not test.ask(value):
                return False
        return result

    def missing(self, facts: Facts) -> list[str]:
        """The facts of it that are not known."""
        return [test.fact for test in self.tests if test.fact not in facts]

    def unknown(self, facts: Facts) -> list[str]:
        """The facts it hangs on, where it does."""
        return [] if self.on(facts) is not None else self.missing(facts)

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts it asks for."""
        return tuple(dict.fromkeys(test.fact for test in self.tests))


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds where one alternative holds. Without alternatives it never does."""

    alternatives: tuple[All, ...]

    def on(self, facts: Facts) -> Truth:
        """Three-valued or."""
        result: Truth = False
        for one in self.alternatives:
            found = one.on(facts)
            if found:
                return True
            if found is None:
                result = None
        return result

    def unknown(self, facts: Facts) -> list[str]:
        """The facts it hangs on, where it does."""
        if self.on(facts) is not None:
            return []
        return [name for one in self.alternatives for name in one.unknown(facts)]


class ConditionProblem(ValueError):
    """A condition that cannot be compiled; `path` leads to the place inside it."""

    def __init__(self, path: Sequence[str | int], what: str) -> None:
        super().__init__(what)
        self.path = tuple(path)


def compile_all(raw: object, sets: Mapping[str, frozenset[str]]) -> All:
    """A mapping of facts to tests, or a list of such mappings, all of which must hold."""
    tests: list[Test] = []
    for path, fact, wanted in _pairs(raw):
        tests.append(_test(fact, wanted, sets, path))
    return All(tuple(tests))


def compile_any(raw: object, sets: Mapping[str, frozenset[str]]) -> AnyOf:
    """A list of mappings, one of which must hold."""
    if not isinstance(raw, list):
        raise ConditionProblem((), "must be a list of alternatives")
    found = []
    for number, item in enumerate(raw):
        try:
            found.append(compile_all(item, sets))
        except ConditionProblem as problem:
            raise ConditionProblem((number, *problem.path), str(problem)) from None
    return AnyOf(tuple(found))


def _pairs(raw: object) -> Iterable[tuple[tuple[str | int, ...], str, object]]:
    if isinstance(raw, dict):
        for fact, wanted in raw.items():
            yield (fact,), fact, wanted
    elif isinstance(raw, list):
        for number, item in enumerate(raw):
            if not isinstance(item, dict):
                raise ConditionProblem((number,), "must be `fact: value`")
            for fact, wanted in item.items():
                yield (number, fact), fact, wanted
    else:
        raise ConditionProblem((), "must be `fact: value`")


def _test(
    fact: str, wanted: object, sets: Mapping[str, frozenset[str]], path: tuple[str | int, ...]
) -> Test:
    known = ALL.get(fact)
    if known is None:
        raise ConditionProblem(path, f"there is no fact {fact!r}")
    if not isinstance(wanted, dict):
        if problem := known.problem(wanted):
            raise ConditionProblem(path, problem)
        return Test(fact, _equals(wanted), f"{fact} = {_shown(wanted)}")
    if len(wanted) != 1:
        raise ConditionProblem(path, "takes one of `in`, `min`, `max`")
    ((how, what),) = wanted.items()
    if how == "in":
        members = _members(what, sets, (*path, "in"))
        for value in sorted(members):
            if problem := known.problem(value):
                raise ConditionProblem((*path, "in"), f"{value!r} {problem}")
        return Test(fact, members.__contains__, f"{fact} in {', '.join(sorted(members))}")
    if how in ("min", "max") and known.kind in ("count", "share"):
        if problem := known.problem(what):
            raise ConditionProblem((*path, how), problem)
        sign = "≥" if how == "min" else "≤"
        return Test(fact, _bound(how, what), f"{fact} {sign} {what}")
    raise ConditionProblem(path, f"cannot be asked for {how!r}")


def _members(
    what: object, sets: Mapping[str, frozenset[str]], path: Sequence[Any]
) -> frozenset[str]:
    if isinstance(what, str):
        if what not in sets:
            raise ConditionProblem(path, f"there is no set {what!r}")
        return sets[what]
    if isinstance(what, list) and what and all(isinstance(item, str) for item in what):
        return frozenset(what)
    raise ConditionProblem(path, "must be the name of a set or a list of values")


def _equals(wanted: object) -> Callable[[Value], bool]:
    return frozenset((wanted,)).__contains__


def _bound(how: str, limit: Any) -> Callable[[Value], bool]:
    if how == "min":
        return lambda value: value >= limit
    return lambda value: value <= limit


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
