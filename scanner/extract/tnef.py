"""TNEF (winmail.dat): the message, its recipients and its attachments."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from scanner.extract import _mapi
from scanner.extract._inline import child_of
from scanner.extract._mailtext import decode
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Gap, Kind, Piece, Segment

MAGIC = b"\x78\x9f\x3e\x22"
_ATTACH_START, _ATTACH_DATA, _ATTACH_TITLE, _ATTACH_PROPS = 0x9002, 0x800F, 0x8010, 0x9005
_MAPI_PROPS, _RECIPIENTS, _SUBJECT, _BODY, _OEM_PAGE = 0x9003, 0x9004, 0x8004, 0x800C, 0x9007
_WIDTHS = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0xA: 4, 0xB: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_MOST = 20_000


def _claims(head: bytes, blob: Blob, name: str) -> int:
    return 96 if head.startswith(MAGIC) and head[6:7] in (b"\x01", b"\x02") else 0


def _attributes(data: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """Number, bytes and wholeness of each attribute."""
    at = 6
    while at + 9 <= len(data):
        number, _, size = struct.unpack_from("<HHI", data, at + 1)
        body = data[at + 9 : at + 9 + size]
        yield number, body, len(body) == size
        at += 9 + size + 2


def _properties(data: bytes, at: int = 0) -> tuple[_mapi.Bag, int]:
    """A bag of MAPI properties and where it ends."""
    values: dict[int, tuple[int, bytes]] = {}
    numbers: dict[int, int] = {}
    count = struct.unpack_from("<I", data, at)[0]
    at += 4
    for _ in range(min(count, _MOST)):
        if at + 4 > len(data):
            break
        kind, number = struct.unpack_from("<HH", data, at)
        at += 4
        if number >= 0x8000:
            at = _skip_name(data, at)
        at, value = _value(data, at, kind)
        if kind in (2, 3, 0xB) and len(value) >= 4:
            numbers[number] = struct.unpack_from("<I", value)[0]
        values[number] = (kind & 0xFFF, value)
    return _mapi.Bag(values, numbers), at


def _skip_name(data: bytes, at: int) -> int:
    kind, size = struct.unpack_from("<II", data, at + 16)
    at += 24
    return at + -(-size // 4) * 4 if kind == 1 else at


def _value(data: bytes, at: int, kind: int) -> tuple[int, bytes]:
    """Where the value ends, and its bytes (the first of several)."""
    base = kind & 0xFFF
    many = bool(kind & 0x1000)
    if base in _WIDTHS:
        count = 1
        if many:
            count = struct.unpack_from("<I", data, at)[0]
            at += 4
        width = max(4, _WIDTHS[base])
        return at + width * count, data[at : at + width]
    count = struct.unpack_from("<I", data, at)[0]
    at += 4
    first = b""
    for index in range(min(count, _MOST)):
        if at + 4 > len(data):
            break
        size = struct.unpack_from("<I", data, at)[0]
        body = data[at + 4 : at + 4 + size]
        first = body if index == 0 else first
        at += 4 + -(-size // 4) * 4
    return at, first


def _recipients(data: bytes) -> list[_mapi.Bag]:
    count = struct.unpack_from("<I", data)[0]
    found, at = [], 4
    for _ in range(min(count, _MOST)):
        if at + 4 > len(data):
            break
        bag, at = _properties(data, at)
        found.append(bag)
    return found


class _Attachment:
    """What is told of the attachment being read."""

    def __init__(self) -> None:
        self.name = ""
        self.data = b""
        self.bag = _mapi.Bag({})

    def pieces(self, number: int) -> Iterator[Piece]:
        """The attachment as a child."""
        name = self.bag.text(0x3707) or self.name or f"attachment {number}"
        inner = self.bag.raw(0x3701)
        data = self.data or (inner[16:] if len(inner) > 16 else b"")
        if data:
            yield child_of(data, name)


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    data = blob.all(budget)
    message, people = _mapi.Bag({}), []
    current: _Attachment | None = None
    number, codepage, cut = 0, "", False
    plain: list[tuple[str, bytes]] = []
    for attribute, body, whole in _attributes(data):
        budget.check_time()
        cut = cut or not whole
        if attribute == _ATTACH_START:
            if current:
                yield from current.pieces(number)
            current, number = _Attachment(), number + 1
        elif attribute == _OEM_PAGE and len(body) >= 4:
            codepage = _mapi.page(struct.unpack_from("<I", body)[0])
        elif attribute == _MAPI_PROPS:
            message, _ = _properties(body)
        elif attribute == _RECIPIENTS:
            people = _recipients(body)
        elif attribute in (_SUBJECT, _BODY):
            plain.append(("header Subject" if attribute == _SUBJECT else "body", body))
        elif current and attribute == _ATTACH_DATA:
            current.data = body
        elif current and attribute == _ATTACH_TITLE:
            current.name = decode(body.rstrip(b"\0"), codepage)
        elif current and attribute == _ATTACH_PROPS:
            current.bag, _ = _properties(body)
    if current:
        yield from current.pieces(number)
    message.codepage = message.codepage or codepage
    for where, body in plain:
        kind = Kind.META if where.startswith("header") else Kind.BODY
        yield Segment(decode(body.rstrip(b"\0"), codepage), where, kind)
    yield from _mapi.pieces(message, people, "", budget)
    if cut:
        yield Gap("damaged", "", "ends before its last part")


FORMAT = Format("tnef", _claims, _read, ("dat", "tnef"))
