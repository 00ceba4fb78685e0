"""WordPerfect documents: the text of version 6 and later, of earlier ones the strings."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from scanner.extract import _flow, _raw
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Gap, Kind, Piece, Segment
from scanner.model.errors import Unread

_MAGIC = b"\xffWPC"
# Lengths of the codes from 0xF0 on.
_FIXED = (4, 5, 3, 3, 3, 3, 4, 4, 4, 5, 5, 6, 6, 8, 8, 1)
_ENDS = {0x0A: "\t", 0x0B: "\n"}  # of table cells and rows


def claims(head: bytes, blob: Blob, name: str) -> int:
    """95 for its own first bytes."""
    return 95 if head.startswith(_MAGIC) and len(head) > 16 else 0


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    """The text; Unread("encrypted") where it is locked."""
    data = blob.all(budget)
    start = struct.unpack_from("<I", data, 4)[0]
    kind, version, locked = data[9], data[10], struct.unpack_from("<H", data, 12)[0]
    if locked:
        raise Unread("encrypted", "WordPerfect password")
    if kind != 0x0A or version < 2:
        yield from _flow.listed(_raw.strings(data), "strings", Kind.RAW)
        yield Gap("unsupported", "", "an earlier version: only its strings were read")
        return
    text, whole = _text(data, start)
    out: list[Segment] = []
    flow = _flow.Flow(out)
    for line in text.split("\n"):
        flow.add(line)
    flow.flush()
    yield from out
    if not whole:
        yield Gap("damaged", "", "a code is cut off")


def _text(data: bytes, at: int) -> tuple[str, bool]:
    """The text from `at` on, and whether it ends where it should."""
    out: list[str] = []
    while at < len(data):
        code = data[at]
        if 0x21 <= code <= 0x7E:
            out.append(chr(code))
            at += 1
        elif code < 0xD0:
            out.append(_single(code))
            at += 1
        elif code < 0xF0:
            if at + 4 > len(data):
                return "".join(out), False
            size = struct.unpack_from("<H", data, at + 2)[0]
            if code == 0xD0:
                out.append(_ENDS.get(data[at + 1], " " if data[at + 1] in (1, 2, 3) else "\n"))
            if size < 4 or at + size > len(data):
                return "".join(out), False
            at += size
        else:
            if code == 0xF0 and at + 3 < len(data) and data[at + 2] == 0 and data[at + 1] >= 32:
                out.append(chr(data[at + 1]))
            at += _FIXED[code - 0xF0]
    return "".join(out), True


def _single(code: int) -> str:
    if code in (0x80, 0x81, 0xCF):
        return " "
    if code in (0x84, 0x82):
        return "-" if code == 0x84 else ""
    return "\n" if code in (0x87, 0xB7, 0xB8, 0xC7, 0xC8, 0xCC) else ""


FORMAT = Format("wordperfect", claims, read, ("wpd", "wp"))
