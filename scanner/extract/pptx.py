"""Presentations of the zip kind: PPTX, PPTM, PPSX, POTX."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.extract import _zipkind
from scanner.extract._drawing import Drawing
from scanner.extract._opc import Package
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Kind, Piece


def claims(head: bytes, blob: Blob, name: str) -> int:
    """95 for a package with the parts of a presentation."""
    return 95 if _zipkind.kind(head, blob) == "pptx" else 0


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    """Slides in their order with notes and comments, then masters, diagrams, charts, the rest."""
    package = Package(blob, budget)
    for number, slide in enumerate(_slides(package), 1):
        yield from _part(package, slide, f"slide {number}", Kind.BODY)
        for link in package.links(slide):
            if link.external or link.target in package.read:
                continue
            if link.kind == "notesSlide":
                yield from _part(package, link.target, f"slide {number} notes", Kind.HIDDEN)
            elif link.kind.lower().startswith("comment"):
                yield from _part(package, link.target, f"slide {number} comments", Kind.HIDDEN)
            elif link.kind in ("diagramData", "chart"):
                yield from Drawing.of_part(package, link.target, f"slide {number} {link.kind}")
    for part in package.names(r"^ppt/slidemasters/[^/]*\.xml$|^ppt/slidelayouts/[^/]*\.xml$"):
        label = "master" if "slidemasters" in part else "layout"
        yield from _part(package, part, label, Kind.BODY, prompts=False)
    for part in package.names(r"^ppt/.*(comment|authors|notesslide)[^/]*\.xml$"):
        if part not in package.read:
            yield from _part(package, part, "comments", Kind.HIDDEN)
    for part in package.names(r"/(charts|diagrams|drawings)/[^/]*\.xml$"):
        skip = re.search(r"/(layout|colors|quickstyle|style|drawing)\d*\.xml$", part)
        if part not in package.read and not skip:
            yield from Drawing.of_part(package, part)
    package.read.update(package.names(r"/diagrams/drawing\d*\.xml$|^ppt/presentation\.xml$"))
    yield from package.properties()
    yield from package.external()
    yield from package.rest()
    yield from package.all_gaps()


def _slides(package: Package) -> list[str]:
    """The slides in the order of the presentation, then those it does not name."""
    main = (package.linked("", "officeDocument") or ["ppt/presentation.xml"])[0]
    order = _Order()
    for _ in package.feed(main, order):
        pass
    by_ident = {link.ident: link.target for link in package.links(main) if link.kind == "slide"}
    named = [by_ident[ident] for ident in order.idents if ident in by_ident]
    found = [name for name in named if package.archive.find(name)]
    rest = package.names(r"^ppt/slides/[^/]*\.xml$")
    return list(dict.fromkeys([*found, *rest]))


class _Order:
    def __init__(self) -> None:
        self.idents: list[str] = []

    def start(self, tag: str, attrib: dict[str, str]) -> None:
        if tag == "sldId":
            self.idents += [value for key, value in attrib.items() if key.endswith("}id")]

    def end(self, tag: str) -> None:
        """Nothing to do."""

    def data(self, text: str) -> None:
        """Nothing to do."""


def _part(
    package: Package, name: str, locator: str, kind: Kind, prompts: bool = True
) -> Iterator[Piece]:
    target = Drawing(locator, kind, prompts)
    for _ in package.feed(name, target):
        yield from target.take()
    target.finish()
    yield from target.take()


FORMAT = Format("pptx", claims, read, ("pptx", "pptm", "ppsx", "potx"))
