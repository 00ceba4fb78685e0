"""DrawingML and PresentationML: slides, shapes, charts and diagrams as lines and tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from scanner.extract._flow import Flow
from scanner.extract._xml import DULL
from scanner.model.content import Kind, Layout, Piece, Segment

if TYPE_CHECKING:
    from scanner.extract._opc import Package

_NUMBER = re.compile(r"^-?\d+\.0$")


class Drawing:
    """Target for slides, notes, drawings, diagrams and charts.

    `prompts` False leaves out the text of placeholders, which in masters only tells what to enter.
    """

    DULL = DULL

    def __init__(
        self, locator: str = "", kind: Kind = Kind.BODY, prompts: bool = True, chart: bool = False
    ) -> None:
        self.out: list[Segment] = []
        self._locator = locator
        self._kind = kind
        self._prompts = prompts
        self._chart = chart
        self._flow = Flow(self.out, locator, kind)
        self._descriptions: list[str] = []
        self._text: list[str] = []
        self._keep = False
        self._drop = 0
        self._shape = 0
        self._shape_lines: list[str] = []
        self._placeholder = False
        self._table: Flow | None = None
        self._count = 0
        self._row: list[str] = []
        self._cell: list[str] = []

    @staticmethod
    def of_part(package: Package, name: str, locator: str = "") -> Iterator[Piece]:
        """Everything written in a drawing, chart or diagram part."""
        label = locator or _label(name)
        chart = "/charts/" in name or "/charts" in name
        target = Drawing(label, Kind.BODY, chart=chart)
        for _ in package.feed(name, target):
            yield from target.take()
        target.finish()
        yield from target.take()

    def start(self, tag: str, attrib: dict[str, str]) -> None:
        """An element begins."""
        if self._drop:
            self._drop += 1
        elif tag == "Fallback":
            self._drop = 1
        elif tag in ("t", "text") or (self._chart and tag == "v"):
            self._keep = True
        elif tag == "br":
            self._text.append("\n")
        elif tag == "tab":
            self._text.append("\t")
        elif tag == "sp":
            self._shape += 1
            if self._shape == 1:
                self._placeholder, self._shape_lines = False, []
        elif tag == "ph":
            self._placeholder = True
        elif tag == "tbl":
            self._count += 1
            label = f"{self._locator} table {self._count}".strip()
            self._table = Flow(self.out, label, self._kind, Layout.TABLE)
        elif tag in ("cNvPr", "docPr"):
            self._descriptions += [
                value for key in ("descr", "title") if (value := attrib.get(key, "")).strip()
            ]
        elif tag in ("cmAuthor", "author"):
            self._author(attrib)

    def _author(self, attrib: dict[str, str]) -> None:
        name, initials = attrib.get("name", ""), attrib.get("initials", "")
        if name:
            self._line(f"{name} ({initials})" if initials else name)

    def end(self, tag: str) -> None:
        """An element ends."""
        if self._drop:
            self._drop -= 1
        elif tag in ("t", "v"):
            self._keep = False
            if self._chart and tag == "v":
                self._flush_text()
        elif tag in ("p", "text", "pt"):
            self._keep = False
            self._flush_text()
        elif tag == "sp":
            self._end_shape()
        elif tag == "tc":
            self._row.append(" ".join(self._cell))
            self._cell = []
        elif tag == "tr" and self._table is not None:
            self._table.row(self._row)
            self._row = []
        elif tag == "tbl" and self._table is not None:
            self._table.flush()
            self._table = None

    def _end_shape(self) -> None:
        self._shape = max(0, self._shape - 1)
        if self._shape == 0:
            if self._prompts or not self._placeholder:
                for line in self._shape_lines:
                    self._flow.add(line)
            self._shape_lines = []

    def data(self, text: str) -> None:
        """Text."""
        if self._keep and not self._drop:
            self._text.append(text)

    def _flush_text(self) -> None:
        text = "".join(self._text)
        self._text = []
        if self._chart and _NUMBER.match(text):
            text = text[:-2]
        if text.strip():
            self._line(text)

    def _line(self, text: str) -> None:
        if self._table is not None:
            self._cell.append(text)
        elif self._shape:
            self._shape_lines.append(text)
        elif self._prompts or self._kind is not Kind.BODY:
            self._flow.add(text)

    def finish(self) -> None:
        """Give out everything that is left."""
        self._flush_text()
        self._shape = min(self._shape, 1)
        self._end_shape()
        if self._table is not None:
            if self._row or self._cell:
                self._table.row([*self._row, *self._cell])
            self._table.flush()
        self._flow.flush()
        if self._prompts:
            flow = Flow(self.out, f"{self._locator} picture description".strip(), Kind.HIDDEN)
            for line in dict.fromkeys(self._descriptions):
                flow.add(line)
            flow.flush()
        self._descriptions = []

    def take(self) -> Iterator[Segment]:
        """The segments finished so far."""
        ready, self.out[:] = list(self.out), []
        yield from ready


def _label(name: str) -> str:
    base = name.rpartition("/")[2].removesuffix(".xml")
    number = re.sub(r"\D", "", base)
    if "diagrams" in name:
        return f"diagram {number}".strip()
    return f"{'chart' if 'chart' in name else 'drawing'} {number}".strip()
