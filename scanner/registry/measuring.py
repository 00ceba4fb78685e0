"""The publicity test run on the index: fingerprints of a list against those of directories."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scanner.index.open import Index, IndexedDataset
from scanner.model.rule import Column, DatasetSpec, FieldKind, Role
from scanner.registry.designation import Entry
from scanner.registry.publicity import Cells, Publicity, measure
from scanner.registry.registry import Registry

JOIN_KINDS = frozenset(
    {
        FieldKind.COMPANY,
        FieldKind.NATIONAL_ID,
        FieldKind.ACCOUNT,
        FieldKind.PHONE,
        FieldKind.EMAIL,
    }
)
"""Kinds of value by which two rows are taken for the same entity."""
COMMON = 16
"""A value that more rows of a directory hold names no single entity."""

U64 = NDArray[np.uint64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_LOW = np.uint64(32)


def measure_publicity(index: Index, entry: Entry, publics: Sequence[Entry]) -> Publicity:
    """The publicity of a dataset against the public directories that are in the index."""
    held = [item for item in publics if item.id in index.datasets]
    indexed = entry.spec.indexed
    if not held:
        return measure(_deep_rows(index.datasets[entry.id]), indexed, entry.records, 0)
    records, columns, prints = index.cells(entry.id)
    bits = min((index.datasets[i.id].prefix_bits for i in (entry, *held)), default=64)
    shift = np.uint64(64 - bits)
    prints = prints >> shift
    loose = np.zeros(len(records), bool)
    strict = np.zeros(len(records), bool)
    joining = np.array([column.kind in JOIN_KINDS for column in indexed], bool)
    for public in held:
        theirs, their_columns, their_prints = index.cells(public.id)
        kinds = [column.kind in JOIN_KINDS for column in public.spec.indexed]
        join = np.array(kinds, bool)[their_columns]
        found = _against(
            (records.astype(np.int64), prints, joining[columns]),
            (theirs.astype(np.int64), their_prints >> shift, join),
        )
        loose |= found[0]
        strict |= found[1]
    present, records = _compact(records)
    editions = [item.as_of.isoformat() for item in held if item.as_of]
    return measure(
        _cells(records, columns, strict, loose, len(indexed)),
        indexed,
        max(present, entry.records),
        sum(item.records for item in held),
        [item.id for item in held],
        min(editions, default=""),
        untested=untested(entry.spec, [item.spec for item in held]),
    )


def _deep_rows(dataset: IndexedDataset) -> Cells:
    """One cell that is not public for each row that holds a deep value, taken range by range.

    Without a directory, no other figure depends on the cells.
    """
    deep = np.array([column.role is Role.DEEP for column in dataset.spec.indexed], bool)
    marked: Bools = np.zeros(dataset.next_record if deep.any() else 0, bool)
    if deep.any():
        of = dataset.ranges()
        for at in range(of):
            records, columns, _ = dataset.table(at, of)
            marked[records[deep[columns]]] = True
    rows = int(marked.sum())
    column = np.full(rows, int(deep.argmax()), np.uint16)
    no = np.zeros(rows, bool)
    return Cells(np.arange(rows, dtype=np.uint32), column, no, no)


def untested(spec: DatasetSpec, publics: Sequence[DatasetSpec]) -> tuple[Column, ...]:
    """Columns that say something of the customer, are not indexed, and stand in no directory."""
    names = {column.name.strip().casefold() for public in publics for column in public.columns}
    return tuple(
        column
        for column in spec.columns
        if not column.indexed
        and column.kind is not FieldKind.EMPTY
        and column.role in (Role.TRANSACTION, Role.DEEP)
        and column.name.strip().casefold() not in names
    )


def remeasure(
    registry: Registry, index: Index, ids: Sequence[str] | None = None, by: str = ""
) -> dict[str, Publicity]:
    """Measure datasets (all where none is named) and write down what changed."""
    publics = registry.publics()
    found: dict[str, Publicity] = {}
    for entry in registry.datasets():
        if (ids is not None and entry.id not in ids) or entry.id not in index.datasets:
            continue
        found[entry.id] = measured = measure_publicity(index, entry, publics)
        if measured != entry.publicity:
            registry.update(entry.id, publicity=measured, by=by)
    return found


Side = tuple[Ints, U64, Bools]
"""Record, fingerprint, and whether the cell's kind joins entities, of every cell."""


