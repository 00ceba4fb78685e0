"""Rows of cells gathered into segments of a bounded size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scanner.model.content import Layout, Segment

CHARS = 1 << 20


class Rows:
    """Gathers rows; gives a TABLE segment out whenever enough of them stand together."""

    def __init__(self, locator: str) -> None:
        self._locator = locator
        self._lines: list[str] = []
        self._chars = 0
        self._first = 1
        self._next = 1

    def add(self, cells: Sequence[str]) -> Iterator[Segment]:
        """Take a row; at times a segment comes out."""
        if self._chars >= CHARS:
            yield self._segment(True)
        line = "\t".join(cell if cell.isalnum() else " ".join(cell.split()) for cell in cells)
        self._lines.append(line)
        self._chars += len(line) + 1
        self._next += 1

    def end(self) -> Iterator[Segment]:
        """The rows that are left."""
        if any(line.strip() for line in self._lines):
            yield self._segment(False)

    def _segment(self, continues: bool) -> Segment:
        text = "\n".join(self._lines) + ("\n" if continues else "")
        made = Segment(
            text,
            self._locator,
            layout=Layout.TABLE,
            first_line=self._first,
            continues=continues,
        )
        self._first, self._lines, self._chars = self._next, [], 0
        return made
