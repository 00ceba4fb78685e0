"""The sections of a segment made of (SipHash, cell) pairs; the layout is told in segment.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scanner.index.kernel import Kernel, kernel, pointer
from scanner.index.types import COMMON, U32, U64

WIDEST_ENTRY = 57
LEAST_KEPT = 44  # bits of a hash that are kept at least: the Bloom filter is made of them
BLOOM_BITS = 8  # for each value
BUCKET = 24  # values in a bucket at most, on average


@dataclass(frozen=True, slots=True)
class Table:
    """The sections of a segment and the numbers that describe them.

    `common` counts for each column the cells whose value stands in more than COMMON cells.
    """

    values: int
    bucket_bits: int
    tag_bits: int
    payload_bits: int
    bloom: U64 = field(repr=False)
    offsets: U32 = field(repr=False)
    entries: NDArray[np.uint8] = field(repr=False)
    postings: U32 = field(repr=False)
    common: list[int] = field(default_factory=list)


def plan(
    values: int, cells: int, postings: int, tag_bits: int, known: int = 64
) -> tuple[int, int, int]:
    """Bits of bucket, tag and payload for so many values, of whose hashes `known` bits are."""
    bucket_bits = max(0, (max(values, 1) // BUCKET).bit_length())
    payload_bits = max(1, max(cells, postings, 1).bit_length())
    tag_bits = max(tag_bits, LEAST_KEPT - bucket_bits)
    tag_bits = min(tag_bits, WIDEST_ENTRY - 1 - payload_bits, known - bucket_bits)
    return bucket_bits, tag_bits, payload_bits


def make_table(
    hashes: U64,
    cells: U32,
    space: int,
    tag_bits: int,
    known: int = 64,
    width: int = 1,
    *,
    taken: Callable[[], None] | None = None,
) -> Table:
    """The table of (SipHash, cell) pairs in any order; `space` is above every cell.

    `known` bits of the hashes are real, the lower ones zero (where segments are merged); a record
    has `width` cells. `taken` is called as soon as the pairs are not needed any more.
    """
    loaded = kernel()
    if loaded is not None:
        return _native(loaded, hashes, cells, space, (tag_bits, known, width), taken)
    return _plain(hashes, cells, space, (tag_bits, known, width))


def _native(
    loaded: Kernel,
    hashes: U64,
    cells: U32,
    space: int,
    bits: tuple[int, int, int],
    taken: Callable[[], None] | None,
) -> Table:
    tag_bits, known, width = bits
    hashes = np.ascontiguousarray(hashes, np.uint64)
    cells = np.ascontiguousarray(cells, np.uint32)
    handle = loaded.call("sort", pointer(hashes), pointer(cells), len(hashes))
    if not handle:
        raise MemoryError("no memory to sort the keys of the table")
    if taken is not None:
        taken()
    try:
        told = np.zeros(3, np.uint64)
        loaded.call("sorted_told", handle, pointer(told))
        values, listed = int(told[1]), int(told[2])
        planned = plan(values, space, listed, tag_bits, known)
        size = planned[1] + 1 + planned[2]
        bloom = np.zeros(max(1, values * BLOOM_BITS // 64), np.uint64)
        offsets = np.zeros((1 << planned[0]) + 1, np.uint32)
        entries = np.zeros(-(-values * size // 8) + 8, np.uint8)
        postings = np.zeros(listed, np.uint32)
        common = np.zeros(width, np.uint64)
        loaded.call(
            "fill",
            handle,
            *planned,
            pointer(bloom),
            len(bloom),
            *(pointer(array) for array in (offsets, entries, postings)),
            width,
            COMMON,
            pointer(common),
        )
    finally:
        loaded.call("sorted_close", handle)
    shared = [int(count) for count in common]
    return Table(values, *planned, bloom, offsets, entries, postings, shared)


def _plain(hashes: U64, cells: U32, space: int, bits: tuple[int, int, int]) -> Table:
    tag_bits, known, width = bits
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
    shared = np.bincount(cells[np.repeat(counts, counts) > COMMON] % width, minlength=width)
    bucket_bits, tag_bits, payload_bits = plan(len(values), space, len(postings), tag_bits, known)
    payload = np.where(several, places[:-1], cells[starts]).astype(np.uint64)
    buckets = values >> np.uint64(64 - bucket_bits) if bucket_bits else values * np.uint64(0)
    entry = (values << np.uint64(bucket_bits)) >> np.uint64(64 - tag_bits)
    entry |= several.astype(np.uint64) << np.uint64(tag_bits)
    entry |= payload << np.uint64(tag_bits + 1)
    offsets = np.zeros((1 << bucket_bits) + 1, np.uint32)
    offsets[1:] = np.cumsum(np.bincount(buckets.astype(np.int64), minlength=1 << bucket_bits))
    packed = pack(entry, tag_bits + 1 + payload_bits)
    planned = (len(values), bucket_bits, tag_bits, payload_bits)
    return Table(*planned, _bloom(values), offsets, packed, postings, [int(n) for n in shared])


def _bloom(values: U64) -> U64:
    bloom = np.zeros(max(1, len(values) * BLOOM_BITS // 64), np.uint64)
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
    return words.view(np.uint8)[: -(-len(entry) * width // 8) + 8]


def unpack(raw: NDArray[np.uint8], count: int, width: int) -> U64:
    """The entries that `pack` packed."""
    if not count:
        return np.empty(0, np.uint64)
    loads = np.lib.stride_tricks.as_strided(
        raw[:8].view("<u8"), shape=(len(raw) - 7,), strides=(1,), writeable=False
    )
    bit = np.arange(count, dtype=np.uint64) * np.uint64(width)
    word: U64 = loads[(bit >> np.uint64(3)).astype(np.int64)]
    return word >> (bit & np.uint64(7)) & np.uint64((1 << width) - 1)
