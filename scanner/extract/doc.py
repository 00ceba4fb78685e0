"""Word documents of the binary kind: DOC of Word 97 and later, 6 and 95."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING

from scanner.extract import _charset, _compound, _doctext, _macro, _olebuild, _olekind
from scanner.extract.base import Blob, Budget, Format
from scanner.extract.office_encrypted import decrypted, read_as_found
from scanner.model.content import Gap, Kind, Piece
from scanner.model.errors import Unread

if TYPE_CHECKING:
    from olefile import OleFileIO

_PARTS = (
    ("", Kind.BODY, 0x4C),
    ("footnotes", Kind.BODY, 0x50),
    ("headers and footers", Kind.BODY, 0x54),
    ("macro text", Kind.HIDDEN, 0x58),
    ("comments", Kind.HIDDEN, 0x5C),
    ("endnotes", Kind.BODY, 0x60),
    ("text boxes", Kind.BODY, 0x64),
    ("header text boxes", Kind.BODY, 0x68),
)
_CLX = 0x1A2


def claims(head: bytes, blob: Blob, name: str) -> int:
    """95 for a compound file with a Word document at its root, 60 for the older bare kind."""
    if _olekind.kind(head, blob) == "doc":
        return 95
    return 60 if head[:2] in (b"\xdb\xa5", b"\xdc\xa5") and len(head) > 512 else 0


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    """Text, notes, headers, comments, text boxes, properties, macros and embedded documents."""
    if not blob.head(8).startswith(_olekind.MAGIC):
        yield from _old(blob.all(budget))
        return
    with _compound.opened(blob, budget) as ole:
        word = _compound.stream(ole, "WordDocument")
        if len(word) > 12 and struct.unpack_from("<H", word, 10)[0] & 0x100:
            data = decrypted(blob.all(budget), budget)
            if data is None or _same(data):
                raise Unread("encrypted", "no password given opens it")
            yield from read_as_found(data, name, budget)
            return
        yield from _document(ole, word)
        yield from _around(ole)


def _same(data: bytes) -> bool:
    """True where the bytes still say that they are encrypted."""
    import io

    import olefile

    with olefile.OleFileIO(io.BytesIO(data)) as ole:
        word = _compound.stream(ole, "WordDocument")
    return len(word) < 12 or bool(struct.unpack_from("<H", word, 10)[0] & 0x100)


def _around(ole: OleFileIO) -> Iterator[Piece]:
    yield from _compound.properties(ole)
    yield from _macro.of_ole(ole)
    yield from _olebuild.objects(ole)
    data = _compound.stream(ole, "Data")
    yield from _doctext.pictures(data)


def _document(ole: OleFileIO, word: bytes) -> Iterator[Piece]:
    if len(word) < 0x6C:
        raise Unread("damaged", "the main stream is too short")
    version = struct.unpack_from("<H", word, 2)[0]
    if version < 0xC1 and word[:2] != b"\xec\xa5":
        yield from _old(word)
        return
    flags = struct.unpack_from("<H", word, 10)[0]
    table = _compound.stream(ole, "1Table" if flags & 0x200 else "0Table")
    offset, length = struct.unpack_from("<II", word, _CLX) if len(word) >= _CLX + 8 else (0, 0)
    clx = table[offset : offset + length]
    text, whole = _doctext.pieces(clx, word)
    if not text:
        begin, end = struct.unpack_from("<II", word, 0x18)
        text, whole = _doctext.plain(word[begin:end]), False
    at = 0
    length = len(text) // 2
    for locator, kind, place in _PARTS:
        count = struct.unpack_from("<I", word, place)[0]
        if locator == "":
            count = min(count, length)
        if 0 < count <= length - at:
            yield from _doctext.segments(_doctext.units(text, at, count), locator, kind)
            at += count
    if length - at > 3:
        rest = _doctext.units(text, at, length - at)
        yield from _doctext.segments(rest, "end of the document", Kind.HIDDEN)
    if not whole:
        yield Gap("damaged", "document", "its table of pieces is broken")


def _old(word: bytes) -> Iterator[Piece]:
    """The text of Word 2, 6 and 95: bytes in the code page of its author."""
    if len(word) < 0x20:
        raise Unread("damaged", "the main stream is too short")
    if struct.unpack_from("<H", word, 10)[0] & 0x100:
        raise Unread("encrypted", "Word 95 encryption")
    begin, end = struct.unpack_from("<II", word, 0x18)
    data = word[begin:end] if begin < end else word[0x300:]
    found = _charset.guess(data.translate(None, bytes(range(9))))
    text = data.decode(found.encoding if found else "cp1252", "replace")
    yield from _doctext.segments(text, "", Kind.BODY)


FORMAT = Format("doc", claims, read, ("doc", "dot"))
