"""Where the cells of rows stand in a piece of text, so that no row is taken apart in Python."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scanner.index.kernel import kernel, pointer
from scanner.index.types import I64, ColumnBatch

_TAB, _LINE_END = 9, 10


def columns_of(text: str, wanted: Sequence[int], skip: int) -> tuple[ColumnBatch, int]:
    """The wanted columns (by their places) of the rows of a text, whose cells are parted by tabs.

    Rows of empty cells only are left out; of the others the first `skip`, and how many those were
    stands beside the columns. Cells that a row does not have are empty.
    """
    data = text.encode("utf-8", "surrogatepass")
    spans, skipped = _spans(data, wanted, skip)
    return ColumnBatch([(data, of_column) for of_column in spans], spans.shape[1]), skipped


def _spans(data: bytes, wanted: Sequence[int], skip: int) -> tuple[I64, int]:
    """Begin and end of each cell: columns by rows by two; and how many rows were skipped."""
    if (loaded := kernel()) is None:
        return _spans_plain(data, wanted, skip)
    places = np.array(wanted, np.uint32)
    spans = np.empty((len(wanted), data.count(b"\n") + 1, 2), np.int64)
    told = np.zeros(2, np.uint64)
    at, room = pointer(spans), spans.shape[1]
    if not loaded.call(
        "spans", data, len(data), pointer(places), len(places), skip, at, room, pointer(told)
    ):
        return _spans_plain(data, wanted, skip)
    return spans[:, : int(told[0])], int(told[1])


def _spans_plain(data: bytes, wanted: Sequence[int], skip: int) -> tuple[I64, int]:
    """The same by arrays, where there is no kernel."""
    seen = np.frombuffer(data + b"\n", np.uint8)
    ends = np.flatnonzero((seen == _TAB) | (seen == _LINE_END))  # of all cells
    begins = np.concatenate((np.zeros(1, np.int64), ends[:-1] + 1))
    last = np.flatnonzero(seen[ends] == _LINE_END)  # the last cell of each row
    first = np.concatenate((np.zeros(1, np.int64), last[:-1] + 1))
    filled = np.flatnonzero(ends[last] - begins[first] > last - first)
    skipped = min(skip, len(filled))
    first, last = first[filled[skipped:]], last[filled[skipped:]]
    spans = np.zeros((len(wanted), len(first), 2), np.int64)
    for place, of_column in zip(wanted, spans, strict=True):
        there = last - first >= place
        cell = first[there] + place
        of_column[there, 0], of_column[there, 1] = begins[cell], ends[cell]
    return spans, skipped
