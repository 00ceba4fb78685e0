"""What recognises that a registered value may begin at a place of a text."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

PAIR_BITS = 40  # kept of the hash of two words
U64 = NDArray[np.uint64]
U32 = NDArray[np.uint32]


def length_bit(length: int) -> int:
    """The bit of a window length (2 to 256 words) in a length mask."""
    return 1 << (length - 2 if length < 32 else 30)


@dataclass(frozen=True, slots=True)
class Anchors:
    """Anchors of one segment, each array sorted and without doubles.

    `pairs` are the upper 40 bits of pair hashes and `masks` the lengths of the values that begin
    so; `singles` the same of values of one word; `firsts` code points; `lengths` of word values;
    `numbers` and `codes` length << 16 | beginning.
    """

    pairs: U64
    masks: U32
    singles: U64
    firsts: U32
    lengths: U32
    numbers: U32
    codes: U32

    @staticmethod
    def none() -> Anchors:
        """No anchors."""
        u64, u32 = np.empty(0, np.uint64), np.empty(0, np.uint32)
        return Anchors(u64, u32, u64, u32, u32, u32, u32)

    @staticmethod
    def union(several: list[Anchors]) -> Anchors:
        """The anchors of all of them."""
        if not several:
            return Anchors.none()
        pairs = np.concatenate([a.pairs for a in several])
        order = np.argsort(pairs, kind="stable")
        masks = np.concatenate([a.masks for a in several])[order]
        pairs, starts = np.unique(pairs[order], return_index=True)
        if len(pairs):
            masks = np.bitwise_or.reduceat(masks, starts)
        names = ("singles", "firsts", "lengths", "numbers", "codes")
        rest = [np.unique(np.concatenate([getattr(a, name) for a in several])) for name in names]
        return Anchors(pairs, masks, *rest)

    def pack(self) -> bytes:
        """The anchors as bytes."""
        kinds, ids = np.unique(self.masks, return_inverse=True)
        counts = [len(a) for a in (self.pairs, kinds, self.singles, self.firsts, self.lengths)]
        parts = [struct.pack("<7Q", *counts, len(self.numbers), len(self.codes))]
        parts += [_pack_hashes(self.pairs), kinds.astype("<u4").tobytes()]
        parts += [ids.astype(_id_type(len(kinds))).tobytes(), _pack_hashes(self.singles)]
        for array in (self.firsts, self.lengths, self.numbers, self.codes):
            parts.append(array.astype("<u4").tobytes())
        return b"".join(parts)

    @staticmethod
    def unpack(data: bytes) -> Anchors:
        """The anchors that `pack` gave; ValueError where the lengths do not fit."""
        pairs, kinds, singles, *rest = struct.unpack_from("<7Q", data)
        reader = _Reader(data, 56)
        hashes = _unpack_hashes(reader, pairs)
        masks = reader.take("<u4", kinds)
        masks = masks[reader.take(_id_type(kinds), pairs).astype(np.int64)].astype(np.uint32)
        single = _unpack_hashes(reader, singles)
        return Anchors(
            hashes, masks, single, *(reader.take("<u4", n).astype(np.uint32) for n in rest)
        )


class _Reader:
    """Takes arrays off the front of bytes."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self._at = data, at

    def take(self, kind: str, count: int) -> NDArray[np.unsignedinteger]:
        """The next `count` numbers."""
        size = np.dtype(kind).itemsize * count
        raw = self._data[self._at : self._at + size]
        if len(raw) != size:
            raise ValueError("the anchors are cut short")
        self._at += size
        return np.frombuffer(raw, kind)


def _id_type(kinds: int) -> str:
    return "u1" if kinds <= 0x100 else "<u2" if kinds <= 0x10000 else "<u4"


_MANY = 1 << 18  # from so many on, the upper 16 bits are kept as counts


def _pack_hashes(values: U64) -> bytes:
    """Ascending hashes of 40 bits."""
    octets = values.astype("<u8").view(np.uint8).reshape(-1, 8)
    if len(values) < _MANY:
        return octets[:, :5].tobytes()
    counts = np.bincount((values >> np.uint64(24)).astype(np.int64), minlength=1 << 16)
    return counts.astype("<u4").tobytes() + octets[:, :3].tobytes()


def _unpack_hashes(reader: _Reader, count: int) -> U64:
    width, upper = 5, np.zeros(count, np.uint64)
    if count >= _MANY:
        width = 3
        counts = reader.take("<u4", 1 << 16).astype(np.int64)
        if counts.sum() != count:
            raise ValueError("the anchors are damaged")
        upper = np.repeat(np.arange(1 << 16, dtype=np.uint64) << np.uint64(24), counts)
    wide = np.zeros((count, 8), np.uint8)
    wide[:, :width] = reader.take("u1", count * width).reshape(-1, width)
    return np.asarray(wide.reshape(-1).view("<u8").astype(np.uint64) | upper, np.uint64)


@dataclass(slots=True)
class AnchorSet:
    """Anchors being collected."""

    pairs: dict[int, int] = field(default_factory=dict)
    singles: set[int] = field(default_factory=set)
    firsts: set[int] = field(default_factory=set)
    lengths: set[int] = field(default_factory=set)
    numbers: set[int] = field(default_factory=set)
    codes: set[int] = field(default_factory=set)

    def freeze(self) -> Anchors:
        """The anchors as sorted arrays."""
        pairs = np.array(sorted(self.pairs), np.uint64)
        masks = np.array([self.pairs[pair] for pair in sorted(self.pairs)], np.uint32)
        u32 = [
            np.array(sorted(s), np.uint32)
            for s in (self.firsts, self.lengths, self.numbers, self.codes)
        ]
        return Anchors(pairs, masks, np.array(sorted(self.singles), np.uint64), *u32)
