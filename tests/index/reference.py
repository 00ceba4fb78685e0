"""The slow reference: what the kernel must find, from the definitions in scanner.text alone.

Registered values go through keys_of, a text through windows; a match is a window whose keyed hash
is that of a registered value. No filter, no table, no SipHash, no chunk.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from scanner.model.rule import DatasetSpec
from scanner.text.canon import Skip, keys_of
from scanner.text.fold import fold
from scanner.text.keys import Keys
from scanner.text.windows import number_shape, windows, words


@dataclass(frozen=True, order=True)
class Hit:
    start: int  # byte offsets in the text
    end: int
    record: int
    column: int
    first: int  # word numbers
    last: int
    line: int
    shape: int  # how a number is written


def registered(
    spec: DatasetSpec, rows: list[list[str]], keys: Keys
) -> dict[int, set[tuple[int, int]]]:
    """Keyed hash of a value -> the cells (record, column) that hold it."""
    told: dict[int, set[tuple[int, int]]] = {}
    for record, row in enumerate(rows):
        for column, cell in enumerate(row):
            found = keys_of(cell, spec.indexed[column].kind, keys)
            if isinstance(found, Skip):
                continue
            for key in found:
                told.setdefault(key.hash, set()).add((record, column))
    return told


def lengths_of(spec: DatasetSpec, rows: list[list[str]], keys: Keys) -> frozenset[int]:
    found = (
        keys_of(cell, spec.indexed[column].kind, keys)
        for row in rows
        for column, cell in enumerate(row)
    )
    return frozenset(
        key.length for told in found if not isinstance(told, Skip) for key in told if key.lane == 0
    )


def expected(spec: DatasetSpec, rows: list[list[str]], text: str, key: bytes) -> set[Hit]:
    keys = Keys.of(key)
    known = registered(spec, rows, keys)
    folded = fold(text)
    starts = [word.start for word in words(folded.text, keys)]
    sizes = [0]
    for char in text:
        sizes.append(sizes[-1] + len(char.encode("utf-8", "surrogatepass")))
    hits = set()
    for window in windows(folded.text, lengths_of(spec, rows, keys), keys):
        for record, column in known.get(window.hash, ()):
            begin, end = folded.origins[window.start], folded.ends[window.end - 1]
            first = bisect_right(starts, window.start) - 1
            last = bisect_right(starts, window.end - 1) - 1
            line = folded.text.count("\n", 0, window.start)
            shape = (
                number_shape(folded.text, window.start, window.end, window.length)
                if window.lane == 1
                else 0
            )
            hits.add(Hit(sizes[begin], sizes[end], record, column, first, last, line, shape))
    return hits
