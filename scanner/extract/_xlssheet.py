"""One sheet of a binary workbook: its rows, and what stands beside the cells."""

from __future__ import annotations

from scanner.extract import _cells
from scanner.extract._flow import Flow, one_line
from scanner.model.content import Kind, Layout, Segment


class XlsSheet:
    """Rows as they come; records may go back to an earlier row."""

    def __init__(self, out: list[Segment], name: str, hidden: bool) -> None:
        self.out = out
        self.kind = Kind.HIDDEN if hidden else Kind.BODY
        self.locator = f"{'hidden sheet' if hidden else 'sheet'} {name}".strip()
        self._title = name
        self._flow = Flow(out, self.locator, self.kind, Layout.TABLE)
        self._asides: dict[tuple[str, Kind], list[str]] = {}
        self._row = _cells.Row()
        self._at = -1
        if name:
            self.add("name", name, Kind.META)

    def put(self, row: int, column: int, text: str) -> None:
        """The text of a cell."""
        if row != self._at:
            self._flush(row)
        if column < len(self._row.cells) and text:
            if self._row.cells[column]:
                self._flush(row)
            else:
                self._row.cells[column] = one_line(text)
                return
        self._row.put(column, one_line(text))

    def put_last(self, text: str) -> None:
        """The text of the cell put last (a formula's result)."""
        if self._row.cells:
            self._row.cells[-1] = one_line(text)

    def _flush(self, row: int) -> None:
        if self._row.cells:
            gap = self._at + 1 - self._flow.line
            if 0 < gap <= 16:
                for _ in range(gap):
                    self._flow.add("")
            elif gap:
                self._flow.blank(gap)
            self._flow.add("\t".join(self._row.take()))
        self._at = row

    def add(self, name: str, text: str, kind: Kind = Kind.HIDDEN) -> None:
        """Something that stands beside the cells."""
        if text.strip():
            self._asides.setdefault((name, kind), []).append(text)

    def finish(self) -> None:
        """Give out everything that is left."""
        self._flush(-1)
        self._flow.flush()
        for (name, kind), texts in sorted(self._asides.items()):
            flow = Flow(self.out, f"{self.locator} {name}", kind)
            for text in dict.fromkeys(texts):
                flow.add(text.replace("\r", "\n"))
            flow.flush()
