"""From matches to records: which fields of one record stand close together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scanner.index.events import Events, expand, support
from scanner.index.types import I64, U64, Bools, DatasetMatch, Matches
from scanner.model.content import Segment
from scanner.model.rule import DatasetSpec, FieldKind
from scanner.text.keys import Lane
from scanner.text.mask import mask
from scanner.text.windows import GROUPED, LOOSE

if TYPE_CHECKING:
    from scanner.index.scan import Scanner

LONGEST_LINE = 10  # times the radius: how far apart fields in one line of prose may stand
FEW = 3  # a strong value in more records than this is not enough alone
STRONG_DIGITS, GROUPED_DIGITS = 11, 9  # of a number that is enough alone; of one written in groups
PLACES, SAMPLES = 5, 3
_SUPPORT_ONLY = {FieldKind.PLACE, FieldKind.CATEGORY, FieldKind.DATE, FieldKind.NUMBER}
_ONE_FIELD = {FieldKind.PERSON, FieldKind.ADDRESS}
One = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class _Rule:
    """The rule of a dataset as bit masks over its indexed columns."""

    counts: U64  # bit that each column counts as; 0 where it only supports
    strong: Bools
    mandatory: int
    never: tuple[int, ...]
    minimum: int
    radius: int

    @staticmethod
    def of(spec: DatasetSpec) -> _Rule:
        """The masks of a specification."""
        columns = spec.indexed
        shared: dict[FieldKind, int] = {}
        bits = []
        for at, column in enumerate(columns):
            if column.kind in _SUPPORT_ONLY:
                bits.append(0)
            elif column.kind in _ONE_FIELD:
                bits.append(shared.setdefault(column.kind, 1 << at))
            else:
                bits.append(1 << at)
        names = {column.name: 1 << at for at, column in enumerate(columns)}
        return _Rule(
            np.array(bits, np.uint64),
            np.array([column.strong for column in columns], bool),
            sum(names.get(name, 0) for name in spec.rule.mandatory),
            tuple(sum(names.get(name, 0) for name in group) for group in spec.rule.never),
            spec.rule.minimum_fields,
            spec.rule.radius_tokens,
        )


@dataclass(frozen=True, slots=True)
class _Clusters:
    """Groups of events of one record that stand close together."""

    record: I64
    every: U64  # columns that stand here
    able: U64  # those of them that count towards a record
    counting: U64  # as what they count
    starts: Bools
    strong: Bools
    firm: Bools
    public: Bools
    event: I64 = field(repr=False)  # cluster of each event
    shown: Bools = field(repr=False)  # events that do not stand inside another


@dataclass(frozen=True, slots=True)
class Text:
    """Matches of one text and the pieces they are in, the first of which begins at `offset`."""

    matches: Matches
    pieces: list[Segment] = field(repr=False)
    offset: int = 0


def group(scanner: Scanner, found: list[Text]) -> list[DatasetMatch]:
    """The records of each dataset that the matches make; public directories give none.

    `units` of what it gives is the number of lines or rows with a record.
    """
    if not found:
        return []
    matches = Matches.joined([text.matches for text in found])
    part = np.repeat(np.arange(len(found)), [len(text.matches.source) for text in found])
    public = _in_public(scanner, matches)
    told = []
    for at, dataset in enumerate(scanner.datasets):
        if dataset.spec.public:
            continue
        rule = _Rule.of(dataset.spec)
        events = _events(scanner, at, matches, rule)
        if not len(events.record):
            continue
        clusters = _clusters(events, matches, rule, public, dataset.spec)
        good = _qualify(clusters, rule)
        good &= ~_outshone(events, clusters, good, rule)
        if not good.any():
            continue
        told.append(_result(scanner, at, events, clusters, good, matches, part, found))
    return told


def _in_public(scanner: Scanner, matches: Matches) -> Bools:
    """For each match: whether its value stands in a public directory."""
    owners = np.array(scanner.owners, np.int64)
    directories = np.array([dataset.spec.public for dataset in scanner.datasets], bool)
    from_public = directories[owners[matches.source]]
    return np.asarray(np.isin(matches.key, matches.key[from_public]), bool)


def _events(scanner: Scanner, dataset: int, matches: Matches, rule: _Rule) -> Events:
    events, weak = expand(scanner, dataset, matches)
    starters = rule.counts[events.column] > 0
    supported = support(scanner, matches, events.pick(starters), weak, rule.radius)
    events = events.joined(supported)
    removed = scanner.datasets[dataset].removed
    if len(removed):
        events = events.pick(~np.isin(events.record, removed))
    return events


def near(matches: Matches, left: I64, right: I64, radius: int) -> Bools:
    """Whether two matches, the left one first in the text, stand in one row or close together."""
    apart = matches.first[right] - matches.last[left] - 1
    same = matches.line[left] == matches.line[right]
    in_line = same & (matches.table[left] | (apart <= LONGEST_LINE * radius))
    return np.asarray(in_line | (apart <= radius), bool)


def _clusters(
    events: Events, matches: Matches, rule: _Rule, public: Bools, spec: DatasetSpec
) -> _Clusters:
    order = np.lexsort(
        (
            events.column,
            -matches.end[events.match],
            matches.start[events.match],
            matches.first[events.match],
            events.record,
        )
    )
    events.reorder(order)
    match, record = events.match, events.record
    fresh = np.ones(len(record), bool)
    fresh[1:] = (record[1:] != record[:-1]) | ~near(matches, match[:-1], match[1:], rule.radius)
    cluster = np.cumsum(fresh) - 1
    heads = np.flatnonzero(fresh)
    alone = ~_overlaps(cluster, matches.start[match], matches.end[match])
    shown = alone[_leaders(cluster, matches.start[match], matches.end[match])]
    bit = np.where(shown, np.uint64(1) << events.column.astype(np.uint64), np.uint64(0))
    counting = np.where(alone, rule.counts[events.column], np.uint64(0))
    soft = _soft(matches, match)
    able = counting > 0
    firm = able & ~(soft & (matches.lane[match] == Lane.WORDS))
    strong = rule.strong[events.column] & (events.holders <= FEW) & ~soft & _long(matches, match)
    starts = able & ~events.weak
    return _Clusters(
        record[heads],
        np.bitwise_or.reduceat(bit, heads),
        np.bitwise_or.reduceat(np.where(able, bit, np.uint64(0)), heads),
        np.bitwise_or.reduceat(counting, heads),
        np.logical_or.reduceat(starts, heads),
        np.logical_or.reduceat(strong, heads),
        np.logical_or.reduceat(firm, heads),
        np.logical_and.reduceat(public[match] | ~able, heads),
        cluster,
        shown,
    )


def _leaders(cluster: I64, start: I64, end: I64) -> I64:
    """For each event the first one of its cluster that stands at the same place."""
    other = np.ones(len(start), bool)
    other[1:] = (cluster[1:] != cluster[:-1]) | (start[1:] != start[:-1]) | (end[1:] != end[:-1])
    return np.maximum.accumulate(np.where(other, np.arange(len(start)), 0))


def _overlaps(cluster: I64, start: I64, end: I64) -> Bools:
    """Events whose place is taken, wholly or partly, by an earlier one of their cluster."""
    step = int(end.max(initial=0)) + 1
    reach = np.maximum.accumulate(end + cluster * step)
    over = np.zeros(len(start), bool)
    over[1:] = start[1:] + cluster[1:] * step < reach[:-1]
    return over


def _soft(matches: Matches, match: I64) -> Bools:
    """Values that say little: up to three characters, one word, a number below seven digits."""
    lane, length = matches.lane[match], matches.length[match]
    size = matches.end[match] - matches.start[match]
    words = (lane == Lane.WORDS) & ((length == 1) | (size <= 3) | ((length <= 3) & (size <= 6)))
    return np.asarray(words | ((lane == Lane.NUMBER) & ((length & 31) < 7)), bool)


def _long(matches: Matches, match: I64) -> Bools:
    """Values that are an identifier alone: numbers long enough, and written as one number."""
    lane, length = matches.lane[match], matches.length[match]
    digits = length & 31
    enough = (digits >= STRONG_DIGITS) | ((digits >= GROUPED_DIGITS) & ((length & GROUPED) != 0))
    return np.asarray((lane != Lane.NUMBER) | (enough & ((length & LOOSE) == 0)), bool)


def _count_bits(masks: U64) -> I64:
    """How many bits of each mask are set."""
    octets = np.ascontiguousarray(masks).view(np.uint8).reshape(-1, 8)
    return np.asarray(np.unpackbits(octets, axis=1).sum(axis=1), np.int64)


def _qualify(clusters: _Clusters, rule: _Rule) -> Bools:
    """Which clusters make a record under the rule."""
    fields = _count_bits(clusters.counting)
    needed = np.where(clusters.firm, rule.minimum, max(rule.minimum, 3))
    good = (clusters.starts & (fields >= needed)) | clusters.strong
    mandatory = np.uint64(rule.mandatory)
    good &= (clusters.every & mandatory) == mandatory
    for names in rule.never:
        good &= (clusters.able & ~np.uint64(names)) != 0
    return np.asarray(good, bool)


def _outshone(events: Events, clusters: _Clusters, good: Bools, rule: _Rule) -> Bools:
    """Records put together out of pieces of fuller ones: a name of one row, a firm of the next.

    Such a cluster has no identifier of its own, and every value in it also belongs, at the very
    same place, to a record of which more fields stand there.
    """
    fields = np.where(good, _count_bits(clusters.counting), 0)
    fullest = np.zeros(int(events.match.max()) + 1, np.int64)
    np.maximum.at(fullest, events.match, fields[clusters.event])
    own = (rule.counts[events.column] > 0) & (fullest[events.match] <= fields[clusters.event])
    keeps = np.zeros(len(clusters.record), bool)
    np.logical_or.at(keeps, clusters.event, own)
    return np.asarray(~keeps & ~clusters.strong, bool)


def _result(
    scanner: Scanner,
    dataset: int,
    events: Events,
    clusters: _Clusters,
    good: Bools,
    matches: Matches,
    part: I64,
    found: list[Text],
) -> DatasetMatch:
    records, back = np.unique(clusters.record[good], return_inverse=True)
    columns = np.zeros(len(records), np.uint64)
    np.bitwise_or.at(columns, back, clusters.every[good])
    public = np.ones(len(records), bool)
    np.logical_and.at(public, back, clusters.public[good])
    indexed = scanner.datasets[dataset]
    kept = np.flatnonzero(good[clusters.event] & clusters.shown)
    lines = np.unique(matches.line[events.match[kept]])
    places, sample = _show(indexed.spec, events, clusters, kept, matches, part, found)
    return DatasetMatch(
        indexed.spec,
        indexed.records,
        records.astype(np.uint32),
        columns,
        public,
        len(lines),
        places,
        sample,
    )


def _show(
    spec: DatasetSpec,
    events: Events,
    clusters: _Clusters,
    kept: I64,
    matches: Matches,
    part: I64,
    found: list[Text],
) -> tuple[tuple[str, ...], str]:
    """The first few places, and the values of the first few records, masked."""
    order = kept[np.lexsort((events.column[kept], matches.first[events.match[kept]]))]
    places: list[str] = []
    shown: dict[int, dict[int, str]] = {}
    for event in order[:2000]:
        cluster = int(clusters.event[event])
        if cluster not in shown and len(shown) >= max(PLACES, SAMPLES):
            continue
        match = int(events.match[event])
        start, end = int(matches.start[match]), int(matches.end[match])
        piece, offset, text = _locate(found[int(part[match])], start, end)
        values = shown.setdefault(cluster, {})
        if not values and len(places) < PLACES and (place := piece.place(offset)) not in places:
            places.append(place)
        column = int(events.column[event])
        values.setdefault(column, mask(text, spec.indexed[column].kind))
    lines = [
        " ".join(dict.fromkeys(values[at] for at in sorted(values)))
        for values in list(shown.values())[:SAMPLES]
    ]
    return tuple(places), " | ".join(lines)


def _locate(text: Text, start: int, end: int) -> tuple[Segment, int, str]:
    """The piece in which the bytes from `start` on begin, the offset there, and what they say."""
    start, end = start - text.offset, end - text.offset
    at, found = (text.pieces[0], 0), b""
    for piece in text.pieces:
        data = piece.text.encode("utf-8", "surrogatepass")
        if 0 <= start < len(data):
            at = piece, len(data[:start].decode("utf-8", "replace"))
        if end > 0:
            found += data[max(start, 0) : end]
        start, end = start - len(data), end - len(data)
        if end <= 0:
            break
    return at[0], at[1], found.decode("utf-8", "replace")
