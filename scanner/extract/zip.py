"""Zip archives, also behind a program (self-extracting) and without their directory."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import partial

from scanner.extract._zip import Archive
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Child, Piece

_END = b"PK\x05\x06"


def has_directory(blob: Blob) -> bool:
    """True where the end of the blob tells of a zip directory that is really there."""
    if blob.size < 22:
        return False
    tail = blob.tail(65557)
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < 22:
        return False
    length, offset = struct.unpack_from("<II", tail, at + 12)
    begin = blob.size - len(tail) + at - length
    return any(place >= 0 and blob.at(place, 4) == b"PK\x01\x02" for place in (begin, offset))


def _claims(head: bytes, blob: Blob, name: str) -> int:
    """70 for a plain archive, so that formats made of one can claim more."""
    if head.startswith((b"PK\x03\x04", b"PK\x07\x08PK\x03\x04", b"PK00PK\x03\x04")):
        return 70
    if head.startswith(_END):
        return 85
    if head[:4] == b"PK\x07\x08" and name.lower().endswith((".z01", ".zip")):
        return 60
    if not has_directory(blob):
        return 0
    return 80 if head.startswith((b"MZ", b"\x7fELF", b"#!")) else 55


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    archive = Archive(blob, budget)
    for member in archive.members:
        if not member.folder:
            yield Child(member.name, partial(archive.open, member), member.size)
    yield from archive.gaps


FORMAT = Format("zip", _claims, _read, ("zip", "jar", "apk", "zipx"))
