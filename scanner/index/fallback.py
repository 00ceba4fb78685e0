"""The scan in plain Python: what the native kernel does, where there is none. Slow."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from scanner.index.segment import Segment
from scanner.index.types import I64, U64, Matches
from scanner.text.fold import Folded, fold
from scanner.text.keys import Keys, Lane, siphash
from scanner.text.windows import Window, Word, number_shape, windows, words

_UNIT = re.compile(r"@|[0-9]{7}")


def scan_text(
    text: str,
    segments: Sequence[Segment],
    lengths: frozenset[int],
    keys: Keys,
    numbers: tuple[int, int, bool],
) -> tuple[Matches, int, int]:
    """The matches of a whole text, its words, and its record-like lines or rows.

    `numbers` are those of the first word and line, and whether the text is a table.
    """
    first_word, first_line, table = numbers
    folded = fold(text)
    found_words = words(folded.text, keys)
    units = _units(folded.text, found_words, table)
    found = list(windows(folded.text, lengths, keys))
    if not found:
        return Matches.of([]), len(found_words), units
    hashes = siphash(np.array([window.hash for window in found], np.uint64), keys.sip)
    starts = np.array([word.start for word in found_words], np.int64)
    breaks = np.array([m.start() for m in re.finditer("\n", folded.text)], np.int64)
    rows: set[tuple[int, ...]] = set()
    for source, segment in enumerate(segments):
        for at, (payload, several) in probe(segment, hashes):
            window = found[at]
            start, end = _origin(folded, window)
            first, last = _word_numbers(starts, window)
            line = int(np.searchsorted(breaks, window.start))
            rows.add(
                (
                    *(source, payload, several, int(hashes[at]), start, end),
                    *(first_word + first, first_word + last, first_line + line),
                    *(int(table), int(window.lane), _length(folded.text, window)),
                )
            )
    return Matches.of(sorted(rows)), len(found_words), units


def _length(text: str, window: Window) -> int:
    """The length of a window, for numbers with the flags that say how it is written."""
    if window.lane is not Lane.NUMBER:
        return window.length
    return window.length | number_shape(text, window.start, window.end, window.length)


def _origin(folded: Folded, window: Window) -> tuple[int, int]:
    return folded.origins[window.start], folded.ends[window.end - 1]


def _units(text: str, found: list[Word], table: bool) -> int:
    """Rows with a word in them, or lines with a long number or an e-mail address."""
    places = [w.start for w in found] if table else [m.start() for m in _UNIT.finditer(text)]
    breaks = [m.start() for m in re.finditer("\n", text)]
    return len(set(np.searchsorted(breaks, places).tolist())) if places else 0


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
