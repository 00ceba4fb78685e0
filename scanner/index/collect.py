"""Collects the keys of a table's cells, batch by batch."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np

from scanner.index.anchors import Anchors, AnchorSet, length_bit
from scanner.index.segment import Table, make_table
from scanner.index.types import COMMON, U64, ColumnBatch, ColumnCounts
from scanner.model.errors import TableError
from scanner.model.rule import DatasetSpec
from scanner.text.canon import AnchorKind, Key, Skip, keys_of
from scanner.text.keys import Keys, siphash


@dataclass(slots=True)
class Collected:
    """Keys and cells of a whole table."""

    spec: DatasetSpec
    records: int
    cells: int
    hashes: U64 = field(repr=False)
    numbers: U64 = field(repr=False)
    anchors: Anchors = field(repr=False)
    kept: list[int]
    skipped: list[list[int]]
    values: int = 0
    common: list[int] = field(default_factory=list)

    def table(self, tag_bits: int) -> Table:
        """The table of the segment; counts values and common cells on the way."""
        width = len(self.spec.indexed)
        made = make_table(self.hashes, self.numbers, self.records * width, tag_bits)
        self.values = made.values
        self.common = _common(made, width)
        return made

    def columns(self) -> tuple[ColumnCounts, ...]:
        """The counts of each column."""
        common = self.common or [0] * len(self.kept)
        return tuple(
            ColumnCounts(column.name, kept, empty, placeholder, short, shared)
            for column, kept, (empty, placeholder, short), shared in zip(
                self.spec.indexed, self.kept, self.skipped, common, strict=True
            )
        )


def _common(table: Table, width: int) -> list[int]:
    counts = [0] * width
    at = 0
    while at < len(table.postings):
        size = int(table.postings[at])
        if size > COMMON:
            found = np.bincount(table.postings[at + 1 : at + 1 + size] % width, minlength=width)
            counts = [a + int(b) for a, b in zip(counts, found, strict=True)]
        at += size + 1
    return counts


class Collector:
    """Takes batches; `finish` gives what they held."""

    def __init__(self, spec: DatasetSpec, keys: Keys) -> None:
        self._spec, self._keys = spec, keys
        self._kinds = [column.kind for column in spec.indexed]
        self._anchors = AnchorSet()
        self._hashes: list[int] = []
        self._numbers: list[int] = []
        self._kept = [0] * len(self._kinds)
        self._skipped = [[0, 0, 0] for _ in self._kinds]
        self.records = 0

    def add(self, batch: object) -> None:
        """Take a batch of rows."""
        rows = _rows(batch) if isinstance(batch, ColumnBatch) else batch
        for row in rows:  # type: ignore[attr-defined]
            self._row(row)

    def _row(self, row: list[str]) -> None:
        width = len(self._kinds)
        if len(row) > width:
            raise TableError(
                f"row {self.records + 1} of the table of {self._spec.id} has {len(row)} cells for "
                f"{width} columns"
            )
        for at in range(width):
            cell = row[at] if at < len(row) else ""
            told = keys_of(cell, self._kinds[at], self._keys) if cell else Skip.EMPTY
            if isinstance(told, Skip):
                self._skipped[at][told] += 1
                continue
            self._kept[at] += 1
            for key in told:
                self._hashes.append(key.hash)
                self._numbers.append(self.records * width + at)
                self._anchor(key)
        self.records += 1

    def _anchor(self, key: Key) -> None:
        into = self._anchors
        if key.anchor is AnchorKind.PAIR:
            pair = key.anchor_value >> 24
            into.pairs[pair] = into.pairs.get(pair, 0) | length_bit(key.length)
            into.lengths.add(key.length)
            if key.first:
                into.firsts.add(key.first)
        elif key.anchor is AnchorKind.SINGLE:
            into.singles.add(key.anchor_value >> 24)
            into.lengths.add(1)
        elif key.anchor is AnchorKind.NUMBER and key.anchor_value:
            into.numbers.add(key.anchor_value)
        elif key.anchor is AnchorKind.CODE:
            into.codes.add(key.anchor_value)

    def finish(self) -> Collected:
        """What all batches held."""
        hashes = siphash(np.array(self._hashes, np.uint64), self._keys.sip)
        return Collected(
            self._spec,
            self.records,
            sum(self._kept),
            hashes,
            np.array(self._numbers, np.uint64),
            self._anchors.freeze(),
            self._kept,
            self._skipped,
        )


def _rows(batch: ColumnBatch) -> list[tuple[str, ...]]:
    columns = []
    for column in batch.columns:
        if isinstance(column, tuple):
            data, offsets = column
            bounds = [int(at) for at in offsets]
            column = [data[a:b].decode("utf-8", "replace") for a, b in itertools.pairwise(bounds)]
        columns.append(column)
    return list(zip(*columns, strict=True))
