"""Electronic books: EPUB."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scanner.extract import _tags, _zipkind, html
from scanner.extract._opc import Package
from scanner.extract._page import Page
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Gap, Kind, Piece

_PAGES = (".xhtml", ".html", ".htm", ".xml", ".svg")
_SKIPPED = (".css", ".ncx", ".ttf", ".otf", ".woff", ".woff2", "mimetype", ".js", ".xpgt")


def claims(head: bytes, blob: Blob, name: str) -> int:
    """95 for a package with the parts of a book."""
    return 95 if _zipkind.kind(head, blob) == "epub" else 0


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    """Title and authors, the pages in reading order, pictures and other files."""
    package = Package(blob, budget)
    order: list[str] = []
    for part in package.names(r"\.opf$"):
        yield from package.text(part, "properties", Kind.META)
        order += _spine(package, part)
    locked = package.data("meta-inf/encryption.xml")
    if b"EncryptedData" in locked and b"html" in locked:
        yield Gap("encrypted", "", "the pages are encrypted")
    pages = [part for part in package.names() if part.endswith(_PAGES)]
    for part in dict.fromkeys([*(one for one in order if one in pages), *pages]):
        if not part.startswith("meta-inf/"):
            yield from _page(package, part)
    for part in package.unread():
        member = package.archive.by_name[part]
        if not (member.folder or part.endswith(_SKIPPED) or part.startswith("meta-inf/")):
            yield package.child(member)
    yield from package.all_gaps()


def _page(package: Package, part: str) -> Iterator[Piece]:
    page = Page(part.rpartition("/")[2])
    for token in _tags.tokens(html.decoded(package.data(part))):
        page.token(token)
        if page.out:
            yield from page.out
            page.out = []
    page.finish()
    yield from page.out


class _Spine:
    def __init__(self) -> None:
        self.items: dict[str, str] = {}
        self.order: list[str] = []

    def start(self, tag: str, attrib: dict[str, str]) -> None:
        """An element begins."""
        if tag == "item":
            self.items[attrib.get("id", "")] = attrib.get("href", "")
        elif tag == "itemref":
            self.order.append(attrib.get("idref", ""))

    def end(self, tag: str) -> None:
        """Nothing to do."""

    def data(self, text: str) -> None:
        """Nothing to do."""


def _spine(package: Package, part: str) -> list[str]:
    spine = _Spine()
    for _ in package.feed(part, spine):
        pass
    folder = posixpath.dirname(part)
    hrefs = [spine.items[ident] for ident in spine.order if ident in spine.items]
    return [posixpath.normpath(posixpath.join(folder, href)).lower() for href in hrefs]


FORMAT = Format("epub", claims, read, ("epub",))
