"""From matches to events: one record's value standing at one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scanner.index.types import COMMON, I64, Bools, Matches

if TYPE_CHECKING:
    from scanner.index.scan import Scanner

REACH = 64  # events on each side of a common value that it may support


@dataclass(slots=True)
class Events:
    """Record, column, match, how many cells hold the value, and whether it is a common one."""

    record: I64
    column: I64
    match: I64
    holders: I64
    weak: Bools

    def pick(self, which: Bools | I64) -> Events:
        """Some of the events."""
        return Events(*(getattr(self, name)[which] for name in self.__slots__))

    def joined(self, other: Events) -> Events:
        """These events and others, each (record, column, match) once."""
        both = Events(
            *(np.concatenate((getattr(self, n), getattr(other, n))) for n in self.__slots__)
        )
        order = np.lexsort((both.match, both.column, both.record))
        both.reorder(order)
        fresh = np.ones(len(order), bool)
        fresh[1:] = (
            (both.record[1:] != both.record[:-1])
            | (both.column[1:] != both.column[:-1])
            | (both.match[1:] != both.match[:-1])
        )
        return both.pick(fresh)

    def reorder(self, order: I64) -> None:
        """Bring the events into another order."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name)[order])


def _empty() -> Events:
    none = np.empty(0, np.int64)
    return Events(none, none, none, none, np.empty(0, bool))


def expand(scanner: Scanner, dataset: int, matches: Matches) -> tuple[Events, I64]:
    """The events of a dataset whose values are rare, and the matches of its common values."""
    width = len(scanner.datasets[dataset].spec.indexed)
    told, weak = [_empty()], [np.empty(0, np.int64)]
    for source, owner in enumerate(scanner.owners):
        if owner != dataset:
            continue
        postings, base = scanner.segments[source].postings, scanner.bases[source]
        ours = np.flatnonzero(matches.source == source)
        several = matches.several[ours]
        one = ours[~several]
        cells = matches.payload[one].astype(np.int64)
        told.append(_of(cells, one, np.ones(len(one), np.int64), base, width))
        many = ours[several]
        heads = matches.payload[many].astype(np.int64)
        counts = postings[heads].astype(np.int64)
        weak.append(many[counts > COMMON])
        many, heads, counts = (a[counts <= COMMON] for a in (many, heads, counts))
        inside = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        cells = postings[np.repeat(heads + 1, counts) + inside].astype(np.int64)
        told.append(_of(cells, np.repeat(many, counts), np.repeat(counts, counts), base, width))
    events = told[0]
    for more in told[1:]:
        events = Events(
            *(np.concatenate((getattr(events, n), getattr(more, n))) for n in Events.__slots__)
        )
    return events, np.concatenate(weak)


def _of(cells: I64, match: I64, holders: I64, base: int, width: int) -> Events:
    return Events(cells // width + base, cells % width, match, holders, np.zeros(len(cells), bool))


def support(scanner: Scanner, matches: Matches, events: Events, weak: I64, radius: int) -> Events:
    """Events of common values that stand near rare values of the same record."""
    if not len(weak) or not len(events.record):
        return _empty()
    from scanner.index.group import near

    order = np.lexsort((events.record, matches.first[events.match]))
    events = events.pick(order)
    places = matches.first[events.match]
    lines = matches.line[events.match]
    low = np.minimum(
        np.searchsorted(places, matches.first[weak] - radius - REACH),
        np.searchsorted(lines, matches.line[weak]),
    )
    high = np.maximum(
        np.searchsorted(places, matches.last[weak] + radius + 1, "right"),
        np.searchsorted(lines, matches.line[weak], "right"),
    )
    here = np.searchsorted(places, matches.first[weak])
    low, high = np.maximum(low, here - REACH), np.minimum(high, here + REACH)
    sizes = np.maximum(high - low, 0)
    which = np.repeat(np.arange(len(weak)), sizes)
    inside = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    event = np.repeat(low, sizes) + inside
    value, other = weak[which], events.match[event]
    before = matches.first[value] <= matches.first[other]
    left, right = np.where(before, value, other), np.where(before, other, value)
    close = near(matches, left, right, radius)
    value, record = value[close], events.record[event[close]]
    found, column = _holds(scanner, matches, value, record)
    value, record, column = value[found], record[found], column[found]
    holders = np.full(len(value), COMMON + 1, np.int64)
    return Events(record, column, value, holders, np.ones(len(value), bool))


def _holds(scanner: Scanner, matches: Matches, value: I64, record: I64) -> tuple[Bools, I64]:
    """Whether each record is among the holders of each common value, and in which column."""
    found = np.zeros(len(value), bool)
    column = np.zeros(len(value), np.int64)
    for source in np.unique(matches.source[value]):
        segment, base = scanner.segments[source], scanner.bases[source]
        width = int(segment.numbers["columns"])
        ours = np.flatnonzero(
            (matches.source[value] == source)
            & (record >= base)
            & (record < base + int(segment.numbers["records"]))
        )
        head = matches.payload[value[ours]].astype(np.int64)
        low, high = head + 1, head + 1 + segment.postings[head].astype(np.int64)
        end = high.copy()
        wanted = (record[ours] - base) * width
        while (open_ := low < high).any():
            middle = (low + high) // 2
            less = open_ & (segment.postings[np.minimum(middle, end - 1)] < wanted)
            low, high = np.where(less, middle + 1, low), np.where(open_ & ~less, middle, high)
        inside = low < end
        cell = segment.postings[np.minimum(low, end - 1)].astype(np.int64)
        hit = inside & (cell // width == record[ours] - base)
        found[ours], column[ours] = hit, cell % width
    return found, column
