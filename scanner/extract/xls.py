"""Workbooks of the binary kind: XLS of Excel 2 to 2003."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING

from scanner.extract import _biff, _compound, _doctext, _macro, _olebuild, _olekind
from scanner.extract._xlsbook import Book
from scanner.extract.base import Blob, Budget, Format
from scanner.extract.office_encrypted import decrypted, read_as_found
from scanner.model.content import Gap, Piece
from scanner.model.errors import Unread

if TYPE_CHECKING:
    from olefile import OleFileIO

_BARE = (b"\x09\x08", b"\x09\x04", b"\x09\x02", b"\x09\x00")


def claims(head: bytes, blob: Blob, name: str) -> int:
    """95 for a compound file with a workbook at its root, 70 for a bare stream of records."""
    if _olekind.kind(head, blob) == "xls":
        return 95
    if head[:2] in _BARE and len(head) > 12:
        length, _, sort = struct.unpack_from("<HHH", head, 2)
        if 4 <= length <= 16 and sort in (0x05, 0x06, 0x10, 0x20, 0x40, 0x100):
            return 70
    return 0


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    """Every sheet as a table, then properties, macros, pictures and embedded documents."""
    if not blob.head(8).startswith(_olekind.MAGIC):
        yield from _book(blob.all(budget), blob, name, budget)
        return
    with _compound.opened(blob, budget) as ole:
        found = {"/".join(path).lower(): path for path in ole.listdir(storages=False)}
        for wanted in ("workbook", "book"):
            if wanted in found:
                yield from _book(_compound.stream(ole, found[wanted]), blob, name, budget)
                break
        yield from _around(ole)


def _book(data: bytes, blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    book = Book(data)
    for segment in book.run():
        budget.check_time()
        yield segment
    if book.encrypted:
        plain = decrypted(blob.all(budget), budget)
        if plain is None:
            raise Unread("encrypted", "no password given opens it")
        yield from read_as_found(_without_password(plain), name, budget)
        return
    if book.broken:
        yield Gap("damaged", "workbook", "a record is cut short")
    yield from _doctext.pictures(_drawings(data))


def _without_password(data: bytes) -> bytes:
    """The decrypted workbook with its password record turned into one that says nothing."""
    import io

    import olefile

    with olefile.OleFileIO(io.BytesIO(data)) as ole:
        path = next((one for one in ("Workbook", "Book") if ole.exists(one)), None)
        if path is None:
            return data
        stream = _compound.stream(ole, path)
    for at, number, body in _biff.records(stream):
        if number == 0x2F:
            old = stream[at : at + 4 + len(body)]
            return data.replace(old, b"\x2f\xf0" + old[2:], 1)
        if at > 4096:
            break
    return data


def _drawings(data: bytes) -> bytes:
    """The bytes of the drawing group, where the pictures are."""
    parts = []
    last = 0
    for _, number, body in _biff.records(data):
        if number == 0xEB or (number == 0x3C and last == 0xEB):
            parts.append(body)
        if number != 0x3C:
            last = number
    return b"".join(parts)


def _around(ole: OleFileIO) -> Iterator[Piece]:
    yield from _compound.properties(ole)
    yield from _macro.of_ole(ole)
    yield from _olebuild.objects(ole)


FORMAT = Format("xls", claims, read, ("xls", "xlt", "xlm"))
