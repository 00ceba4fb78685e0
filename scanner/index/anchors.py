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
        wide = len(kinds) > 0xFFFF
        counts = [len(a) for a in (self.pairs, kinds, self.singles, self.firsts, self.lengths)]
        counts += [len(self.numbers), len(self.codes), int(wide)]
        parts = [struct.pack("<8Q", *counts)]
        parts += [_forty(self.pairs), kinds.astype("<u4").tobytes()]
        parts += [ids.astype("<u4" if wide else "<u2").tobytes(), _forty(self.singles)]
        for array in (self.firsts, self.lengths, self.numbers, self.codes):
            parts.append(array.astype("<u4").tobytes())
        return b"".join(parts)

    @staticmethod
    def unpack(data: bytes) -> Anchors:
        """The anchors that `pack` gave; ValueError where the lengths do not fit."""
        pairs, kinds, singles, firsts, lengths, numbers, codes, wide = struct.unpack_from(
            "<8Q", data
        )
        at = 64
        arrays: list[NDArray[np.generic]] = []
        sizes = ((pairs, "v5"), (kinds, "<u4"), (pairs, "<u4" if wide else "<u2"), (singles, "v5"))
        rest = tuple((count, "<u4") for count in (firsts, lengths, numbers, codes))
        for count, kind in sizes + rest:
            width = 5 if kind == "v5" else int(kind[2:])
            raw = data[at : at + count * width]
            if len(raw) != count * width:
                raise ValueError("the anchors are cut short")
            arrays.append(_from_forty(raw) if kind == "v5" else np.frombuffer(raw, kind))
            at += count * width
        masks = arrays[1][arrays[2].astype(np.int64)].astype(np.uint32)
        u32 = [array.astype(np.uint32) for array in arrays[4:]]
        return Anchors(arrays[0].astype(np.uint64), masks, arrays[3].astype(np.uint64), *u32)


def _forty(values: U64) -> bytes:
    return values.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :5].tobytes()


def _from_forty(raw: bytes) -> U64:
    wide = np.zeros((len(raw) // 5, 8), np.uint8)
    wide[:, :5] = np.frombuffer(raw, np.uint8).reshape(-1, 5)
    return wide.reshape(-1).view("<u8").astype(np.uint64)


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
