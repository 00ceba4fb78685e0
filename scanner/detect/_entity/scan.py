"""Entities in the segments of a document, in pieces of bounded size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from scanner.detect._entity.fold import fold
from scanner.detect._entity.presidio import LANGUAGE, make_analyzer
from scanner.model.content import Layout, Segment

THRESHOLD = 0.35
_PIECE = 400_000
_OVERLAP = 400


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity: offsets count characters of the segment at `locator`."""

    type: str
    start: int
    end: int
    score: float
    locator: str


class EntityScanner:
    """Finds entities in segments.

    Where a pattern did not finish within its time, what it found until then counts, `complete`
    is False and `timed_out` names it ("recogniser: pattern"); both speak of all segments so far.
    """

    def __init__(self, analyzer: Any = None, threshold: float = THRESHOLD) -> None:
        self._analyzer = analyzer or make_analyzer()
        self._threshold = threshold
        self._timed_out: set[str] = set()

    @property
    def timed_out(self) -> frozenset[str]:
        """The patterns that did not finish in some segment."""
        return frozenset(self._timed_out)

    @property
    def complete(self) -> bool:
        """True where every pattern has seen the whole text of every segment."""
        return not self._timed_out

    def entities(self, segment: Segment) -> list[Entity]:
        """The entities of one segment, in order of their places."""
        folded = fold(segment.text)
        found: dict[tuple[str, int, int], float] = {}
        for start, text in _pieces(folded.text):
            results = self._analyzer.analyze(text, LANGUAGE, score_threshold=0.0)
            self._timed_out |= getattr(self._analyzer, "timed_out", set())
            if segment.layout is Layout.TABLE:
                self._by_header(folded.text, start, results)
            for result in results:
                if result.score >= self._threshold:
                    key = (result.entity_type, result.start + start, result.end + start)
                    found[key] = max(found.get(key, 0.0), result.score)
        kept = _without_doubles(found)
        return [
            Entity(
                kind,
                folded.place(start),
                folded.place(end, end=True),
                round(score, 3),
                segment.locator,
            )
            for (kind, start, end), score in kept
        ]

    def _by_header(self, text: str, start: int, results: list[Any]) -> None:
        """Raise what stands in a column whose header is a context word."""
        header = text[: max(0, text.find("\n"))].casefold().split("\t")
        words = {
            recogniser.name: [word for word in (recogniser.context or ()) if len(word) > 1]
            for recogniser in self._analyzer.registry.recognizers
        }
        for result in results:
            if result.score >= self._threshold:
                continue
            place = result.start + start
            column = text.count("\t", text.rfind("\n", 0, place) + 1, place)
            if column >= len(header) or place <= len(header):
                continue
            known = words.get(result.recognition_metadata["recognizer_name"], ())
            if any(word in header[column] for word in known):
                result.score = max(result.score + 0.35, 0.4)


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """(start, piece) of at most 400,000 characters, cut at line ends, with some overlap."""
    start, total = 0, len(text)
    while start < total:
        end = min(total, start + _PIECE)
        if end < total:
            line = text.rfind("\n", start + _PIECE // 2, end)
            end = line + 1 if line > 0 else end
        yield start, text[start:end]
        if end == total:
            return
        start = end if text[end - 1] == "\n" else end - _OVERLAP


def _without_doubles(
    found: dict[tuple[str, int, int], float],
) -> list[tuple[tuple[str, int, int], float]]:
    """Without entities that lie inside another of their type that is at least as sure."""
    kept: list[tuple[tuple[str, int, int], float]] = []
    ends: dict[str, tuple[int, float]] = {}
    ordered = sorted(found.items(), key=lambda item: (item[0][1], -item[0][2], -item[1]))
    for (kind, start, end), score in ordered:
        last, sure = ends.get(kind, (-1, 0.0))
        if end <= last and score <= sure:
            continue
        if end > last:
            ends[kind] = (end, score)
        kept.append(((kind, start, end), score))
    return kept


def entity_lines(
    segments: Iterable[Segment], scanner: EntityScanner | None = None
) -> Iterator[dict[str, object]]:
    """The entities as `leakscan entities` prints them."""
    scanner = scanner or EntityScanner()
    for segment in segments:
        for entity in scanner.entities(segment):
            yield {
                "type": entity.type,
                "start": entity.start,
                "end": entity.end,
                "score": entity.score,
                "locator": entity.locator,
            }
