"""The scanner over all datasets of an index: from text to matches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from scanner.index.segment import Segment
from scanner.index.types import I64, U64, Matches
from scanner.text.fold import fold
from scanner.text.keys import Keys, siphash
from scanner.text.windows import Window, windows, words

if TYPE_CHECKING:
    from scanner.index.open import IndexedDataset

APART = 1000  # words between two segments of a document, more than any radius


class Scanner:
    """Looks texts up in every segment of every dataset. Reused by all sessions of a process."""

    def __init__(self, datasets: tuple[IndexedDataset, ...], keys: Keys) -> None:
        self.datasets = datasets
        self.keys = keys
        self.segments: list[Segment] = []
        self.owners: list[int] = []
        self.bases: list[int] = []
        for at, dataset in enumerate(datasets):
            for base, segment in zip(dataset.bases, dataset.segments, strict=True):
                self.segments.append(segment)
                self.owners.append(at)
                self.bases.append(base)
        anchors = [segment.anchors for segment in self.segments]
        self.lengths = frozenset(int(n) for a in anchors for n in a.lengths)

    def scan(self, text: str, first_word: int, first_line: int, table: bool) -> Matches:
        """The matches of a whole text; word and line numbers begin at the given ones."""
        folded = fold(text)
        found = list(windows(folded.text, self.lengths, self.keys))
        if not found:
            return Matches.of([])
        hashes = siphash(np.array([window.hash for window in found], np.uint64), self.keys.sip)
        starts = np.array([word.start for word in words(folded.text, self.keys)], np.int64)
        breaks = np.array([at for at, char in enumerate(text) if char == "\n"], np.int64)
        rows: list[tuple[int, ...]] = []
        for source, segment in enumerate(self.segments):
            for at, entry in probe(segment, hashes):
                window = found[at]
                start, end = folded.origins[window.start], folded.origins[window.end - 1] + 1
                payload, several = entry
                first, last = _word_numbers(starts, window)
                line = int(np.searchsorted(breaks, start))
                rows.append(
                    (
                        source,
                        payload,
                        several,
                        int(hashes[at]),
                        start,
                        end,
                        first_word + first,
                        first_word + last,
                        first_line + line,
                        table,
                        int(window.lane),
                        window.length,
                    )
                )
        return Matches.of(sorted(set(rows), key=lambda row: (row[4], row[5], row)))

    def count_words(self, text: str) -> int:
        """How many words a text has."""
        return len(words(fold(text).text, self.keys))


def _word_numbers(starts: I64, window: Window) -> tuple[int, int]:
    """Numbers of the words in which a window begins and ends."""
    first = int(np.searchsorted(starts, window.start, "right")) - 1
    return first, int(np.searchsorted(starts, window.end - 1, "right")) - 1


def probe(segment: Segment, hashes: U64) -> Sequence[tuple[int, tuple[int, int]]]:
    """Which hashes stand in a segment: (position, (payload, several))."""
    kept, several, payload = segment.decoded()
    if not len(kept):
        return []
    shift = np.uint64(64 - segment.prefix_bits)
    wanted = hashes >> shift << shift
    at = np.minimum(np.searchsorted(kept, wanted), len(kept) - 1)
    return [
        (int(i), (int(payload[at[i]]), int(several[at[i]])))
        for i in np.flatnonzero(kept[at] == wanted)
    ]
