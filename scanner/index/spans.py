"""Where the values of matched records stand in one text, for callers that mark them there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanner.index import group
from scanner.index.session import MatchSession
from scanner.model.rule import Column


@dataclass(frozen=True, slots=True)
class ValueSpan:
    """One value of a matched record: character offsets in the text that was fed."""

    dataset_id: str
    column: Column
    start: int
    end: int


def value_spans(session: MatchSession, text: str) -> list[ValueSpan]:
    """The values of every record that stands in the text, by place; of a fresh session."""
    scanner = session._scanner
    data = text.encode("utf-8", "surrogatepass")
    stream = scanner.stream(0, 0, False)
    stream.feed(data)
    matches = stream.finish()
    spans: set[tuple[int, int, int, int]] = set()
    if not len(matches.source):
        return []
    public = group._in_public(scanner, matches)
    for at, dataset in enumerate(scanner.datasets):
        if dataset.spec.public:
            continue
        rule = group._Rule.of(dataset.spec)
        events = group._events(scanner, at, matches, rule)
        if not len(events.record):
            continue
        clusters = group._clusters(events, matches, rule, public, dataset.spec)
        good = group._qualify(clusters, rule)
        good &= ~group._outshone(events, clusters, good, rule)
        for event in np.flatnonzero(good[clusters.event]):
            match = int(events.match[event])
            place = (int(matches.start[match]), int(matches.end[match]))
            spans.add((*place, at, int(events.column[event])))
    spans = _longest(spans)
    return [
        ValueSpan(
            scanner.datasets[at].spec.id,
            scanner.datasets[at].spec.indexed[column],
            _characters(data, start),
            _characters(data, end),
        )
        for start, end, at, column in sorted(spans)
    ]


def _longest(spans: set[tuple[int, int, int, int]]) -> set[tuple[int, int, int, int]]:
    """Without those that another one of the same column covers."""
    kept = set()
    reach: dict[tuple[int, int], int] = {}
    for start, end, at, column in sorted(spans, key=lambda one: (one[0], -one[1])):
        if end > reach.get((at, column), -1):
            kept.add((start, end, at, column))
            reach[at, column] = end
    return kept


def _characters(data: bytes, offset: int) -> int:
    return len(data[:offset].decode("utf-8", "surrogatepass"))
