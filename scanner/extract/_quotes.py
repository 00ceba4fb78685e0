"""Quoted cells of delimited text, all of a piece at once, where quotes stand as RFC 4180 says."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scanner.extract._delimited import MOST_LINES

_QUOTE, _TAB, _RETURN, _LINE_END, _SPACE = (ord(sign) for sign in '"\t\r\n ')

Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]
Places = NDArray[np.int64]


def unquoted(text: str, mark: str) -> tuple[str, str] | None:
    """The whole records of a text (without 0 bytes) as rows of cells parted by tabs, and the rest.

    None where a quote stands anywhere but around a cell or doubled in it: then somebody has to
    look at each line. Line ends and tabs in cells become spaces.
    """
    data = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)
    if len(mark.encode()) > 1 or not len(data):
        return None
    quotes, lines = data == _QUOTE, data == _LINE_END
    places = np.flatnonzero(quotes)
    if not _as_written(data, places, ord(mark)):
        return None
    inside = np.logical_xor.accumulate(quotes)  # from each opening quote on, before the closing one
    within = lines & inside  # line ends in cells
    if _too_long(places, np.flatnonzero(within)):
        return None
    ends = np.flatnonzero(lines > inside)
    size = int(ends[-1]) + 1 if len(ends) else 0
    rows = _rows(data[:size], inside[:size], within[:size], places[places < size], ord(mark))
    rest = data[size:].tobytes()
    return rows.decode("utf-8", "surrogatepass"), rest.decode("utf-8", "surrogatepass")


def _rows(data: Bytes, inside: Bools, within: Bools, places: Places, mark: int) -> bytes:
    """The rows without quotes; the second of two that stand for one is a 0 byte for a while."""
    part = (data == mark) > inside
    out = data ^ (part.view(np.uint8) * np.uint8(mark ^ _TAB))
    blank = within | ((data == _RETURN) & inside) | ((data == _TAB) > part)
    if blank.any():
        out[blank] = _SPACE
    doubled = places[2::2][places[2::2] == places[1:-1:2] + 1]
    out[doubled] = 0
    left: bytes = out.tobytes().translate(None, b'"')
    return left.replace(b"\0", b'"') if len(doubled) else left


def _as_written(data: Bytes, places: Places, mark: int) -> bool:
    """Whether what stands before each opening quote and behind each closing one may stand there."""
    around = np.zeros(256, bool)
    around[[_QUOTE, _LINE_END, mark]] = True
    opening, closing = places[::2], places[1::2]
    before, behind = opening[opening > 0] - 1, closing[closing < len(data) - 1] + 1
    return bool(around[data[before]].all() and around[data[behind]].all())


def _too_long(places: Places, ends_inside: Places) -> bool:
    if len(ends_inside) <= MOST_LINES:
        return False
    cells = np.searchsorted(places, ends_inside)
    return int(np.unique(cells, return_counts=True)[1].max()) > MOST_LINES
