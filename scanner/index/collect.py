"""Collects the keys of a table's cells, batch by batch."""

from __future__ import annotations

import ctypes
import itertools
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from scanner.index.anchors import Anchors, AnchorSet, length_bit
from scanner.index.kernel import Kernel, kernel, pointer
from scanner.index.pairs import Held, Pairs
from scanner.index.table import Shape, Table, make_table
from scanner.index.types import I64, U32, U64, ColumnBatch, ColumnCounts
from scanner.model.errors import TableError
from scanner.model.rule import DatasetSpec, FieldKind
from scanner.text.canon import (
    PLACEHOLDER_MAILS,
    PLACEHOLDER_NUMBERS,
    PLACEHOLDERS,
    AnchorKind,
    Key,
    Skip,
    keys_of,
)
from scanner.text.keys import Keys, siphash, word_hash

MOST_CELLS = 1 << 32
Column = Sequence[str] | tuple[bytes, I64]


@dataclass(slots=True)
class Collected:
    """Keys and cells of a table, or of some of its rows: `records` is above every record."""

    spec: DatasetSpec
    records: int
    cells: int
    pairs: Pairs = field(repr=False)
    anchors: Anchors = field(repr=False)
    counts: list[tuple[int, int, int, int]]  # of each column: kept, empty, placeholder, short
    values: int = 0
    common: list[int] = field(default_factory=list)

    def table(self, tag_bits: int) -> Table:
        """The table of the segment; the keys are dropped on the way."""
        width = len(self.spec.indexed)
        return make_table(self.pairs, Shape(self.records * width, tag_bits, width))

    def columns(self) -> tuple[ColumnCounts, ...]:
        """The counts of each column."""
        common = self.common or [0] * len(self.counts)
        return tuple(
            ColumnCounts(column.name, *counts, shared)
            for column, counts, shared in zip(self.spec.indexed, self.counts, common, strict=True)
        )


class Collector:
    """Takes batches of rows from record `first` on; `finish` gives what they held."""

    def __init__(self, spec: DatasetSpec, keys: Keys, first: int = 0) -> None:
        self._spec = spec
        self._width = len(spec.indexed)
        loaded = kernel()
        kinds = [column.kind for column in spec.indexed]
        self._sink = _Native(loaded, kinds, keys) if loaded else _Python(kinds, keys)
        self.records = first

    @property
    def pairs(self) -> int:
        """How many keys it holds."""
        return self._sink.pairs

    def add(self, batch: object) -> None:
        """Take a batch of rows."""
        if isinstance(batch, ColumnBatch):
            columns, rows = list(batch.columns), batch.rows
            if len(columns) != self._width:
                raise TableError(
                    f"a batch of the table of {self._spec.id} has {len(columns)} columns instead "
                    f"of {self._width}"
                )
        else:
            columns, rows = self._columns(batch)  # type: ignore[arg-type]
        if (self.records + rows) * self._width >= MOST_CELLS:
            raise TableError(
                f"the table of {self._spec.id} has too many cells for one dataset (more than "
                f"{MOST_CELLS - 1}): register it in parts"
            )
        if any(_length(column) != rows for column in columns):
            raise _uneven()
        self._sink.add(columns, self.records, rows)
        self.records += rows

    def _columns(self, batch: Sequence[Sequence[str]]) -> tuple[list[Column], int]:
        """The columns of a batch of rows, short rows filled up."""
        widest = max(map(len, batch), default=0)
        if widest > self._width:
            row = next(at for at, row in enumerate(batch) if len(row) > self._width)
            raise TableError(
                f"row {self.records + row + 1} of the table of {self._spec.id} has "
                f"{len(batch[row])} cells for {self._width} columns"
            )
        columns: list[Column] = list(itertools.zip_longest(*batch, fillvalue=""))
        rows = len(batch)
        return columns + [("",) * rows] * (self._width - len(columns)), rows

    def finish(self) -> Collected:
        """What all batches held."""
        return self._sink.finish(self._spec, self.records)


