"""Where the cells of rows stand in a piece of text, so that no row is taken apart in Python."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scanner.index.types import ColumnBatch

_TAB, _LINE_END = 9, 10


def columns_of(text: str, wanted: Sequence[int], skip: int) -> tuple[ColumnBatch, int]:
    """The wanted columns (by their places) of the rows of a text, whose cells are parted by tabs.

    Rows of empty cells only are left out; of the others the first `skip`, and how many those were
    stands beside the columns. Cells that a row does not have are empty.
    """
    data = text.encode("utf-8", "surrogatepass") + b"\n"
    seen = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero((seen == _TAB) | (seen == _LINE_END))  # of all cells
    begins = np.concatenate((np.zeros(1, np.int64), ends[:-1] + 1))
    last = np.flatnonzero(seen[ends] == _LINE_END)  # the last cell of each row
    first = np.concatenate((np.zeros(1, np.int64), last[:-1] + 1))
    filled = np.flatnonzero(ends[last] - begins[first] > last - first)
    skipped = min(skip, len(filled))
    first, last = first[filled[skipped:]], last[filled[skipped:]]
    columns = []
    for place in wanted:
        spans = np.zeros((len(first), 2), np.int64)
        there = last - first >= place
        cell = first[there] + place
        spans[there, 0], spans[there, 1] = begins[cell], ends[cell]
        columns.append((data, spans))
    return ColumnBatch(columns, len(first)), skipped
