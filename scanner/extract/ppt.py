"""Presentations of the binary kind: PPT, PPS, POT."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING

from scanner.extract import _compound, _doctext, _macro, _olebuild, _olekind
from scanner.extract._flow import Flow
from scanner.extract.base import Blob, Budget, Format
from scanner.extract.office_encrypted import decrypted
from scanner.model.content import Child, Gap, Kind, Piece, Segment
from scanner.model.errors import Unread

if TYPE_CHECKING:
    from olefile import OleFileIO

_SLIDE, _NOTES, _MASTER, _LIST = 1006, 1008, 1016, 4080
_PERSIST, _CHARS, _BYTES, _STRING = 1011, 4000, 4008, 4026
_COMMENT, _FOOTERS, _OBJECT, _CRYPT = 12000, 4057, 4113, 12052
_PROMPT = re.compile(
    r"^(Click to edit .*|(Second|Third|Fourth|Fifth) level|单击此处编辑.*|第[二三四五]级|\*|"
    r"___PPT\d+|Default Design|默认设计模板)$",
    re.IGNORECASE,
)
_MOST = 64 << 20


def claims(head: bytes, blob: Blob, name: str) -> int:
    """95 for a compound file with a presentation at its root."""
    return 95 if _olekind.kind(head, blob) == "ppt" else 0


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    """Slides, notes, comments, footers, properties, macros, pictures and embedded documents."""
    with _compound.opened(blob, budget) as ole:
        data = _compound.stream(ole, "PowerPoint Document")
        walk = _Walk(data)
        walk.run(budget)
        if not walk.encrypted:
            yield from _pieces(ole, data, walk, budget)
            return
    plain = decrypted(blob.all(budget), budget)
    if plain is None:
        raise Unread("encrypted", "no password given opens it")
    budget.spend_bytes(len(plain))
    with _compound.opened(Blob.of(plain), budget) as ole:  # its record of encryption stays in it
        data = _compound.stream(ole, "PowerPoint Document")
        walk = _Walk(data)
        walk.run(budget)
        yield from _pieces(ole, data, walk, budget)


def _pieces(ole: OleFileIO, data: bytes, walk: _Walk, budget: Budget) -> Iterator[Piece]:
    yield from walk.out
    for number, (start, length, packed) in enumerate(walk.objects, 1):
        yield from _object(data[start : start + length], packed, number, budget)
    yield from _compound.properties(ole)
    yield from _macro.of_ole(ole)
    yield from _olebuild.objects(ole)
    yield from _doctext.pictures(_compound.stream(ole, "Pictures"))
    if walk.broken:
        yield Gap("damaged", "document", "a record is longer than its place")


def _object(data: bytes, packed: bool, number: int, budget: Budget) -> Iterator[Piece]:
    if packed:
        try:
            data = zlib.decompressobj().decompress(data[4:], min(_MOST, budget.limits.member_bytes))
        except zlib.error:
            yield Gap("damaged", f"object {number}")
            return
    if data.startswith(_olekind.MAGIC):
        import olefile

        with olefile.OleFileIO(BytesIO(data)) as ole:
            macros = list(_macro.of_ole(ole))
            inner = list(_olebuild.objects(ole)) if not macros else []
            yield from macros
            known = _olekind.kind(data[:512], Blob.of(data))
            if macros or (known == "other" and not inner):
                yield from _compound.properties(ole) if macros else ()
                if not macros:
                    yield Child(f"object {number}", partial(BytesIO, data), len(data))
                return
    yield Child(f"object {number}", partial(BytesIO, data), len(data))


class _Walk:
    """The records of the document's stream, containers entered without recursion."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.out: list[Segment] = []
        self.objects: list[tuple[int, int, bool]] = []
        self.encrypted = self.broken = False
        self._flow = Flow(self.out, "")
        self._place = ("", Kind.BODY)
        self._slides = self._notes = self._listed = 0

    def run(self, budget: Budget) -> None:
        """Reads all records."""
        stack = [(len(self.data), ("", Kind.BODY))]
        at = 0
        count = 0
        while stack:
            end, place = stack[-1]
            if at + 8 > end:
                at = end
                stack.pop()
                continue
            head, sort, length = struct.unpack_from("<HHI", self.data, at)
            at += 8
            stop = at + length
            if stop > end:
                self.broken = self.broken or stop > len(self.data)
                stop = end
            count += 1
            if count % 10000 == 0:
                budget.check_time()
            if head & 0xF == 0xF and sort != 0x0FFF and len(stack) < 1000:
                stack.append((stop, self._entered(sort, head >> 4, place)))
                continue
            self._record(sort, head >> 4, at, stop, place)
            at = stop
        self._flow.flush()

    def _entered(self, sort: int, instance: int, place: tuple[str, Kind]) -> tuple[str, Kind]:
        if sort == _SLIDE:
            self._slides += 1
            return (f"slide {self._slides}", Kind.BODY)
        if sort == _NOTES:
            self._notes += 1
            return (f"notes {self._notes}", Kind.HIDDEN)
        if sort == _MASTER:
            return ("master", Kind.HIDDEN)
        if sort == _LIST:
            self._listed = 0
            return (("outline", "master", "notes")[min(instance, 2)], Kind.BODY)
        if sort == _COMMENT:
            return (f"{place[0]} comments".strip(), Kind.HIDDEN)
        if sort == _CRYPT:
            self.encrypted = True
        if sort == _FOOTERS:
            return (f"{place[0]} header and footer".strip(), Kind.BODY)
        return place

    def _record(
        self, sort: int, instance: int, at: int, stop: int, place: tuple[str, Kind]
    ) -> None:
        if sort == _PERSIST:
            self._listed += 1
        elif sort == _CRYPT:
            self.encrypted = True
        elif sort == _OBJECT:
            self.objects.append((at, stop - at, instance == 1))
        elif sort in (_CHARS, _STRING):
            self._text(self.data[at:stop].decode("utf-16-le", "replace"), place)
        elif sort == _BYTES:
            self._text(self.data[at:stop].decode("latin-1"), place)

    def _text(self, text: str, place: tuple[str, Kind]) -> None:
        label, kind = place
        if label == "outline":
            label = f"slide {self._listed}"
        if (label, kind) != self._place:
            self._flow.flush()
            self._place = (label, kind)
            self._flow = Flow(self.out, label, kind)
        for line in text.replace("\x0b", "\r").replace("\0", "").split("\r"):
            if line.strip() and not _PROMPT.match(line.strip()):
                self._flow.add(line)


FORMAT = Format("ppt", claims, read, ("ppt", "pps", "pot"))
