"""The matches of one pattern around the places that its gate names, and their results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from presidio_analyzer import EntityRecognizer, Pattern, RecognizerResult

from scanner.detect._entity.engine import Search
from scanner.detect._entity.gate import Gate
from scanner.detect._entity.reach import Reach

_START, _END, _SCORE = attrgetter("start"), attrgetter("end"), attrgetter("score")
_LINE_END = ord("\n")
_MAX, _MIN = EntityRecognizer.MAX_SCORE, EntityRecognizer.MIN_SCORE


@dataclass(slots=True)
class Job:
    """One pattern of one recogniser, its gate, and where the gate fired in the text in hand."""

    recogniser: Any  # a PatternRecognizer; Presidio's types are loose
    pattern: Pattern
    expression: Any
    gate: Gate
    validate: Callable[[str], bool | None] | None
    invalidate: Callable[[str], bool | None] | None
    watched: Search
    quick: Search | None = None
    ends: list[int] = field(default_factory=list, repr=False)
    ranges: list[tuple[int, int]] = field(default_factory=list, repr=False)

    @property
    def asked(self) -> bool:
        """True where the expression has to be looked for in the text in hand."""
        return self.gate.expression is None or bool(self.ends or self.ranges)

    def spots(self) -> list[tuple[int, int]]:
        """(first, last) place where the gate ends, in order."""
        return sorted([*((end, end) for end in self.ends), *self.ranges])


def add_spans(
    job: Job, text: str, search: Search, data: bytes, found: list[tuple[int, int]]
) -> None:
    """Add the spans that `finditer` gives to `found`, looking around the spots only.

    `data` is the text's class bytes.
    """
    gate, reach = job.gate, job.gate.reach
    if gate.back is not None and not gate.wide and reach.width is not None and not job.ranges:
        around: Any = _narrow(job.ends, gate.back, gate.least, reach.width + reach.ahead + 1)
    else:
        around = windows(job, text, data)
    done = 0
    for low, high, bound in around:
        place = max(done, low)
        while place <= high:
            match = search(text, place, bound)
            if match is None:
                break
            span = match.span()
            if span[0] > high:
                break
            found.append(span)
            place = done = span[1]


def _narrow(ends: list[int], back: int, least: int, beyond: int) -> Iterator[tuple[int, int, int]]:
    """As `windows`, where a match and what it looks at have a few characters only."""
    low = high = -1
    for end in ends:
        start = end - back
        if start > high:
            if high >= 0:
                yield low, high, high + beyond
            low = max(0, start)
        high = end - least
    if high >= 0:
        yield low, high, high + beyond


def without_doubles(results: list[RecognizerResult]) -> list[RecognizerResult]:
    """What EntityRecognizer.remove_duplicates gives, in less time.

    Results of score 0 and results inside another of their type that is at least as sure are left
    out; the surest come first.
    """
    kinds: dict[str, list[RecognizerResult]] = {}
    for one in results:
        if one.score:
            kinds.setdefault(one.entity_type, []).append(one)
    kept: list[RecognizerResult] = []
    for kind in sorted(kinds):
        group = kinds[kind]
        group.sort(key=_START)
        end, first = -1, 0
        for place, one in enumerate(group):
            if one.start > end:
                if place == first + 1:
                    kept.append(group[first])
                else:
                    kept += _outermost(group[first:place])
                first = place
            if one.end > end:
                end = one.end
        kept += _outermost(group[first:])
    kept.sort(key=_END, reverse=True)
    kept.sort(key=_START)
    kept.sort(key=_SCORE, reverse=True)
    return kept


def _outermost(group: list[RecognizerResult]) -> list[RecognizerResult]:
    """Of results that touch each other, those that no surer one holds."""
    kept: list[RecognizerResult] = []
    active: list[RecognizerResult] = []
    for one in sorted(group, key=lambda one: (one.start, -one.end, -one.score)):
        active = [other for other in active if other.end >= one.start]
        if not any(one.end <= other.end and one.score <= other.score for other in active):
            kept.append(one)
            active.append(one)
    return kept


def windows(job: Job, text: str, data: bytes) -> Iterator[tuple[int, int, int]]:
    """(first start, last start, end to look at) of matches around the spots, in order, joined.

    A match is one run of characters that its expression can take, so no window begins before
    the last character that it cannot.
    """
    gate, reach = job.gate, job.gate.reach
    low = high = -1
    outside = data.translate(gate.outside) if gate.outside else b""
    back, least = gate.back, gate.least
    lines = reach.lines if gate.wide else None
    if gate.outside and gate.outside[_LINE_END]:
        lines = None  # no match holds a line end: the last one bounds it already
    for first, found in job.spots():
        last = found - least
        start = 0
        if back is not None:
            start = max(0, first - back)
        if lines is not None:
            start = max(start, _lines_before(text, max(0, first - least - 1), lines))
        if outside:
            start = max(start, outside.rfind(1, 0, max(0, first - least)) + 1)
        if low >= 0 and start <= high:
            high = max(high, last)
            continue
        if low >= 0:
            yield low, high, _bound(text, high, reach)
        low, high = start, last
    if low >= 0:
        yield low, high, _bound(text, high, reach)


def _lines_before(text: str, place: int, lines: int) -> int:
    """The start of the line that stands `lines` lines before the one of `place`."""
    for _ in range(lines + 1):
        place = text.rfind("\n", 0, place)
        if place < 0:
            return 0
    return place + 1


def _bound(text: str, last: int, reach: Reach) -> int:
    """The end of what a match that starts at `last` or before can take or look at."""
    total = len(text)
    if reach.width is not None:
        return min(total, last + reach.width + reach.ahead + 1)
    place = last
    for _ in range((reach.lines or 0) + 1):
        place = text.find("\n", place)
        if place < 0:
            return total
        place += 1
    return min(total, place + reach.ahead + 1)


def ordered(results: list[RecognizerResult]) -> bool:
    """True where each result stands behind the one before it, so that none holds another."""
    end = -1
    for one in results:
        if one.start < end:
            return False
        end = one.end
    return True


def add_results(
    job: Job,
    text: str,
    found: list[tuple[int, int]],
    results: list[RecognizerResult],
    *,
    told: bool,
) -> None:
    """Add the results of the spans, validated as PatternRecognizer does, to `results`.

    They have an explanation where it is `told`.
    """
    recogniser, given = job.recogniser, job.pattern.score
    validate, invalidate = job.validate, job.invalidate
    kind, name, identifier = recogniser.supported_entities[0], recogniser.name, recogniser.id
    new = RecognizerResult.__new__
    for start, end in found:
        value = text[start:end]
        score = given
        valid = validate(value) if validate is not None else None
        if valid is not None:
            score = _MAX if valid else _MIN
        if invalidate is not None and invalidate(value):
            score = _MIN
        if score <= _MIN:
            continue
        result = new(RecognizerResult)
        result.__dict__ = {
            "entity_type": kind,
            "start": start,
            "end": end,
            "score": score,
            "analysis_explanation": _explanation(job, valid, score) if told else None,
            "recognition_metadata": {
                RecognizerResult.RECOGNIZER_NAME_KEY: name,
                RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: identifier,
            },
        }
        results.append(result)


def _explanation(job: Job, valid: bool | None, score: float) -> Any:
    recogniser, pattern = job.recogniser, job.pattern
    explanation = recogniser.build_regex_explanation(
        recogniser.name,
        pattern.name,
        pattern.regex,
        pattern.score,
        valid,
        recogniser.global_regex_flags,
    )
    explanation.score = score
    return explanation
