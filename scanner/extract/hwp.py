"""Hangul Word Processor 5 documents: paragraphs, properties, embedded files."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any

from scanner.extract import _compound
from scanner.extract._inline import child_of
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Gap, Kind, Piece, Segment
from scanner.model.errors import LimitReached, Unread

_PARAGRAPH = 67
_ONE_UNIT = frozenset((0, 10, 13, 24, 25, 26, 27, 28, 29, 30, 31))


def _claims(head: bytes, blob: Blob, name: str) -> int:
    if not head.startswith(_compound.MAGIC):
        return 0
    return 93 if _compound.mentions(blob, "BodyText") and _compound.mentions(blob, "HwpS") else 0


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    ole = _compound.opened(blob, budget)
    try:
        header = _compound.stream(ole, "FileHeader")
        flags = struct.unpack_from("<I", header, 36)[0] if len(header) >= 40 else 1
        if flags & 2:
            raise Unread("encrypted")
        preview = _compound.stream(ole, "PrvText").decode("utf-16-le", "replace")
        found = False
        for path in sorted(ole.listdir(streams=True, storages=False)):
            budget.check_time()
            for piece in _stream(ole, path, bool(flags & 1), budget):
                found = True
                yield piece
        if preview.strip() and not found:
            yield Segment(preview, "preview")
        yield from _compound.properties(ole)
        if flags & 4:
            yield Gap("encrypted", "", "a copy for distribution")
    finally:
        ole.close()


def _stream(ole: Any, path: list[str], packed: bool, budget: Budget) -> Iterator[Piece]:
    if path[0] == "BodyText":
        data, whole = _unpacked(_compound.stream(ole, path), packed, budget)
        text = _paragraphs(data)
        where = path[-1].lower().replace("section", "section ")
        if text:
            yield Segment(text, where)
        if not whole:
            yield Gap("damaged", where, "compressed data")
    elif path[0] == "BinData":
        data, _ = _unpacked(_compound.stream(ole, path), packed, budget)
        if data:
            yield child_of(data, path[-1])
    elif path[0] == "Scripts" and path[-1] != "JScriptVersion":
        data, _ = _unpacked(_compound.stream(ole, path), packed, budget)
        text = data.decode("utf-16-le", "ignore").replace("\0", "").strip()
        if len(text) > 20:
            yield Segment(text, "script", Kind.HIDDEN)


def _unpacked(data: bytes, packed: bool, budget: Budget) -> tuple[bytes, bool]:
    """The bytes of a stream, and whether all of them came."""
    if not packed:
        return data, True
    engine = zlib.decompressobj(-15)
    limit = budget.limits.member_bytes
    try:
        out = engine.decompress(data, limit)
    except zlib.error:
        return data, False
    if engine.unconsumed_tail:
        raise LimitReached("limit:bytes", "a stream is larger than one member may be")
    budget.spend_bytes(len(out))
    return out, engine.eof


def _paragraphs(data: bytes) -> str:
    lines = []
    at = 0
    while at + 4 <= len(data):
        word = struct.unpack_from("<I", data, at)[0]
        tag, size = word & 0x3FF, word >> 20
        at += 4
        if size == 0xFFF:
            if at + 4 > len(data):
                break
            size = struct.unpack_from("<I", data, at)[0]
            at += 4
        if tag == _PARAGRAPH:
            lines.append(_text(data[at : at + size]))
        at += size
    return "\n".join(line for line in lines if line)


def _text(raw: bytes) -> str:
    """The characters of a paragraph; controls take one unit or eight."""
    out: list[str] = []
    units = struct.unpack(f"<{len(raw) // 2}H", raw[: len(raw) // 2 * 2])
    at = start = 0
    while at < len(units):
        if units[at] >= 32:
            at += 1
            continue
        out.append(raw[start * 2 : at * 2].decode("utf-16-le", "replace"))
        code = units[at]
        out.append({9: "\t", 10: "\n", 24: "-", 30: " ", 31: " "}.get(code, ""))
        at += 1 if code in _ONE_UNIT else 8
        start = at
    out.append(raw[start * 2 :].decode("utf-16-le", "replace"))
    return "".join(out)


FORMAT = Format("hwp", _claims, _read, ("hwp",))
