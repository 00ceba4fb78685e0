"""Names and wide numbers in zip headers."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING

from scanner.extract import _charset

if TYPE_CHECKING:
    from scanner.extract._zip import Member

_UTF8 = 0x800
_MAX32 = 0xFFFFFFFF


def fields(extra: bytes) -> dict[int, bytes]:
    """The extra fields of a header by their number; a broken tail is left out."""
    found: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(extra):
        number, length = struct.unpack("<HH", extra[at : at + 4])
        found[number] = extra[at + 4 : at + 4 + length]
        at += 4 + length
    return found


def wide(extra: bytes, size: int, packed: int, start: int) -> tuple[int, int, int]:
    """Size, packed size and place, taken from the wide field where the narrow ones say so."""
    if _MAX32 not in (size, packed, start):
        return size, packed, start
    data = fields(extra).get(1, b"")
    numbers = [
        struct.unpack("<Q", data[at : at + 8])[0] for at in range(0, len(data) - len(data) % 8, 8)
    ]
    size, packed, start = (
        numbers.pop(0) if value == _MAX32 and numbers else value for value in (size, packed, start)
    )
    return size, packed, start


def named(raw: list[tuple[bytes, Member]]) -> list[Member]:
    """The members with their names decoded: as marked, else by the look of all names together."""
    unmarked = b"\n".join(
        name for name, member in raw if not member.flags & _UTF8 and not name.isascii()
    )
    found = _charset.guess(unmarked[:65536]) if unmarked else None
    usual = found.encoding if found else "cp437"
    if usual.startswith(("cp125", "iso8859", "mac", "utf-16", "utf-32")):
        usual = "cp437"
    return [replace(member, name=_decode(name, member, usual)) for name, member in raw]


def _decode(name: bytes, member: Member, usual: str) -> str:
    if name.isascii():
        return name.decode("ascii")
    told = fields(member.extra).get(0x7075, b"")
    if len(told) > 5:
        return told[5:].decode("utf-8", "replace")
    for encoding in ("utf-8", usual, "gb18030"):
        try:
            return name.decode(encoding)
        except UnicodeDecodeError:
            continue
    return name.decode("cp437", "replace")
