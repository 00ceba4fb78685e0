"""The text of binary Word documents: put together from its pieces, its marks understood."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from functools import partial
from io import BytesIO

from scanner.extract import _flow
from scanner.extract._flow import Flow
from scanner.model.content import Child, Kind, Layout, Piece, Segment

_FIELD = re.compile("\x13([^\x13\x14\x15]*)(?:\x14([^\x13\x14\x15]*))?\x15")
_TRANSLATED: dict[int, str | None] = {
    **dict.fromkeys((0, 1, 2, 3, 4, 5, 8, 0x13, 0x14, 0x15, 0x1F)),
    0x0B: "\n",
    0x0C: "\n",
    0x1E: "-",
    0xA0: " ",
}
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


def pieces(clx: bytes, word: bytes) -> tuple[bytes, bool]:
    """The document's text as UTF-16LE, and whether its table of pieces is sound.

    The places in a document count units of UTF-16, not characters.
    """
    at = 0
    while at + 3 <= len(clx) and clx[at] == 1:
        at += 3 + struct.unpack_from("<H", clx, at + 1)[0]
    if at + 5 > len(clx) or clx[at] != 2:
        return b"", False
    length = struct.unpack_from("<I", clx, at + 1)[0]
    table = clx[at + 5 : at + 5 + length]
    count = (len(table) - 4) // 12
    texts = []
    whole = True
    for number in range(count):
        begin, end = struct.unpack_from("<II", table, number * 4)
        place = struct.unpack_from("<I", table, (count + 1) * 4 + number * 8 + 2)[0]
        if end < begin:
            whole = False
            continue
        if place & 0x40000000:
            start = (place & 0x3FFFFFFF) // 2
            data = word[start : start + end - begin]
            texts.append(data.decode("cp1252", "replace").encode("utf-16-le"))
            whole = whole and len(data) == end - begin
        else:
            data = word[place : place + (end - begin) * 2]
            texts.append(data)
            whole = whole and len(data) == (end - begin) * 2
    return b"".join(texts), whole


def plain(data: bytes) -> bytes:
    """Text without a table of pieces, as UTF-16LE: so it stands, or one byte a character."""
    if data.count(0) * 3 > len(data):
        return data
    return data.decode("cp1252", "replace").encode("utf-16-le")


def units(text: bytes, start: int, count: int) -> str:
    """The characters between two places of UTF-16LE text."""
    return text[start * 2 : (start + count) * 2].decode("utf-16-le", "replace")


def segments(text: str, locator: str, kind: Kind) -> Iterator[Segment]:
    """Lines as text, tables as tables, instructions of fields apart."""
    codes: list[str] = []

    def field(match: re.Match[str]) -> str:
        codes.append(match.group(1).strip())
        return match.group(2) or ""

    for _ in range(20):
        text, changed = _FIELD.subn(field, text)
        if not changed:
            break
    text = text.translate(_TRANSLATED)
    out: list[Segment] = []
    _Blocks(out, locator, kind).read(text)
    yield from out
    yield from _flow.listed(codes, f"{locator} field codes".strip(), Kind.HIDDEN)


class _Blocks:
    def __init__(self, out: list[Segment], locator: str, kind: Kind) -> None:
        self.out = out
        self.locator = locator
        self.kind = kind
        self.flow = Flow(out, locator, kind)
        self.marks: list[str] = []
        self.count = 0

    def read(self, text: str) -> None:
        """Everything into `out`."""
        for line in text.split("\r"):
            if "\x07" not in line:
                self._table()
                self.flow.add(line)
                continue
            *cells, rest = line.split("\x07")
            self.marks += cells
            if rest:
                self._table()
                self.flow.add(rest)
        self._table()
        self.flow.flush()

    def _table(self) -> None:
        """The cells so far as rows: a row ends with an empty mark of its own."""
        marks, self.marks = self.marks, []
        if not marks:
            return
        self.flow.flush()
        self.count += 1
        label = f"{self.locator} table {self.count}".strip()
        flow = Flow(self.out, label, self.kind, Layout.TABLE)
        width = _width(marks)
        if width:
            for at in range(0, len(marks), width + 1):
                flow.row(marks[at : at + width])
        else:
            row: list[str] = []
            for mark in marks:
                if mark or not row:
                    row.append(mark)
                else:
                    flow.row(row)
                    row = []
            if row:
                flow.row(row)
        flow.flush()


def _width(marks: list[str]) -> int:
    """How many cells a row has, 0 where rows differ."""
    for width in range(1, min(64, len(marks))):
        if len(marks) % (width + 1) == 0 and not any(marks[width :: width + 1]):
            return width
    return 0


def pictures(data: bytes) -> Iterator[Piece]:
    """PNG and JPEG pictures in a stream of drawing data, as children."""
    number = 0
    at = 0
    while True:
        found = [place for magic in _PICTURES if (place := data.find(magic, at)) >= 0]
        if not found:
            return
        start = min(found)
        end = _picture_end(data, start)
        number += 1
        ending = "png" if data[start] == 0x89 else "jpg"
        yield Child(f"picture {number}.{ending}", partial(BytesIO, data[start:end]), end - start)
        at = max(end, start + 8)


def _picture_end(data: bytes, start: int) -> int:
    if data[start] == 0x89:
        place = data.find(b"IEND\xaeB`\x82", start)
        return place + 8 if place >= 0 else len(data)
    place = data.find(b"\xff\xd9", start)
    nested = data.find(b"\xff\xd8\xff", start + 3, place if place >= 0 else len(data))
    while nested >= 0 and place >= 0:  # a thumbnail inside
        place = data.find(b"\xff\xd9", place + 2)
        nested = data.find(b"\xff\xd8\xff", nested + 3, place if place >= 0 else len(data))
    return place + 2 if place >= 0 else len(data)
