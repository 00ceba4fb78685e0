"""OpenDocument: ODT, ODS, ODP, ODG and their templates, also the older OpenOffice kind."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.extract import _zipkind
from scanner.extract._opc import Package
from scanner.extract._opendoc import OpenDocument
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Gap, Kind, Piece
from scanner.model.errors import Unread

_SKIPPED = re.compile(
    r"(^|/)(thumbnails|configurations2|meta-inf)/|(^|/)(settings\.xml|manifest\.rdf|mimetype|"
    r"layout-cache|current\.xml)$|^objectreplacements/|script-l[bc]\.xml$"
)


def claims(head: bytes, blob: Blob, name: str) -> int:
    """95 for a package with the parts of an OpenDocument."""
    return 95 if _zipkind.kind(head, blob) == "odf" else 0


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    """Content, headers and footers, properties, macros, embedded objects and pictures."""
    package = Package(blob, budget)
    if "encryption-data" in _manifest(package):
        yield from _part(package, "meta.xml", "", True)
        raise Unread("encrypted", "OpenDocument encryption")
    yield from _part(package, "content.xml", "", True)
    yield from _part(package, "styles.xml", "", False)
    yield from _part(package, "meta.xml", "", True)
    for part in package.names(r"^.+/(content|styles)\.xml$"):
        label = part.rpartition("/")[0]
        yield from _part(package, part, label, part.endswith("content.xml"))
    for part in package.names(r"^(basic|scripts|dialogs)/"):
        if part.endswith((".xml", ".xba", ".xlb", ".xdl", ".bas")) and not _SKIPPED.search(part):
            yield from package.text(part, f"macro {part.rpartition('/')[2]}", Kind.HIDDEN)
        elif not package.archive.by_name[part].folder and not _SKIPPED.search(part):
            package.read.add(part)
            yield package.child(package.archive.by_name[part])
    for part in package.unread():
        member = package.archive.by_name[part]
        if member.folder or _SKIPPED.search(part):
            continue
        if part.endswith(".xml"):
            yield from package.text(part, part, Kind.HIDDEN)
        else:
            yield package.child(member)
    yield from package.all_gaps()


def _manifest(package: Package) -> str:
    member = package.archive.find("meta-inf/manifest.xml")
    return package.whole(member).decode("utf-8", "replace") if member else ""


def _part(package: Package, name: str, label: str, outside: bool) -> Iterator[Piece]:
    if package.archive.find(name) is None:
        if name == "content.xml":
            yield Gap("damaged", name, "missing")
        return
    target = OpenDocument(label, outside)
    for _ in package.feed(name, target):
        yield from target.take()
    target.finish()
    yield from target.take()


FORMAT = Format("odf", claims, read, ("odt", "ods", "odp", "odg", "ott", "ots", "otp", "sxw"))
