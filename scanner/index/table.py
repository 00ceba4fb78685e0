"""The sections of a segment made of (SipHash, cell) pairs; the layout is told in segment.py.

Large tables are made range by range of the hashes, twice: once to count values, then to fill the
sections. Both ways give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanner.index.kernel import Kernel, kernel, pointer
from scanner.index.pairs import Pairs, ranges_of
from scanner.index.types import COMMON, U32, U64

WIDEST_ENTRY = 57
LEAST_KEPT = 44  # bits of a hash that are kept at least: the Bloom filter is made of them
BLOOM_BITS = 8  # for each value
BUCKET = 24  # values in a bucket at most, on average
SPARE = 8  # bytes behind the entries, so that eight can be loaded at each

Piece = tuple[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a table is told.

    Cell numbers are below `space`, a record has `width` of them, a value keeps `tag_bits` if there
    is room; `known` upper bits of the hashes are real, the others zero (where segments are merged).
    """

    space: int
    tag_bits: int
    width: int = 1
    known: int = 64


@dataclass(slots=True)
class Table:
    """The sections of a segment, made piece by piece by `pieces`, and the numbers that tell them.

    `pairs` are those left when doubles are gone; `common`, known when all pieces were made, counts
    for each column the cells whose value stands in more than COMMON cells.
    """

    pairs: int
    values: int
    listed: int
    bucket_bits: int
    tag_bits: int
    payload_bits: int
    common: list[int]
    pieces: Callable[[], Iterator[Piece]] = field(repr=False)

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes of each section."""
        bits = self.values * (self.tag_bits + 1 + self.payload_bits)
        return {
            "bloom": bloom_words(self.values) * 8,
            "offsets": ((1 << self.bucket_bits) + 1) * 4,
            "entries": -(-bits // 8) + SPARE,
            "postings": self.listed * 4,
        }


def bloom_words(values: int) -> int:
    """Words of the Bloom filter of so many values."""
    return max(1, values * BLOOM_BITS // 64)


def plan(values: int, listed: int, shape: Shape) -> tuple[int, int, int]:
    """Bits of bucket, tag and payload for so many values and numbers in posting lists."""
    bucket_bits = max(0, (max(values, 1) // BUCKET).bit_length())
    payload_bits = max(1, max(shape.space, listed, 1).bit_length())
    tag_bits = max(shape.tag_bits, LEAST_KEPT - bucket_bits)
    tag_bits = min(tag_bits, WIDEST_ENTRY - 1 - payload_bits, shape.known - bucket_bits)
    return bucket_bits, tag_bits, payload_bits


def make_table(pairs: Pairs, shape: Shape) -> Table:
    """The table of pairs; they are released when they are not needed any more."""
    loaded = kernel()
    if loaded is None:
        return _plain(pairs, shape)
    return _Native(loaded, pairs, shape).table()


class _Sorted:
    """The pairs of a range, sorted and without doubles, in memory of the kernel."""

    def __init__(self, loaded: Kernel, hashes: U64, numbers: U32) -> None:
        self._kernel = loaded
        hashes = np.ascontiguousarray(hashes, np.uint64)
        numbers = np.ascontiguousarray(numbers, np.uint32)
        self.handle: int | None = loaded.call(
            "sort", pointer(hashes), pointer(numbers), len(hashes)
        )
        if not self.handle:
            raise MemoryError("no memory to sort the keys of the table")
        told = np.zeros(3, np.uint64)
        loaded.call("sorted_told", self.handle, pointer(told))
        self.pairs, self.values, self.listed = (int(number) for number in told)

    def close(self) -> None:
        """Give back the memory."""
        if self.handle:
            self._kernel.call("sorted_close", self.handle)
            self.handle = None

    def __del__(self) -> None:
        self.close()


class _Native:
    """Makes a table with the kernel."""

    def __init__(self, loaded: Kernel, pairs: Pairs, shape: Shape) -> None:
        self._kernel, self._pairs, self._shape = loaded, pairs, shape
        self._ranges = ranges_of([pairs])
        self._only: _Sorted | None = None  # the one range, kept between counting and filling
        self._counts: list[tuple[int, int, int]] = []  # of each range: pairs, values, listed

    def table(self) -> Table:
        """Count; the table then fills its sections when it is asked for them."""
        for at in range(self._ranges):
            part = self._range(at)
            self._counts.append((part.pairs, part.values, part.listed))
            if self._ranges == 1:
                self._only = part
                self._pairs.release()
            else:
                part.close()
        pairs, values, listed = (sum(column) for column in zip(*self._counts, strict=True))
        bits = plan(values, listed, self._shape)
        self._table = Table(
            pairs, values, listed, *bits, [0] * self._shape.width, pieces=self._pieces
        )
        return self._table

    def _range(self, at: int) -> _Sorted:
        return _Sorted(self._kernel, *self._pairs.part(at, self._ranges))

    def _pieces(self) -> Iterator[Piece]:
        table, shape = self._table, self._shape
        size = table.tag_bits + 1 + table.payload_bits
        words, buckets = bloom_words(table.values), 1 << table.bucket_bits
        common = np.zeros(shape.width, np.uint64)
        at = np.zeros(3, np.uint64)  # next value, posting, bucket
        begin = np.zeros(4, np.uint64)  # where the arrays of this range begin
        bloom: U64 = np.zeros(1, np.uint64)
        entries: NDArray[np.uint8] = np.zeros(0, np.uint8)
        for number, (_, values, listed) in enumerate(self._counts):
            last = number + 1 == self._ranges
            value, posting, bucket = (int(place) for place in at)
            next_word = words if last else ((number + 1) << 32) // self._ranges * words >> 32
            next_byte = (value + values) * size >> 3
            next_bucket = -(-(number + 1 << table.bucket_bits) // self._ranges)
            begin[:] = (int(begin[0]), bucket, int(begin[2]), posting)
            bloom = _grown(bloom, next_word - int(begin[0]) + 1)
            entries = _grown(entries, next_byte - int(begin[2]) + SPARE + 1)
            offsets = np.zeros(max(0, next_bucket + 1 - bucket), np.uint32)
            postings = np.zeros(listed, np.uint32)
            part = self._only or self._range(number)
            self._only = None
            self._kernel.call(
                "fill",
                part.handle,
                table.bucket_bits,
                table.tag_bits,
                table.payload_bits,
                words,
                *(pointer(a) for a in (begin, at, bloom, offsets, entries, postings)),
                shape.width,
                COMMON,
                pointer(common),
            )
            part.close()
            if last:
                next_byte = table.sizes["entries"]
            new_words, new_bytes = next_word - int(begin[0]), next_byte - int(begin[2])
            yield "offsets", offsets[: int(at[2]) - bucket]
            yield "bloom", bloom[:new_words]
            yield "entries", entries[:new_bytes]
            yield "postings", postings
            bloom, entries = bloom[new_words:], entries[new_bytes:]
            begin[0], begin[2] = next_word, next_byte
        yield "offsets", np.full(buckets + 1 - int(at[2]), table.values, np.uint32)
        self._pairs.release()
        table.common[:] = [int(count) for count in common]


def _grown(carried: NDArray[Any], size: int) -> NDArray[Any]:
    """An array of zeros that begins with what an earlier range left for it."""
    told = np.zeros(max(size, len(carried)), carried.dtype)
    told[: len(carried)] = carried
    return told


def _plain(pairs: Pairs, shape: Shape) -> Table:
    """The same in plain Python, all ranges at once."""
    hashes, cells = pairs.part(0, 1)
    order = np.lexsort((cells, hashes))
    hashes, cells = hashes[order], cells[order]
    if len(hashes):
        fresh = np.ones(len(hashes), bool)
        fresh[1:] = (hashes[1:] != hashes[:-1]) | (cells[1:] != cells[:-1])
        hashes, cells = hashes[fresh], cells[fresh]
    values, starts, counts = np.unique(hashes, return_index=True, return_counts=True)
    several = counts > 1
    places = np.concatenate(([0], np.cumsum(np.where(several, counts + 1, 0))))
    postings = np.zeros(int(places[-1]), np.uint32)
    postings[places[:-1][several]] = counts[several]
    inside = np.repeat(several, counts)
    offset = np.arange(len(cells)) - np.repeat(starts, counts)
    postings[(np.repeat(places[:-1], counts) + 1 + offset)[inside]] = cells[inside]
    width = shape.width
    shared = np.bincount(cells[np.repeat(counts, counts) > COMMON] % width, minlength=width)
    bucket_bits, tag_bits, payload_bits = planned = plan(len(values), len(postings), shape)
    payload = np.where(several, places[:-1], cells[starts]).astype(np.uint64)
    buckets = values >> np.uint64(64 - bucket_bits) if bucket_bits else values * np.uint64(0)
    entry = (values << np.uint64(bucket_bits)) >> np.uint64(64 - tag_bits)
    entry |= several.astype(np.uint64) << np.uint64(tag_bits)
    entry |= payload << np.uint64(tag_bits + 1)
    offsets = np.zeros((1 << bucket_bits) + 1, np.uint32)
    offsets[1:] = np.cumsum(np.bincount(buckets.astype(np.int64), minlength=1 << bucket_bits))
    packed = pack(entry, tag_bits + 1 + payload_bits)
    made: list[Piece] = [("bloom", _bloom(values)), ("offsets", offsets)]
    made += [("entries", packed), ("postings", postings)]
    common = [int(count) for count in shared]
    pairs.release()
    return Table(len(cells), len(values), len(postings), *planned, common, lambda: iter(made))


def _bloom(values: U64) -> U64:
    bloom = np.zeros(bloom_words(len(values)), np.uint64)
    if not len(values):
        return bloom
    index = ((values >> np.uint64(32)) * np.uint64(len(bloom)) >> np.uint64(32)).astype(np.int64)
    bits = np.zeros(len(values), np.uint64)
    for shift in (20, 26, 32, 38):
        bits |= np.uint64(1) << (values >> np.uint64(shift) & np.uint64(63))
    starts = np.flatnonzero(np.concatenate(([True], index[1:] != index[:-1])))
    bloom[index[starts]] = np.bitwise_or.reduceat(bits, starts)
    return bloom


def pack(entry: U64, width: int) -> NDArray[np.uint8]:
    """Entries of `width` bits one after another, with eight spare bytes at the end."""
    words = np.zeros(len(entry) * width // 64 + 3, np.uint64)
    if len(entry):
        bit = np.arange(len(entry), dtype=np.uint64) * np.uint64(width)
        word, shift = (bit >> np.uint64(6)).astype(np.int64), bit & np.uint64(63)
        starts = np.flatnonzero(np.concatenate(([True], word[1:] != word[:-1])))
        words[word[starts]] = np.bitwise_or.reduceat(entry << shift, starts)
        over = shift + np.uint64(width) > 64
        words[word[over] + 1] |= entry[over] >> (np.uint64(64) - shift[over])
    return words.view(np.uint8)[: -(-len(entry) * width // 8) + SPARE]


def unpack(raw: NDArray[np.uint8], first: int, count: int, width: int) -> U64:
    """`count` of the entries that `pack` packed, from one of them on."""
    if not count:
        return np.empty(0, np.uint64)
    loads = np.lib.stride_tricks.as_strided(
        raw[:8].view("<u8"), shape=(len(raw) - 7,), strides=(1,), writeable=False
    )
    bit = np.arange(first, first + count, dtype=np.uint64) * np.uint64(width)
    word: U64 = loads[(bit >> np.uint64(3)).astype(np.int64)]
    return word >> (bit & np.uint64(7)) & np.uint64((1 << width) - 1)
