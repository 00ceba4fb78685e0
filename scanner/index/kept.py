"""The pairs of fingerprint and cell that the segments of a dataset keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from scanner.index.segment import Segment
from scanner.index.types import U32, U64


@dataclass(frozen=True, slots=True)
class Kept:
    """The pairs that segments keep, `bases` being their first records; removed ones left out.

    Of the hashes, the upper bits that every segment keeps are told, the lower ones are zero.
    """

    segments: Sequence[Segment]
    bases: Sequence[int]
    width: int
    removed: U32 = field(repr=False)

    @property
    def prefix_bits(self) -> int:
        """Upper bits of a hash that every segment keeps."""
        return min((segment.prefix_bits for segment in self.segments), default=64)

    def __len__(self) -> int:
        """How many pairs there are at most."""
        return sum(s.numbers["values"] + len(s.postings) for s in self.segments)

    def part(self, at: int, of: int) -> tuple[U64, U32]:
        """The pairs of a range."""
        shift = np.uint64(64 - self.prefix_bits)
        prints, cells = [np.empty(0, np.uint64)], [np.empty(0, np.uint32)]
        for base, segment in zip(self.bases, self.segments, strict=True):
            kept, numbers = segment.cells(at, of)
            prints.append(kept >> shift << shift)
            cells.append((numbers + np.uint64(base * self.width)).astype(np.uint32))
        found, number = np.concatenate(prints), np.concatenate(cells)
        if len(self.removed):
            live = ~np.isin(number // np.uint32(self.width), self.removed)
            found, number = found[live], number[live]
        return found, number

    def release(self) -> None:
        """Nothing is held: the segments are mapped."""
