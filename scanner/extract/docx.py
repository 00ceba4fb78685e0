"""Word documents of the zip kind: DOCX, DOCM, DOTX, DOTM."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.extract import _zipkind
from scanner.extract._drawing import Drawing
from scanner.extract._opc import Package
from scanner.extract._word import Word
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Kind, Piece

_PARTS = (
    (r"^word/header\d*\.xml$", "header", Kind.BODY),
    (r"^word/footer\d*\.xml$", "footer", Kind.BODY),
    (r"^word/footnotes\d*\.xml$", "footnotes", Kind.BODY),
    (r"^word/endnotes\d*\.xml$", "endnotes", Kind.BODY),
    (r"^word/comments\d*\.xml$", "comments", Kind.HIDDEN),
    (r"^word/glossary/document\d*\.xml$", "building blocks", Kind.HIDDEN),
    (r"^word/settings\d*\.xml$", "settings", Kind.HIDDEN),
)


def claims(head: bytes, blob: Blob, name: str) -> int:
    """95 for a package with the parts of a Word document."""
    return 95 if _zipkind.kind(head, blob) == "docx" else 0


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    """Text and tables, then headers, notes, comments, drawings, properties, embedded files."""
    package = Package(blob, budget)
    main = package.linked("", "officeDocument") or package.names(r"^word/document\d*\.xml$")
    for part in main:
        yield from _part(package, part, "", Kind.BODY)
    for pattern, locator, kind in _PARTS:
        for part in package.names(pattern):
            if part not in package.read:
                yield from _part(package, part, locator, kind)
    for part in package.names(r"/(charts|diagrams|drawings)/[^/]*\.xml$"):
        if not re.search(r"/(layout|colors|quickstyle|style)\d*\.xml$", part):
            yield from Drawing.of_part(package, part)
    yield from package.properties()
    yield from package.external()
    yield from package.rest()
    yield from package.all_gaps()


def _part(package: Package, name: str, locator: str, kind: Kind) -> Iterator[Piece]:
    target = Word(locator, kind)
    for _ in package.feed(name, target):
        yield from target.take()
    target.finish()
    yield from target.take()


FORMAT = Format("docx", claims, read, ("docx", "docm", "dotx", "dotm"))
