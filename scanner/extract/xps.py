"""Fixed pages: XPS and OXPS."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.extract import _zipkind
from scanner.extract._flow import Flow
from scanner.extract._opc import Package
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Kind, Piece, Segment


def claims(head: bytes, blob: Blob, name: str) -> int:
    """95 for a package with fixed pages."""
    return 95 if _zipkind.kind(head, blob) == "xps" else 0


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    """The glyphs of each page, those of one height on one line; then properties and pictures."""
    package = Package(blob, budget)
    for number, part in enumerate(package.names(r"\.fpage$"), 1):
        page = _Page(f"page {number}")
        for _ in package.feed(part, page):
            pass
        page.finish()
        yield from page.out
    yield from package.properties()
    yield from package.external()
    for part in package.unread():
        if part.endswith((".fdseq", ".fdoc", ".odttf", ".xml", ".rels", ".dict", ".ttf")):
            if part.endswith(".xml"):
                yield from package.text(part, part, Kind.HIDDEN)
        elif not package.archive.by_name[part].folder:
            yield package.child(package.archive.by_name[part])
    yield from package.all_gaps()


class _Page:
    def __init__(self, label: str) -> None:
        self.out: list[Segment] = []
        self._flow = Flow(self.out, label)
        self._height = ""
        self._line: list[str] = []

    def start(self, tag: str, attrib: dict[str, str]) -> None:
        """An element begins."""
        text = attrib.get("UnicodeString", "").removeprefix("{}")
        if tag == "Glyphs" and text:
            if attrib.get("OriginY") != self._height:
                self._end_line()
            self._height = attrib.get("OriginY", "")
            self._line.append(text)
        elif tag == "Path" and attrib.get("AutomationProperties.Name"):
            self._flow.add(attrib["AutomationProperties.Name"])

    def _end_line(self) -> None:
        if self._line:
            self._flow.add(" ".join(self._line))
        self._line = []

    def end(self, tag: str) -> None:
        """Nothing to do."""

    def data(self, text: str) -> None:
        """Nothing to do."""

    def finish(self) -> None:
        """Give out what is left."""
        self._end_line()
        self._flow.flush()


FORMAT = Format("xps", claims, read, ("xps", "oxps"))
