"""Which document format a compound file holds, told by the entries at the root of its directory."""

from __future__ import annotations

import struct

from scanner.extract.base import Blob

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MOST = 512  # sectors of the directory
_LOCKED = {"encryptedpackage", "\x09drmcontent", "\x06dataspaces"}


def kind(head: bytes, blob: Blob) -> str:
    """locked, doc, xls, ppt, other, or "" for no compound file."""
    if not head.startswith(MAGIC) or blob.size < 512:
        return ""
    if "ole" not in blob.known:
        blob.known["ole"] = _kind(names(blob))
    return blob.known["ole"]


def _kind(found: set[str]) -> str:
    if found & _LOCKED:
        return "locked"
    if "powerpoint document" in found:
        return "ppt"
    if "worddocument" in found:
        return "doc"
    return "xls" if found & {"workbook", "book"} else "other"


def names(blob: Blob) -> set[str]:
    """The names at the root, in lower case; of a damaged directory all names that are seen."""
    head = blob.head(512)
    shift = struct.unpack_from("<H", head, 30)[0]
    if shift not in (9, 12):
        return set()
    entries = [
        data[at : at + 128]
        for data in _sectors(blob, head, 1 << shift)
        for at in range(0, len(data), 128)
        if len(data) - at >= 128
    ]
    if not entries:
        return set()
    found: set[str] = set()
    todo = [struct.unpack_from("<I", entries[0], 76)[0]]
    seen: set[int] = set()
    while todo:
        index = todo.pop()
        if index in seen or not 0 <= index < len(entries):
            continue
        seen.add(index)
        found.add(_name(entries[index]))
        todo += struct.unpack_from("<II", entries[index], 68)
    return found or {_name(entry) for entry in entries[1:]}


def _name(entry: bytes) -> str:
    length = min(64, struct.unpack_from("<H", entry, 64)[0])
    return entry[: max(0, length - 2)].decode("utf-16-le", "ignore").lower()


def _sectors(blob: Blob, head: bytes, size: int) -> list[bytes]:
    """The sectors of the directory, followed through the allocation table."""
    tables = struct.unpack_from("<109I", head, 76)
    per = size // 4
    sector = struct.unpack_from("<I", head, 48)[0]
    found: list[bytes] = []
    seen: set[int] = set()
    while sector < 0xFFFFFFF0 and sector not in seen and len(found) < _MOST:
        seen.add(sector)
        data = blob.at((sector + 1) * size, size)
        if len(data) < 128:
            break
        found.append(data)
        which, place = divmod(sector, per)
        if which >= len(tables) or tables[which] >= 0xFFFFFFF0:
            break
        entry = blob.at((tables[which] + 1) * size + place * 4, 4)
        sector = struct.unpack("<I", entry)[0] if len(entry) == 4 else 0xFFFFFFFF
    return found
