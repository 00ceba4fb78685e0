"""The matches of one pattern around the places that its gate names, and their results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from presidio_analyzer import EntityRecognizer, Pattern, RecognizerResult

from scanner.detect._entity.gate import Gate
from scanner.detect._entity.reach import Reach

_WIDE = 64  # matches wider than that are looked for by lines too


@dataclass(slots=True)
class Job:
    """One pattern of one recogniser and its gate."""

    recogniser: Any  # a PatternRecognizer; Presidio's types are loose
    pattern: Pattern
    expression: Any
    gate: Gate
    validate: Callable[[str], bool | None]
    invalidate: Callable[[str], bool | None] | None
    spots: Sequence[tuple[int, int]] = field(default=(), repr=False)


def without_doubles(results: list[RecognizerResult]) -> list[RecognizerResult]:
    """What EntityRecognizer.remove_duplicates gives, in less time.

    Results of score 0 and results inside another of their type that is at least as sure are left
    out; the surest come first.
    """
    seen = {
        (str(one.entity_type), one.start, one.start - one.end, -one.score): one
        for one in reversed(results)
        if one.score
    }
    kept: list[RecognizerResult] = []
    kind = ""
    active: list[RecognizerResult] = []
    for key in sorted(seen):
        one = seen[key]
        if key[0] != kind:
            kind, active = key[0], []
        if active:
            active = [other for other in active if other.end >= one.start]
            if any(one.end <= other.end and one.score <= other.score for other in active):
                continue
        kept.append(one)
        active.append(one)
    kept.sort(key=lambda one: (-one.score, one.start, one.start - one.end))
    return kept


def windows(job: Job, text: str) -> Iterator[tuple[int, int, int]]:
    """(first start, last start, end to look at) of matches around the spots, in order, joined."""
    reach = job.gate.reach
    low = high = -1
    back, least = job.gate.back, job.gate.least
    for first, found in job.spots:
        last = found - least
        start = 0
        if back is not None:
            start = max(0, first - back)
        if reach.lines is not None and (back is None or back > _WIDE):
            start = max(start, _lines_before(text, max(0, first - least - 1), reach.lines))
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


def result_of(job: Job, text: str, start: int, end: int, explain: bool) -> RecognizerResult | None:
    """The result of one match, validated as PatternRecognizer does; None where it is no match."""
    recogniser, pattern = job.recogniser, job.pattern
    found = text[start:end]
    score = pattern.score
    valid = job.validate(found)
    if valid is not None:
        score = EntityRecognizer.MAX_SCORE if valid else EntityRecognizer.MIN_SCORE
    if job.invalidate is not None and job.invalidate(found):
        score = EntityRecognizer.MIN_SCORE
    if score <= EntityRecognizer.MIN_SCORE:
        return None
    explanation = None
    if explain:
        explanation = recogniser.build_regex_explanation(
            recogniser.name,
            pattern.name,
            pattern.regex,
            pattern.score,
            valid,
            recogniser.global_regex_flags,
        )
        explanation.score = score
    return RecognizerResult(
        entity_type=recogniser.supported_entities[0],
        start=start,
        end=end,
        score=score,
        analysis_explanation=explanation,  # type: ignore[arg-type]
        recognition_metadata={
            RecognizerResult.RECOGNIZER_NAME_KEY: recogniser.name,
            RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: recogniser.id,
        },
    )
