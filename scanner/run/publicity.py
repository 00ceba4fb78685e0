"""How much of a dataset stands in the registered public directories, measured on fingerprints."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scanner.home import Home
from scanner.index.open import Index
from scanner.index.types import COMMON, Bools
from scanner.model.rule import Column, FieldKind
from scanner.registry.designation import Entry
from scanner.registry.publicity import Cells, Publicity, measure
from scanner.registry.registry import Registry

ENTITY = frozenset({FieldKind.COMPANY, FieldKind.PHONE, FieldKind.EMAIL, FieldKind.NATIONAL_ID})
U64 = NDArray[np.uint64]
I64 = NDArray[np.int64]


def measured_now(home: Home, registry: Registry, dataset_id: str) -> Publicity | None:
    """The publicity of a dataset against all directories registered now.

    None for what is no table. Raises KeyMissing or IndexDamaged.
    """
    entry = registry.get(dataset_id)
    if entry is None or entry.form != "table":
        return None
    index = Index.open(home.index, home.key())
    try:
        return _measured(index, entry, registry.publics())
    finally:
        index.close()


def measure_all(home: Home, registry: Registry) -> list[Entry]:
    """Measure every dataset anew and write down what changed; gives the entries as they stand.

    To be called after a dataset or a directory was registered, changed or removed.
    """
    index = Index.open(home.index, home.key())
    publics = registry.publics()
    entries = []
    try:
        for entry in registry.datasets():
            if entry.form != "table" or entry.id not in index.datasets:
                continue
            found = _measured(index, entry, publics)
            if found != entry.publicity and (publics or entry.publicity is not None):
                entry = registry.update(entry.id, publicity=found)
            entries.append(entry)
    finally:
        index.close()
    return entries


def _measured(index: Index, entry: Entry, publics: list[Entry]) -> Publicity:
    records, columns, _ = index.cells(entry.id)
    _, dense = np.unique(records, return_inverse=True)
    strict = np.zeros(len(records), bool)
    loose = np.zeros(len(records), bool)
    present = [one for one in publics if one.id in index.datasets]
    for directory in present:
        found, joined = _against(index, entry, directory.id)
        loose |= found
        strict |= joined
    cells = Cells(dense.astype(np.uint32), columns.astype(np.uint16), strict, loose)
    dates = sorted(one.as_of.isoformat() for one in present if one.as_of)
    return measure(
        cells,
        entry.spec.indexed,
        max(entry.records, int(dense.max()) + 1 if len(dense) else 0),
        sum(one.records for one in present),
        tuple(one.id for one in present),
        dates[0] if dates else "",
        untested_columns(entry.spec.columns, [one.spec.columns for one in present]),
    )


def untested_columns(
    ours: tuple[Column, ...], theirs: list[tuple[Column, ...]]
) -> tuple[Column, ...]:
    """The columns with values that are not fingerprinted and whose kind no directory has."""
    known = {column.kind for columns in theirs for column in columns} | {FieldKind.EMPTY}
    return tuple(column for column in ours if not column.indexed and column.kind not in known)


def _against(index: Index, entry: Entry, directory: str) -> tuple[Bools, Bools]:
    """For each cell: whether its value stands in the directory, and under the same entity."""
    records, columns, prints = index.cells(entry.id)
    their_records, _, their_prints = index.cells(directory)
    bits = min(index.datasets[entry.id].prefix_bits, index.datasets[directory].prefix_bits)
    shift = np.uint64(64 - bits)
    order = np.argsort(their_prints, kind="stable")
    sorted_prints = their_prints[order] >> shift
    ours = prints >> shift
    low = np.searchsorted(sorted_prints, ours, "left")
    count = np.searchsorted(sorted_prints, ours, "right") - low
    loose = count > 0
    rare = np.flatnonzero(loose & (count <= COMMON))
    cell = np.repeat(rare, count[rare])
    place = np.repeat(low[rare], count[rare]) + _counted(count[rare])
    pair = records[cell].astype(np.uint64) << np.uint64(32) | their_records[order[place]]
    naming = np.array([column.kind in ENTITY for column in entry.spec.indexed], bool)
    entities = np.unique(pair[naming[columns[cell]]])
    joined = np.zeros(len(records), bool)
    joined[cell[np.isin(pair, entities)]] = True
    return np.asarray(loose, bool), joined


def _counted(counts: I64) -> I64:
    """0, 1, ... counts[0]-1, 0, 1, ... counts[1]-1, and so on."""
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
