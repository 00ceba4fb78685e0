"""Pairs of a fingerprint and a cell, given by ranges of fingerprints.

So no more than a range has to be in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from scanner.index.types import I64, U32, U64, Bools

WHOLE = 1 << 24  # pairs that are taken at once; more of them are taken in RANGES
RANGES = 256  # by the upper eight bits of the fingerprint


class Pairs(Protocol):
    """SipHash values (u64) and cell numbers (u32), pair by pair, in no order."""

    def __len__(self) -> int:
        """How many pairs there are at most."""
        ...

    def part(self, at: int, of: int) -> tuple[U64, U32]:
        """The pairs of range `at` of so many equal ranges: one, or a power of two up to RANGES."""
        ...

    def release(self) -> None:
        """Give back the memory: no part is asked for any more."""
        ...


def ranges_of(pairs: Sequence[Pairs]) -> int:
    """In how many ranges to take them."""
    return 1 if sum(map(len, pairs)) <= WHOLE else RANGES


def in_range(hashes: U64, at: int, of: int) -> Bools:
    """Which of the hashes lie in a range."""
    told: Bools = hashes >> np.uint64(64 - of.bit_length() + 1) == np.uint64(at)
    return told


@dataclass(slots=True)
class Held:
    """Pairs in memory; `dropped` is called when they are released."""

    hashes: U64 = field(repr=False)
    numbers: U32 = field(repr=False)
    dropped: Callable[[], None] | None = field(default=None, repr=False)

    def __len__(self) -> int:
        """How many pairs there are."""
        return len(self.hashes)

    def part(self, at: int, of: int) -> tuple[U64, U32]:
        """The pairs of a range."""
        if of == 1:
            return self.hashes, self.numbers
        mine = in_range(self.hashes, at, of)
        return self.hashes[mine], self.numbers[mine]

    def release(self) -> None:
        """Give back the memory."""
        self.hashes, self.numbers = np.empty(0, np.uint64), np.empty(0, np.uint32)
        if self.dropped is not None:
            self.dropped()


@dataclass(frozen=True, slots=True)
class Picked:
    """The pairs of some records, numbered anew: `place` has each record's new number or -1."""

    pairs: Pairs
    width: int
    place: I64 = field(repr=False)

    def __len__(self) -> int:
        """How many pairs there are at most."""
        return len(self.pairs)

    def part(self, at: int, of: int) -> tuple[U64, U32]:
        """The pairs of a range."""
        hashes, numbers = self.pairs.part(at, of)
        record, column = np.divmod(numbers, np.uint32(self.width))
        new = self.place[record]
        kept = new >= 0
        told = new[kept] * self.width + column[kept]
        return hashes[kept], told.astype(np.uint32)

    def release(self) -> None:
        """Give back the memory."""
        self.pairs.release()


@dataclass(frozen=True, slots=True)
class Joined:
    """The pairs of several sources."""

    sources: Sequence[Pairs]

    def __len__(self) -> int:
        """How many pairs there are at most."""
        return sum(map(len, self.sources))

    def part(self, at: int, of: int) -> tuple[U64, U32]:
        """The pairs of a range."""
        if len(self.sources) == 1:
            return self.sources[0].part(at, of)
        parts = [source.part(at, of) for source in self.sources]
        if not parts:
            return np.empty(0, np.uint64), np.empty(0, np.uint32)
        return np.concatenate([h for h, _ in parts]), np.concatenate([n for _, n in parts])

    def release(self) -> None:
        """Give back the memory."""
        for source in self.sources:
            source.release()
