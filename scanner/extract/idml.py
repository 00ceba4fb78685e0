"""InDesign documents in XML: IDML."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.extract import _zipkind
from scanner.extract._opc import Package
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Kind, Piece


def claims(head: bytes, blob: Blob, name: str) -> int:
    """95 for a package that says so."""
    return 95 if _zipkind.kind(head, blob) == "idml" else 0


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    """The stories, then properties and notes."""
    package = Package(blob, budget)
    for number, part in enumerate(package.names(r"^stories/.*\.xml$"), 1):
        yield from package.text(part, f"story {number}", Kind.BODY)
    for part in package.names(r"^meta-inf/metadata\.xml$"):
        yield from package.text(part, "properties", Kind.META)
    for part in package.names(r"^(xml|spreads|masterspreads)/.*\.xml$"):
        yield from package.text(part, part, Kind.HIDDEN)
    yield from package.all_gaps()


FORMAT = Format("idml", claims, read, ("idml",))
