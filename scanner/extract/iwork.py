"""Apple Pages, Numbers and Keynote: of 2009 in XML, later ones by the strings in their parts."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from scanner.extract import _flow, _raw, _snappy, _zipkind
from scanner.extract._opc import Package
from scanner.extract._zip import Archive
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Gap, Kind, Piece, Segment

_TEXTS = frozenset({"p", "text", "string", "comment"})
_SKIPPED = ("quicklook/", "thumbs/", "metadata/", "preview")


def claims(head: bytes, blob: Blob, name: str) -> int:
    """95 for a package with the parts of one."""
    return 95 if _zipkind.kind(head, blob) == "iwork" else 0


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    """Text and cells; pictures and embedded files as children."""
    package = Package(blob, budget)
    for part in package.names(r"(^|/)index\.(xml|apxl)(\.gz)?$"):
        target = _Index()
        if part.endswith(".gz"):
            data = zlib.decompressobj(31).decompress(package.data(part), 1 << 28)
            yield from _flow.listed(_raw.strings(data), "document", Kind.RAW)
        for _ in package.feed(part, target):
            yield from target.take()
        target.flow.flush()
        yield from target.take()
    yield from _packed(package, budget)
    for part in package.unread():
        member = package.archive.by_name[part]
        if not (member.folder or part.startswith(_SKIPPED) or part.endswith((".iwa", ".plist"))):
            yield package.child(member)
    yield from package.all_gaps()


def _packed(package: Package, budget: Budget) -> Iterator[Piece]:
    """The strings in the packed parts of later versions."""
    parts = [(name, package.data(name)) for name in package.names(r"\.iwa$")]
    for name in package.names(r"(^|/)index\.zip$"):
        inner = Archive(Blob.of(package.data(name)), budget)
        parts += [(one.name, inner.part(one)) for one in inner.members if one.name.endswith(".iwa")]
    for name, data in parts:
        budget.check_time()
        texts = _raw.strings(_snappy.unpacked(data, budget))
        yield from _flow.listed(texts, name.rpartition("/")[2].removesuffix(".iwa"), Kind.RAW)
    if parts:
        yield Gap("unsupported", "", "only the strings of its parts were read")


class _Index:
    """Target for the document of 2009: paragraphs, and cells that keep their text apart."""

    def __init__(self) -> None:
        self.out: list[Segment] = []
        self.flow = _flow.Flow(self.out, "")
        self._text: list[str] = []
        self._depth = 0

    def start(self, tag: str, attrib: dict[str, str]) -> None:
        """An element begins."""
        if tag in _TEXTS:
            self._depth += 1
        elif tag in ("br", "lnbr", "crbr", "tab"):
            self._text.append("\t" if tag == "tab" else "\n")
        for key, value in attrib.items():
            name = key[key.rfind("}") + 1 :]
            if value and (
                (
                    tag in ("ct", "string", "title", "authors", "keywords", "comment")
                    and name in ("s", "string")
                )
                or (tag == "n" and name == "v")
                or (tag == "link" and name == "href")
            ):
                self.flow.add(value)

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag in _TEXTS:
            self._depth = max(0, self._depth - 1)
            text = "".join(self._text).strip()
            self._text = []
            if text:
                self.flow.add(text)

    def data(self, text: str) -> None:
        """Text."""
        if self._depth:
            self._text.append(text)

    def take(self) -> Iterator[Segment]:
        """The segments finished so far."""
        ready, self.out[:] = list(self.out), []
        yield from ready


FORMAT = Format("iwork", claims, read, ("pages", "numbers", "key"))
