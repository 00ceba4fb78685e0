"""Windows metafiles (EMF, WMF): the text drawn in them, and pictures kept whole inside."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from scanner.extract import _charset, _doctext
from scanner.extract._flow import Flow
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Gap, Piece, Segment

_PLACEABLE = b"\xd7\xcd\xc6\x9a"
_BARE = (b"\x01\x00\x09\x00\x00\x03", b"\x02\x00\x09\x00\x00\x03", b"\x01\x00\x09\x00\x00\x01")
_MOST = 5_000_000


def claims(head: bytes, blob: Blob, name: str) -> int:
    """90 for the first record of a metafile."""
    if head[:4] == b"\x01\0\0\0" and head[40:44] == b" EMF":
        return 90
    return 85 if head.startswith((_PLACEABLE, *_BARE)) else 0


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    """The drawn text, what stands at one height on one line."""
    data = blob.all(budget)
    lines = _Lines()
    whole = (_wide if data[40:44] == b" EMF" else _narrow)(data, lines, budget)
    lines.finish()
    yield from lines.out
    yield from _doctext.pictures(data)
    if not whole:
        yield Gap("damaged", "", "a record is cut off")


class _Lines:
    def __init__(self) -> None:
        self.out: list[Segment] = []
        self._flow = Flow(self.out)
        self._height: int | None = None
        self._texts: list[str] = []

    def add(self, height: int, text: str) -> None:
        """Text drawn at a height."""
        text = text.replace("\0", "").strip("\r\n")
        if not text:
            return
        if height != self._height:
            self.finish_line()
        self._height = height
        self._texts.append(text)

    def finish_line(self) -> None:
        """The line so far is done."""
        if self._texts:
            self._flow.add("".join(self._texts) if _letters(self._texts) else " ".join(self._texts))
        self._texts = []

    def finish(self) -> None:
        """Give out what is left."""
        self.finish_line()
        self._flow.flush()


def _letters(texts: list[str]) -> bool:
    """True where a line was drawn letter by letter."""
    return sum(map(len, texts)) < len(texts) * 2


def _wide(data: bytes, lines: _Lines, budget: Budget) -> bool:
    """Reads the records of an EMF; False where they break off."""
    at = count = 0
    while at + 8 <= len(data) and count < _MOST:
        sort, size = struct.unpack_from("<II", data, at)
        if size < 8 or at + size > len(data):
            return False
        record = data[at : at + size]
        if sort in (83, 84) and size >= 52:
            height, length, start = struct.unpack_from("<iII", record, 40)
            lines.add(height, _string(record, start, length, sort == 84))
        elif sort == 108 and size >= 36:
            height, length, options = struct.unpack_from("<iII", record, 12)
            start = 36 if options & 0x100 else 52
            lines.add(height, _string(record, start, length, not options & 0x200))
        elif sort == 70 and record[12:16] == b"EMF+":
            _plus(record, lines)
        elif sort == 14:
            return True
        at += size
        count += 1
        if count % 4096 == 0:
            budget.check_time()
    return False


def _plus(record: bytes, lines: _Lines) -> None:
    at = 16
    while at + 12 <= len(record):
        sort, _, size, _ = struct.unpack_from("<HHII", record, at)
        if size < 12:
            return
        if sort == 0x401C and at + 40 <= len(record):
            length = struct.unpack_from("<I", record, at + 20)[0]
            height = int(struct.unpack_from("<f", record, at + 28)[0]) if size >= 40 else 0
            lines.add(height, _string(record, at + 40, length, True))
        at += size


def _string(record: bytes, start: int, length: int, wide: bool) -> str:
    if length > 65536:
        return ""
    if wide:
        return record[start : start + length * 2].decode("utf-16-le", "replace")
    return _decoded(record[start : start + length])


def _decoded(raw: bytes) -> str:
    found = _charset.guess(raw) if not raw.isascii() else None
    return raw.decode(found.encoding if found else "cp1252", "replace")


def _narrow(data: bytes, lines: _Lines, budget: Budget) -> bool:
    """Reads the records of a WMF; False where they break off."""
    at = (22 if data.startswith(_PLACEABLE) else 0) + 18
    count = 0
    while at + 6 <= len(data) and count < _MOST:
        words, sort = struct.unpack_from("<IH", data, at)
        if sort == 0:
            return True
        size = words * 2
        if size < 6 or at + size > len(data):
            return False
        body = data[at + 6 : at + size]
        if sort == 0x0521 and len(body) >= 2:
            length = struct.unpack_from("<H", body)[0]
            end = 2 + length + (length & 1)
            height = struct.unpack_from("<h", body, end)[0] if len(body) >= end + 4 else 0
            lines.add(height, _decoded(body[2 : 2 + length]))
        elif sort == 0x0A32 and len(body) >= 8:
            height, _, length, options = struct.unpack_from("<hhHH", body)
            start = 16 if options & 6 else 8
            lines.add(height, _decoded(body[start : start + length]))
        at += size
        count += 1
        if count % 4096 == 0:
            budget.check_time()
    return False


FORMAT = Format("metafile", claims, read, ("emf", "wmf"))
