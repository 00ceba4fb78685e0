"""Quoted cells of delimited text, all of a piece at once, where quotes stand as RFC 4180 says."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_QUOTE, _TAB, _RETURN, _LINE_END, _SPACE = (ord(sign) for sign in '"\t\r\n ')
_MOST_LINES = 200  # in one cell; where there are more, its quote is only a character

Bools = NDArray[np.bool_]


def unquoted(text: str, mark: str) -> tuple[str, str] | None:
    """The whole records of a text as rows of cells parted by tabs, and the rest behind them.

    None where a quote stands anywhere but around a cell or doubled in it: then somebody has to
    look at each line. Line ends and tabs in cells become spaces.
    """
    data = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)
    if len(mark.encode()) > 1 or not len(data):
        return None
    quotes, lines, marks = data == _QUOTE, data == _LINE_END, data == ord(mark)
    behind = np.logical_xor.accumulate(quotes)  # within quotes behind this place
    inside = behind ^ quotes
    doubled = _doubled(quotes, lines, marks, inside)
    if doubled is None or _too_long(quotes, lines & inside):
        return None
    ends = np.flatnonzero(lines & ~inside)
    size = int(ends[-1]) + 1 if len(ends) else 0
    rest = data[size:].tobytes().decode("utf-8", "surrogatepass")
    data, lines, marks, inside = (a[:size] for a in (data, lines, marks, inside))
    out = data.copy()
    out[(data == _TAB) | ((lines | (data == _RETURN)) & inside)] = _SPACE
    out[marks & ~inside] = _TAB
    return out[(~quotes | doubled)[:size]].tobytes().decode("utf-8", "surrogatepass"), rest


def _doubled(quotes: Bools, lines: Bools, marks: Bools, inside: Bools) -> Bools | None:
    """The second of two quotes that stand for one; None where a quote stands where none should."""
    around = quotes | lines | marks
    opening, closing = quotes & ~inside, quotes & inside
    if (opening[1:] & ~around[:-1]).any() or (closing[:-1] & ~around[1:]).any():
        return None
    doubled = np.zeros_like(quotes)
    doubled[1:] = opening[1:] & closing[:-1]
    return doubled


def _too_long(quotes: Bools, ends_inside: Bools) -> bool:
    places = np.flatnonzero(ends_inside)
    if len(places) <= _MOST_LINES:
        return False
    cells = np.cumsum(quotes, dtype=np.int64)[places]
    return int(np.unique(cells, return_counts=True)[1].max()) > _MOST_LINES
