"""Lines and rows collected into segments of a bounded size."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.model.content import Kind, Layout, Segment

SIZE = 65536


def one_line(text: str) -> str:
    """The text with its tabs and line ends as single spaces, as a cell holds it."""
    return " ".join(text.split()) if "\n" in text or "\t" in text or "\r" in text else text.strip()


class Flow:
    """Collects lines (or rows) of one locator; finished segments gather in `out`."""

    __slots__ = ("_held", "_kind", "_layout", "_line", "_lines", "_locator", "_size", "out")

    def __init__(
        self,
        out: list[Segment],
        locator: str = "",
        kind: Kind = Kind.BODY,
        layout: Layout = Layout.TEXT,
        line: int = 1,
    ) -> None:
        self.out = out
        self._locator = locator
        self._kind = kind
        self._layout = layout
        self._lines: list[str] = []
        self._size = 0
        self._line = line
        self._held: Segment | None = None

    @property
    def line(self) -> int:
        """The number of the next line."""
        return self._line + len(self._lines)

    def add(self, text: str) -> None:
        """One line, or several."""
        if self._layout is Layout.TEXT and "\n" in text:
            for line in text.split("\n"):
                self.add(line)
            return
        self._lines.append(text)
        self._size += len(text) + 1
        if self._size >= SIZE:
            self._cut(True)

    def row(self, cells: Iterable[str]) -> None:
        """One row of a table."""
        self.add("\t".join([one_line(cell) for cell in cells]))

    def blank(self, count: int) -> None:
        """Skip rows that hold nothing."""
        if count > 0:
            self.flush()
            self._line += count

    def flush(self) -> None:
        """Give out what is collected; lines go on counting."""
        self._cut(False)

    def _cut(self, goes_on: bool) -> None:
        count = len(self._lines)
        text = "\n".join(self._lines)
        if text.strip():
            tail = "\n" if goes_on else ""
            self.out.append(
                Segment(text + tail, self._locator, self._kind, self._layout, self._line, goes_on)
            )
        self._lines = []
        self._size = 0
        self._line += count


def listed(
    lines: Iterable[str], locator: str, kind: Kind = Kind.META, layout: Layout = Layout.TEXT
) -> list[Segment]:
    """Distinct lines as segments."""
    out: list[Segment] = []
    flow = Flow(out, locator, kind, layout)
    for line in dict.fromkeys(lines):
        if line.strip():
            flow.add(line)
    flow.flush()
    return out
