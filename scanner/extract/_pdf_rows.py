"""Tables on a PDF page whose text does not stand in the order of their rows."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scanner.model.content import Layout, Piece, Segment, table_text

_MOST = 5000  # runs of text on a page
_FEWEST = 2  # rows that are torn apart, from which on a table is given out
_LONGEST = 32.0  # letters in a cell on average; columns of prose have more
_SAMPLE = 24  # rows that are looked at first
_GAP = 0.8  # heights of a line between two cells


@dataclass(slots=True)
class _Run:
    left: float
    bottom: float
    right: float
    top: float

    @property
    def height(self) -> float:
        return max(self.top - self.bottom, 0.1)


def torn_tables(textpage: Any, text: str, locator: str) -> Iterator[Piece]:
    """A TABLE segment where the cells of rows do not stand on one line of `text`."""
    rows = [row for row in _rows(_runs(textpage)) if len(row) > 1]
    if len(rows) < _FEWEST or _wide(rows):
        return
    lines = text.split("\n")
    first = [[_text(textpage, run) for run in row] for row in rows[:_SAMPLE]]
    letters = [len(cell) for row in first for cell in row]
    torn = sum(not any(all(cell in line for cell in row) for line in lines) for row in first)
    if torn < _FEWEST or sum(letters) > _LONGEST * len(letters):
        return
    table = first + [[_text(textpage, run) for run in row] for row in rows[_SAMPLE:]]
    yield Segment(table_text(table), f"{locator} rows", layout=Layout.TABLE)


def _wide(rows: list[list[_Run]]) -> bool:
    """True where the cells are as wide as columns of prose."""
    cells = [run for row in rows for run in row]
    height = sorted(run.height for run in cells)[len(cells) * 3 // 4]
    return sum(run.right - run.left for run in cells) > _LONGEST * len(cells) * max(height, 4.0)


def _runs(textpage: Any) -> list[_Run]:
    import pypdfium2.raw as raw

    count = raw.FPDFText_CountRects(textpage, 0, -1)
    if not 4 <= count <= _MOST:
        return []
    values = [ctypes.c_double() for _ in range(4)]
    pointers = [ctypes.byref(value) for value in values]
    found = []
    for index in range(count):
        if raw.FPDFText_GetRect(textpage, index, *pointers):
            left, top, right, bottom = (value.value for value in values)
            found.append(_Run(left, bottom, right, top))
    return found


def _rows(runs: list[_Run]) -> list[list[_Run]]:
    """Rows from top to bottom, their cells from left to right, runs that touch as one."""
    runs.sort(key=lambda run: -(run.top + run.bottom))
    rows: list[list[_Run]] = []
    for run in runs:
        if rows and _level(rows[-1][0], run):
            rows[-1].append(run)
        else:
            rows.append([run])
    return [_cells(sorted(row, key=lambda run: run.left)) for row in rows]


def _level(one: _Run, other: _Run) -> bool:
    """True where half of the lower one lies beside the other; some letters have no height."""
    shared = min(one.top, other.top) - max(one.bottom, other.bottom)
    return shared >= 0.5 * min(one.top - one.bottom, other.top - other.bottom)


def _cells(row: list[_Run]) -> list[_Run]:
    cells = [row[0]]
    for run in row[1:]:
        last = cells[-1]
        if run.left - last.right < _GAP * max(run.height, last.height, 6.0):
            last.right = max(last.right, run.right)
            last.bottom, last.top = min(last.bottom, run.bottom), max(last.top, run.top)
        else:
            cells.append(run)
    return cells


def _text(textpage: Any, run: _Run) -> str:
    import pypdfium2.raw as raw

    box = (run.left - 0.5, run.top + 0.5, run.right + 0.5, run.bottom - 0.5)
    size = raw.FPDFText_GetBoundedText(textpage, *box, None, 0)
    if size <= 0:
        return ""
    buffer = (ctypes.c_ushort * size)()
    raw.FPDFText_GetBoundedText(textpage, *box, buffer, size)
    return bytes(buffer).decode("utf-16-le", "replace").rstrip("\0").strip()