def _against(ours: Side, theirs: Side) -> tuple[Bools, Bools]:
    """For each of our cells: its value stands anywhere there; it stands there under its entity."""
    our_record, our_print, our_join = ours
    their_record, their_print, their_join = theirs
    if not len(their_print) or not len(our_print):
        return np.zeros(len(our_print), bool), np.zeros(len(our_print), bool)
    values, their_code = np.unique(their_print, return_inverse=True)
    code = np.searchsorted(values, our_print)
    code[code == len(values)] = 0
    loose: Bools = values[code] == our_print
    pair_ours, pair_theirs = _pairs(
        our_record[loose & our_join],
        code[loose & our_join],
        their_record[their_join],
        their_code[their_join],
    )
    strict = _strict(our_record, code, loose, pair_ours, pair_theirs, their_record, their_code)
    return loose, strict


def _pairs(
    our_record: Ints, our_code: Ints, their_record: Ints, their_code: Ints
) -> tuple[Ints, Ints]:
    """Pairs of records that share the value of a joining cell, sorted by ours, without doubles."""
    order = np.argsort(their_code, kind="stable")
    their_code, their_record = their_code[order], their_record[order]
    low = np.searchsorted(their_code, our_code, "left")
    high = np.searchsorted(their_code, our_code, "right")
    count = high - low
    keep = (count > 0) & (count <= COMMON)
    low, count, our_record = low[keep], count[keep], our_record[keep]
    ours = np.repeat(our_record, count)
    theirs = their_record[_ranges(low, count)]
    both = np.unique(ours.astype(np.uint64) << _LOW | theirs.astype(np.uint64))
    return (both >> _LOW).astype(np.int64), (both & np.uint64(0xFFFFFFFF)).astype(np.int64)


def _strict(
    our_record: Ints,
    code: Ints,
    loose: Bools,
    pair_ours: Ints,
    pair_theirs: Ints,
    their_record: Ints,
    their_code: Ints,
) -> Bools:
    """Which loose cells stand in a record that is paired with theirs."""
    strict = np.zeros(len(our_record), bool)
    cells = np.flatnonzero(loose)
    low = np.searchsorted(pair_ours, our_record[cells], "left")
    count = np.searchsorted(pair_ours, our_record[cells], "right") - low
    where = np.repeat(cells, count)
    partner = pair_theirs[_ranges(low, count)]
    asked = code[where].astype(np.uint64) << _LOW | partner.astype(np.uint64)
    known = their_code.astype(np.uint64) << _LOW | their_record.astype(np.uint64)
    strict[where[np.isin(asked, known)]] = True
    return strict


def _ranges(starts: Ints, counts: Ints) -> Ints:
    """All positions of the ranges that begin at `starts` and are `counts` long."""
    total = int(counts.sum())
    before = np.repeat(np.cumsum(counts) - counts, counts)
    return np.arange(total, dtype=np.int64) - before + np.repeat(starts, counts)


def _compact(records: NDArray[np.uint32]) -> tuple[int, NDArray[np.uint32]]:
    """How many records there are, and their numbers without the gaps that removals left."""
    if not len(records):
        return 0, records
    present = np.zeros(int(records.max()) + 1, bool)
    present[records] = True
    place = np.cumsum(present, dtype=np.uint32) - np.uint32(1)
    return int(present.sum()), place[records]


def _cells(
    records: NDArray[np.uint32], columns: NDArray[np.uint8], strict: Bools, loose: Bools, width: int
) -> Cells:
    """One entry a cell: where a cell has several forms, one of them being public is enough."""
    number = records.astype(np.int64) * max(1, width) + columns
    size = int(number.max()) + 1 if len(number) else 0
    told, any_strict, any_loose = (np.zeros(size, bool) for _ in range(3))
    told[number] = True
    any_strict[number[strict]] = True
    any_loose[number[loose]] = True
    unique = np.flatnonzero(told)
    return Cells(
        (unique // max(1, width)).astype(np.uint32),
        (unique % max(1, width)).astype(np.uint16),
        any_strict[unique],
        any_loose[unique],
    )
