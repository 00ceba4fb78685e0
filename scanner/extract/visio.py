"""Visio drawings of the binary kind (VSD): the text in their compressed parts."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from scanner.extract import _compound, _flow, _macro, _olebuild, _raw
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Gap, Kind, Piece
from scanner.model.errors import Unread

_TRAILER = 0x24
_MOST = 20_000  # parts
_LARGEST = 32 << 20


def claims(head: bytes, blob: Blob, name: str) -> int:
    """95 for a compound file with a drawing at its root."""
    from scanner.extract import _olekind

    return (
        95
        if _olekind.kind(head, blob) == "other" and "visiodocument" in _olekind.names(blob)
        else 0
    )


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    """The strings of every part; properties, macros and embedded documents."""
    with _compound.opened(blob, budget) as ole:
        path = next(one for one in ole.listdir() if one[-1].lower() == "visiodocument")
        data = _compound.stream(ole, path)
        texts: list[str] = []
        parts = 0
        for part in _parts(data, budget):
            parts += 1
            texts += _raw.strings(part)
        if not parts:
            raise Unread("damaged", "no part can be found")
        yield from _flow.listed(texts, "drawing", Kind.BODY)
        yield from _compound.properties(ole)
        yield from _macro.of_ole(ole)
        yield from _olebuild.objects(ole)
        yield Gap("unsupported", "", "the strings of its parts were read, not their order")


def _parts(data: bytes, budget: Budget) -> Iterator[bytes]:
    """The bytes of every part that the tree of pointers leads to."""
    if len(data) < _TRAILER + 18:
        return
    todo = [data[_TRAILER : _TRAILER + 18]]
    seen: set[tuple[int, int]] = set()
    while todo and len(seen) < _MOST:
        budget.check_time()
        sort, _, offset, length, form = struct.unpack("<IIIIH", todo.pop())
        if (offset, length) in seen or offset + length > len(data) or not length:
            continue
        seen.add((offset, length))
        part = data[offset : offset + length]
        if form & 2:
            part = _unpacked(part)
            budget.spend_bytes(len(part))
        if form & 0xFF >= 0x50 or sort == 0x14 or form >> 4 == 5:
            todo += _pointers(part, 4 if form & 2 else 0)
        yield part


def _pointers(part: bytes, shift: int) -> list[bytes]:
    if len(part) < shift + 4:
        return []
    offset = struct.unpack_from("<I", part, shift)[0]
    start = offset + shift - 4
    if start < 0 or start + 12 > len(part):
        return []
    count = struct.unpack_from("<I", part, start + 4)[0]
    first = start + 12
    return [
        part[at : at + 18]
        for at in range(first, min(first + min(count, _MOST) * 18, len(part) - 17), 18)
    ]


def _unpacked(data: bytes) -> bytes:
    """A part unpacked: bytes and copies out of a window of 4096."""
    window = bytearray(4096)
    out = bytearray()
    at = place = 0
    while at < len(data) and len(out) < _LARGEST:
        flags = data[at]
        at += 1
        for bit in range(8):
            if at >= len(data):
                break
            if flags >> bit & 1:
                window[place & 4095] = data[at]
                out.append(data[at])
                at += 1
                place += 1
                continue
            if at + 1 >= len(data):
                at = len(data)
                break
            low, high = data[at], data[at + 1]
            at += 2
            source = (high & 0xF0) << 4 | low
            source = source - 4078 if source > 4078 else source + 18
            for _ in range((high & 15) + 3):
                byte = window[source & 4095]
                window[place & 4095] = byte
                out.append(byte)
                source += 1
                place += 1
    return bytes(out)


FORMAT = Format("visio", claims, read, ("vsd", "vss", "vst"))
