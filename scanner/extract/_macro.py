"""Macros: the source of VBA projects, decompressed, as hidden text."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from scanner.extract import _flow
from scanner.model.content import Gap, Kind, Piece

if TYPE_CHECKING:
    from olefile import OleFileIO

_MOST = 32 << 20
_NAME = re.compile(r"^(dir|_vba_project|__srp_.*|projectwm|project)$", re.IGNORECASE)


def of_project(data: bytes) -> Iterator[Piece]:
    """The modules of a vbaProject.bin."""
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            yield from of_ole(ole)
    except (OSError, ValueError, IndexError, TypeError):
        yield Gap("damaged", "macros")


def of_ole(ole: OleFileIO) -> Iterator[Piece]:
    """The modules of every VBA storage in a compound file."""
    for path in ole.listdir(streams=True, storages=False):
        if len(path) < 2 or path[-2].lower() != "vba" or _NAME.match(path[-1]):
            continue
        data = ole.openstream(path).read(_MOST)
        source = module(data)
        if source:
            yield from _flow.listed([source], f"macro {path[-1]}", Kind.HIDDEN)


def module(data: bytes) -> str:
    """The source in a module's stream: its compressed container is the one that unpacks longest."""
    best = b""
    at = -1
    while (at := data.find(b"\x00Attribut", at + 1)) >= 0:
        start = at - 3
        if start >= 0 and data[start] == 1:
            best = max(best, decompressed(data[start:]), key=len)
    if not best:
        at = -1
        while (at := data.find(b"\x01", at + 1)) >= 0 and not best:
            if at + 3 <= len(data) and data[at + 2] & 0x70 == 0x30:
                made = decompressed(data[at:])
                best = made if len(made) > 8 and made.isascii() else b""
    return text(best)


def text(data: bytes) -> str:
    """Source in the code page of its author: Chinese where it can be."""
    from scanner.extract._charset import guess

    found = guess(data)
    return data.decode(found.encoding if found else "cp1252", "replace").replace("\r\n", "\n")


def decompressed(data: bytes) -> bytes:
    """A container of the run-length scheme of VBA undone, as far as it is sound."""
    out = bytearray()
    at = 1
    while at + 2 <= len(data) and len(out) < _MOST:
        header = int.from_bytes(data[at : at + 2], "little")
        if header & 0x7000 != 0x3000:
            break
        end = min(at + 3 + (header & 0xFFF), len(data))
        at += 2
        if not header & 0x8000:
            out += data[at : at + 4096]
            at += 4096
            continue
        if not _chunk(data, at, end, out):
            break
        at = end
    return bytes(out)


def _chunk(data: bytes, at: int, end: int, out: bytearray) -> bool:
    start = len(out)
    while at < end:
        flags = data[at]
        at += 1
        for bit in range(8):
            if at >= end:
                break
            if not flags >> bit & 1:
                out.append(data[at])
                at += 1
                continue
            if at + 2 > end:
                return False
            token = int.from_bytes(data[at : at + 2], "little")
            at += 2
            width = max((len(out) - start - 1).bit_length(), 4)
            length = (token & (0xFFFF >> width)) + 3
            back = (token >> (16 - width)) + 1
            if back > len(out) - start:
                return False
            for _ in range(length):
                out.append(out[-back])
    return True
