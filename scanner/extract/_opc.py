"""Open packaging: parts, relationships, properties, embedded files and macros of Office zips."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from urllib.parse import unquote

from scanner.extract import _flow, _macro
from scanner.extract._markup import AnyText
from scanner.extract._xml import feed
from scanner.extract._zip import Archive, Member
from scanner.extract.base import Blob, Budget
from scanner.model.content import Child, Gap, Kind, Piece, Segment
from scanner.model.errors import Unread

# Parts that say how the document looks and hold nothing that anybody wrote.
NOISE = re.compile(
    r"(^|/)(theme|themes|_rels|fonts|printersettings|thumbnails?|slidelayouts|notesmasters|"
    r"handoutmasters|ctrlprops)/|(^|/)(styles|styleswitheffects|fonttable|websettings|numbering|"
    r"presprops|viewprops|tablestyles|calcchain|metadata|settings|volatiledependencies)\.xml$|"
    r"^\[content_types\]\.xml$|docprops/(app|thumbnail)[^/]*$|(^|/)diagrams/(layout|colors|quickstyle)"
    r"|(^|/)charts/(style|colors)\d*\.xml$|(^|/)printersettings\d*\.bin$",
    re.IGNORECASE,
)
_WORDS = re.compile(r"(?!(?:True|False|t|f)$)[^\W\d_]|\d{5}")
_FONT = re.compile(r"\.(odttf|fntdata|ttf|otf)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Link:
    """A relationship of a part."""

    ident: str
    kind: str
    target: str
    external: bool


class Package:
    """The parts of a package by their path in lower case."""

    def __init__(self, blob: Blob, budget: Budget) -> None:
        self.archive = Archive(blob, budget)
        self.budget = budget
        self.read: set[str] = set()
        self.gaps: list[Gap] = list(self.archive.gaps)
        self._links: dict[str, list[Link]] = {}

    def names(self, pattern: str = "") -> list[str]:
        """Paths of parts that match, in natural order (slide2 before slide10)."""
        match = re.compile(pattern, re.IGNORECASE).search
        return sorted((name for name in self.archive.by_name if match(name)), key=natural)

    def unread(self) -> list[str]:
        """The parts nobody read yet, without those that hold no writing."""
        return [name for name in self.names() if name not in self.read and not NOISE.search(name)]

    def feed(self, name: str, target: object) -> Iterator[None]:
        """Pushes an XML part into a target; what breaks is kept as a gap."""
        member = self.archive.find(name)
        if member is None:
            return
        self.read.add(name.lower().lstrip("/"))
        try:
            yield from feed(self.archive.chunks(member, count=True), target)  # type: ignore[arg-type]
        except Unread as error:
            self.note(error, name)

    def note(self, error: Unread, name: str) -> None:
        """Keep a failure as a gap; limits that hold for everything are raised."""
        if error.reason in ("timeout", "limit:chars") or self.spent():
            raise error
        self.gaps.append(Gap(error.reason, name, error.detail))

    def spent(self) -> bool:
        """True where the bytes of the whole document are used up."""
        return self.budget.bytes_spent > self.budget.limits.bytes

    def data(self, name: str) -> bytes:
        """The bytes of a part, as far as they can be read."""
        member = self.archive.find(name)
        self.read.add(name.lower().lstrip("/"))
        return b"" if member is None else self.whole(member)

    def whole(self, member: Member) -> bytes:
        """The bytes of a member as far as they can be read; what breaks is kept as a gap."""
        held = bytearray()
        try:
            for chunk in self.archive.chunks(member, count=True):
                held += chunk
                if len(held) > self.budget.limits.member_bytes:
                    raise Unread("limit:bytes", "a part is too large")
        except Unread as error:
            self.note(error, member.name)
        return bytes(held)

    def links(self, name: str) -> list[Link]:
        """The relationships of a part ("" for the package)."""
        key = name.lower().lstrip("/")
        if key not in self._links:
            folder, _, base = key.rpartition("/")
            target = _Links(folder)
            for _ in self.feed(posixpath.join(folder, "_rels", f"{base}.rels"), target):
                pass
            self._links[key] = target.found
        return self._links[key]

    def linked(self, name: str, kind: str) -> list[str]:
        """The parts a part relates to by relationships whose kind ends so."""
        return [
            link.target
            for link in self.links(name)
            if not link.external and link.kind.lower().endswith(kind.lower())
        ]

    # ---- what every kind of Office document has

    def external(self) -> list[Segment]:
        """Addresses outside that the document refers to."""
        found: list[str] = []
        for name in self.names(r"\.rels$"):
            folder, _, base = name.rpartition("/")
            owner = posixpath.join(posixpath.dirname(folder), base.removesuffix(".rels"))
            found += [link.target for link in self.links(owner) if link.external]
        return _flow.listed(found, "links")

    def properties(self) -> Iterator[Piece]:
        """Title, authors and the properties somebody added."""
        for name in self.names(r"^docprops/(core|custom|app|meta).*\.xml$"):
            yield from self.text(name, "properties", Kind.META, app="app" in name)

    def text(
        self, name: str, locator: str, kind: Kind, attributes: bool = False, app: bool = False
    ) -> Iterator[Piece]:
        """Everything written in an XML part, one line an element."""
        target = AnyText(locator, kind, attributes, app)
        for _ in self.feed(name, target):
            yield from target.take()
        target.finish()
        yield from target.take()

    def rest(self) -> Iterator[Piece]:
        """Parts of other kinds: XML as text, macros, embedded files and pictures as children."""
        for name in self.unread():
            member = self.archive.by_name[name]
            if name.endswith("vbaproject.bin"):
                yield from _macro.of_project(self.data(name))
            elif name.endswith(".vml"):
                yield from self._shapes(name)
            elif name.endswith((".xml", ".xaml")):
                yield from self.text(name, name, Kind.HIDDEN)
            elif not (member.folder or _FONT.search(name) or name.endswith((".rels", ".psmdcp"))):
                self.read.add(name)
                yield self.child(member)

    def _shapes(self, name: str) -> Iterator[Piece]:
        """The words in a part of old drawings, whose numbers only say where shapes stand."""
        for piece in self.text(name, name, Kind.HIDDEN):
            if isinstance(piece, Segment):
                lines = [line for line in piece.text.split("\n") if _WORDS.search(line)]
                yield from _flow.listed(lines, name, Kind.HIDDEN)

    def child(self, member: Member) -> Child:
        """A member as a document inside this one."""
        return Child(member.name, partial(self.archive.open, member), member.size)

    def all_gaps(self) -> Iterator[Gap]:
        """What was not read."""
        yield from self.gaps


class _Links:
    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.found: list[Link] = []

    def start(self, tag: str, attrib: dict[str, str]) -> None:
        if tag != "Relationship":
            return
        target = attrib.get("Target", "")
        external = attrib.get("TargetMode", "").lower() == "external"
        if not external:
            path = unquote(target.replace("\\", "/"))
            joined = path if path.startswith("/") else posixpath.join("/", self.folder, path)
            target = posixpath.normpath(joined).lstrip("/").lower()
        kind = attrib.get("Type", "").rpartition("/")[2]
        self.found.append(Link(attrib.get("Id", ""), kind, target, external))

    def end(self, tag: str) -> None:
        """Nothing to do."""

    def data(self, text: str) -> None:
        """Nothing to do."""


def natural(name: str) -> list[tuple[int, str]]:
    """A sorting key that puts slide2 before slide10."""
    return [
        (int(part), "") if part.isdigit() and len(part) < 10 else (-1, part)
        for part in re.split(r"(\d+)", name)
    ]