class _Python:
    """Cells one by one, in plain Python."""

    def __init__(self, kinds: list[FieldKind], keys: Keys) -> None:
        self._kinds, self._keys = kinds, keys
        self._anchors = AnchorSet()
        self._hashes: list[int] = []
        self._numbers: list[int] = []
        self._counts = [[0, 0, 0, 0] for _ in kinds]

    @property
    def pairs(self) -> int:
        """How many keys there are."""
        return len(self._hashes)

    def add(self, columns: Sequence[Column], first: int, rows: int) -> None:
        """Take the cells of a batch whose first row is record `first`."""
        for at, column in enumerate(columns):
            self._column(at, column, first)

    def _column(self, at: int, column: Column, first: int) -> None:
        for row, cell in enumerate(_texts(column)):
            told = keys_of(cell, self._kinds[at], self._keys) if cell else Skip.EMPTY
            if isinstance(told, Skip):
                self._counts[at][told + 1] += 1
                continue
            self._counts[at][0] += 1
            for key in told:
                self._hashes.append(key.hash)
                self._numbers.append((first + row) * len(self._kinds) + at)
                self._anchor(key)

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

    def finish(self, spec: DatasetSpec, records: int) -> Collected:
        """What all cells gave."""
        return Collected(
            spec,
            records,
            sum(counts[0] for counts in self._counts),
            Held(
                siphash(np.array(self._hashes, np.uint64), self._keys.sip),
                np.array(self._numbers, np.uint32),
            ),
            self._anchors.freeze(),
            [(a, b, c, d) for a, b, c, d in self._counts],
        )


def without_first(column: Column, rows: int) -> Column:
    """A column without the cells of its first rows."""
    if (buffers := _buffers(column)) is not None:
        return buffers[0], buffers[1][rows:]
    return column[rows:]  # type: ignore[return-value]


def _buffers(column: Column) -> tuple[bytes, I64] | None:
    """The bytes and offsets of a column that is not a sequence of texts."""
    if isinstance(column, tuple) and column and isinstance(column[0], bytes):
        return column
    return None


def _length(column: Column) -> int:
    """How many cells a column has; an offset more than cells where there is one for each."""
    if (buffers := _buffers(column)) is None:
        return len(column)
    return len(buffers[1]) - (buffers[1].ndim == 1)


def _texts(column: Column) -> Sequence[str]:
    if (buffers := _buffers(column)) is None:
        return column  # type: ignore[return-value]
    data, offsets = buffers
    bounds = offsets.tolist()
    spans = bounds if offsets.ndim == 2 else itertools.pairwise(bounds)
    return [data[a:b].decode("utf-8", "replace") for a, b in spans]


def _uneven() -> TableError:
    return TableError("a batch of the table has columns of different lengths")


_KINDS = {
    FieldKind.COMPANY: 0,
    FieldKind.PERSON: 1,
    FieldKind.PHONE: 2,
    FieldKind.EMAIL: 3,
    FieldKind.NATIONAL_ID: 4,
    FieldKind.ACCOUNT: 5,
}
_OTHER = 6
_FIRSTS, _LENGTHS = 0x110000 // 8, 257


