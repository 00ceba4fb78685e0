"""Other packages of the Office kind: Visio drawings (VSDX) and whatever has the same frame."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.extract import _zipkind
from scanner.extract._opc import Package
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Kind, Piece

_SKIPPED = r"^visio/(masters/|windows|document|theme)|\.fdseq$"


def claims(head: bytes, blob: Blob, name: str) -> int:
    """90 for a package with relationships that is no text, workbook or presentation."""
    return 90 if _zipkind.kind(head, blob) in ("vsdx", "opc") else 0


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    """The text of pages, then of every other part; properties and embedded files."""
    package = Package(blob, budget)
    pages = package.names(r"^visio/pages/page\d+\.xml$")
    for number, part in enumerate(pages, 1):
        yield from package.text(part, f"page {number}", Kind.BODY)
    for part in package.names(r"^visio/comments\.xml$"):
        yield from package.text(part, "comments", Kind.HIDDEN)
    package.read.update(package.names(_SKIPPED))
    yield from package.properties()
    yield from package.external()
    yield from package.rest()
    yield from package.all_gaps()


FORMAT = Format("opc", claims, read, ("vsdx", "vsdm", "vstx"))
