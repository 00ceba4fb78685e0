"""dBASE tables (.dbf): field names and records, in the code page they are written in."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from scanner.extract import _charset
from scanner.extract._tables import Rows
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Gap, Piece

_VERSIONS = frozenset(b"\x02\x03\x04\x05\x30\x31\x32\x43\x63\x83\x8b\x8c\x8e\xcb\xe5\xf5\xfb")
_TYPES = frozenset(b"CNFDLMGBPTIYOV+@W0QX")
_PAGES = {
    0x01: "cp437", 0x02: "cp850", 0x03: "cp1252", 0x04: "mac-roman", 0x08: "cp865", 0x09: "cp437",
    0x0A: "cp850", 0x0B: "cp437", 0x0D: "cp437", 0x0E: "cp850", 0x0F: "cp437", 0x10: "cp850",
    0x11: "cp437", 0x12: "cp850", 0x13: "cp932", 0x14: "cp850", 0x15: "cp437", 0x16: "cp850",
    0x17: "cp865", 0x18: "cp437", 0x19: "cp437", 0x1A: "cp850", 0x1B: "cp437", 0x1C: "cp863",
    0x1D: "cp850", 0x1F: "cp852", 0x22: "cp852", 0x23: "cp852", 0x24: "cp860", 0x25: "cp850",
    0x26: "cp866", 0x37: "cp850", 0x40: "cp852", 0x4D: "gb18030", 0x4E: "cp949", 0x4F: "big5hkscs",
    0x50: "cp874", 0x57: "cp1252", 0x58: "cp1252", 0x59: "cp1252", 0x64: "cp852", 0x65: "cp866",
    0x66: "cp865", 0x67: "cp861", 0x6A: "cp737", 0x6B: "cp857", 0x78: "big5hkscs", 0x79: "cp949",
    0x7A: "gb18030", 0x7B: "cp932", 0x7C: "cp874", 0x86: "cp737", 0x87: "cp852", 0x88: "cp857",
    0xC8: "cp1250", 0xC9: "cp1251", 0xCA: "cp1254", 0xCB: "cp1253", 0xCC: "cp1257",
}  # fmt: skip
_ANSI = ("cp1252",)  # often told by programs that wrote something else
_ASIAN = ("gb", "big5", "cp9", "euc", "utf")


@dataclass(frozen=True, slots=True)
class _Field:
    name: bytes
    kind: int
    start: int
    length: int


def _shape(head: bytes) -> tuple[int, int, int] | None:
    """Records, bytes of the header and of a record, where they fit together."""
    if len(head) < 65 or head[0] not in _VERSIONS:
        return None
    count, header, record = struct.unpack_from("<IHH", head, 4)
    if header < 65 or record < 2 or not 1 <= head[2] <= 12 or not 1 <= head[3] <= 31:
        return None
    return count, header, record


def _fields(head: bytes, header: int) -> list[_Field]:
    found: list[_Field] = []
    at, start = 32, 1
    while at + 32 <= header and head[at : at + 1] not in (b"\r", b""):
        kind = head[at + 11]
        length = head[at + 16]
        if kind == 0x43:  # text fields may be longer than one byte tells
            length += head[at + 17] << 8
        found.append(_Field(head[at : at + 11].split(b"\0")[0], kind, start, length))
        start += length
        at += 32
    return found


def _claims(head: bytes, blob: Blob, name: str) -> int:
    shape = _shape(head)
    if shape is None:
        return 0
    fields = _fields(head, min(shape[1], len(head)))
    if not fields or any(one.kind not in _TYPES or not one.length for one in fields):
        return 0
    if fields[-1].start + fields[-1].length > shape[2]:
        return 0
    return 88


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    head = blob.head(65536 + 32)
    shape = _shape(head)
    if shape is None:
        raise ValueError("not a dBASE header")
    count, header, record = shape
    fields = _fields(head, header)
    decode = _decoder(blob, head[29], header)
    rows = Rows("")
    yield from rows.add([decode(one.name) for one in fields])
    at, read = header, 0
    step = max(1, (256 << 10) // record) * record
    while read < count and at < blob.size:
        budget.check_time()
        data = blob.at(at, step)
        for offset in range(0, len(data), record):
            line = data[offset : offset + record]
            if read >= count or line[:1] == b"\x1a":
                break
            read += 1
            yield from rows.add([_cell(line, one, decode) for one in fields])
        at += step
    yield from rows.end()
    if blob.size < header + (count - 1) * record:
        yield Gap("damaged", "", "ends before its last record")


class _Decoder:
    def __init__(self, encoding: str) -> None:
        self.encoding = encoding

    def __call__(self, raw: bytes) -> str:
        return raw.decode(self.encoding, "replace").strip(" \0")


def _decoder(blob: Blob, page: int, header: int) -> _Decoder:
    """By what the bytes look like, else by the code page told."""
    sample = blob.at(header, _charset.SAMPLE).replace(b"\0", b" ")
    told = _PAGES.get(page, "")
    if sample.isascii():
        return _Decoder(told or "utf-8")
    found = _charset.guess(sample + b"\n", "" if told in _ANSI else told)
    if found and told in _ANSI and not found.encoding.startswith(_ASIAN):
        return _Decoder(told)
    return _Decoder(found.encoding if found else told or "gb18030")


def _cell(line: bytes, one: _Field, decode: _Decoder) -> str:
    raw = line[one.start : one.start + one.length]
    if one.kind == 0x49 and len(raw) == 4:
        return str(int.from_bytes(raw, "little", signed=True))
    if one.kind in (0x42, 0x4F) and len(raw) == 8:
        return repr(struct.unpack("<d", raw)[0])
    if one.kind in (0x4D, 0x47, 0x50, 0x54, 0x40, 0x2B, 0x59, 0x30) and not raw.isascii():
        return ""
    return decode(raw)


FORMAT = Format("dbf", _claims, _read, ("dbf",))