class _Native:
    """Cells through the native kernel, a column of a batch at a time."""

    def __init__(self, loaded: Kernel, kinds: list[FieldKind], keys: Keys) -> None:
        self._kernel = loaded
        self._kinds = np.array([_KINDS.get(kind, _OTHER) for kind in kinds], np.uint32)
        secrets = np.array([*keys.multipliers, *keys.sip], np.uint64)
        words = [word_hash(text.encode(), keys) for text in (*PLACEHOLDERS, *PLACEHOLDER_MAILS)]
        skipped = np.array(words, np.uint64)
        sizes = _sizes(PLACEHOLDERS)
        numbers = np.array([int(text) for text in PLACEHOLDER_NUMBERS], np.uint64)
        self._handle = loaded.call(
            "builder",
            pointer(secrets),
            pointer(skipped),
            len(skipped),
            pointer(sizes),
            pointer(numbers),
            len(numbers),
        )
        if not self._handle:
            raise MemoryError("no memory to build an index")
        weakref.finalize(self, loaded.call, "builder_close", self._handle)

    def add(self, columns: Sequence[Column], first: int, rows: int) -> None:
        """Take the cells of a batch whose first row is record `first`, in one call."""
        held = [_laid_out(column, rows) for column in columns]
        told = np.array([_addresses(data, offsets) for data, offsets in held], np.uint64)
        done = self._kernel.call(
            "cells", self._handle, pointer(self._kinds), pointer(told), len(held), first, rows
        )
        if done < 0:
            raise MemoryError("no memory for the keys of the table")
        if done != len(held):
            raise _uneven()

    def release(self) -> None:
        """Give back the memory of the keys; nothing may look at them any more."""
        self._kernel.call("builder_release", self._handle)

    def _told(self) -> U64:
        """How many keys, pairs of words and single words there are, and where the keys lie."""
        told = np.zeros(5, np.uint64)
        self._kernel.call("builder_told", self._handle, pointer(told))
        return told

    @property
    def pairs(self) -> int:
        """How many keys there are."""
        return int(self._told()[0])

    def finish(self, spec: DatasetSpec, records: int) -> Collected:
        """What all cells gave."""
        call, handle = self._kernel.call, self._handle
        told = self._told()
        counts = np.zeros((64, 4), np.uint64)
        call("builder_counts", handle, pointer(counts))
        size = int(told[0])
        columns = [
            (int(kept), int(empty), int(placeholder), int(short))
            for empty, placeholder, short, kept in counts[: len(self._kinds)]
        ]
        return Collected(
            spec,
            records,
            sum(counts[0] for counts in columns),
            Held(
                np.frombuffer(_memory(int(told[3]), size * 8), np.uint64),
                np.frombuffer(_memory(int(told[4]), size * 4), np.uint32),
                self.release,  # which keeps the memory as long as it is held
            ),
            self._anchors(int(told[1]), int(told[2])),
            columns,
        )

    def _anchors(self, pairs: int, singles: int) -> Anchors:
        found, masks = np.zeros(pairs, np.uint64), np.zeros(pairs, np.uint32)
        single = np.zeros(singles, np.uint64)
        firsts, lengths = np.zeros(_FIRSTS, np.uint8), np.zeros(_LENGTHS, np.uint8)
        numbers, codes = np.zeros(10_000, np.uint32), np.zeros(1296, np.uint64)
        arrays = (found, masks, single, firsts, lengths, numbers, codes)
        self._kernel.call("builder_anchors", self._handle, *(pointer(a) for a in arrays))
        order = np.argsort(found)
        points = np.flatnonzero(np.unpackbits(firsts, bitorder="little")).astype(np.uint32)
        return Anchors(
            found[order],
            masks[order],
            np.sort(single),
            points,
            np.flatnonzero(lengths).astype(np.uint32),
            _number_anchors(numbers),
            _code_anchors(codes),
        )


def _sizes(texts: Sequence[str]) -> U32:
    """By the first byte, how long the texts are without spaces, in bytes: bit n for n of them."""
    told = np.zeros(256, np.uint32)
    for text in texts:
        data = text.replace(" ", "").encode()
        told[data[0]] |= np.uint32(1 << len(data))
    return told


def _number_anchors(table: U32) -> U32:
    bits = (table[:, None] >> np.arange(21, dtype=np.uint32)) & np.uint32(1)
    four, length = np.nonzero(bits)
    length = np.where(length == 20, 18 | 32, length)
    return np.sort((length << 16 | four).astype(np.uint32))


def _code_anchors(table: U64) -> U32:
    letters = np.frombuffer(b"0123456789abcdefghijklmnopqrstuvwxyz", np.uint8).astype(np.int64)
    bits = (table[:, None] >> np.arange(35, dtype=np.uint64)) & np.uint64(1)
    two, length = np.nonzero(bits)
    told = length << 16 | letters[two // 36] << 8 | letters[two % 36]
    return np.sort(told.astype(np.uint32))


def _memory(address: int, size: int) -> memoryview:
    """Memory of the kernel."""
    if not size:
        return memoryview(b"")
    return memoryview((ctypes.c_uint8 * size).from_address(address)).cast("B")


def _laid_out(column: Column, rows: int) -> tuple[bytes, I64 | None]:
    """The bytes of a column and where its cells stand; None where a 0 byte ends each."""
    if (buffers := _buffers(column)) is None:
        return _joined(column, rows), None  # type: ignore[arg-type]
    return buffers[0], np.ascontiguousarray(buffers[1], np.int64)


def _addresses(data: bytes, offsets: I64 | None) -> tuple[int, int, int, int]:
    """A column as the kernel takes it; of the offsets, one a cell or its two."""
    place = pointer(np.frombuffer(data, np.uint8)) if data else 0
    at, step = (0, 1) if offsets is None else (pointer(offsets), offsets.ndim)
    return place, len(data), at, step


def _joined(column: Sequence[str], rows: int) -> bytes:
    """The cells of a column, each ended by a 0 byte."""
    text = "\0".join(column) + "\0"
    if text.count("\0") != rows:
        text = "\0".join(cell.replace("\0", " ") for cell in column) + "\0"
    return text.encode("utf-8", "surrogatepass")
