"""Compound files (OLE): their streams, property sets and stored objects."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any

from scanner.extract._choose import claims
from scanner.extract._inline import DOCUMENT, child_of
from scanner.extract._mailtext import decode
from scanner.extract.base import Blob, Budget
from scanner.model.content import Kind, Piece, Segment

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SETS = ("\x05SummaryInformation", "\x05DocumentSummaryInformation")
_TITLES = {2: "title", 3: "subject", 4: "author", 5: "keywords", 6: "comments", 8: "last author"}


def opened(blob: Blob, budget: Budget) -> Any:
    """The compound file."""
    import olefile

    return olefile.OleFileIO(io.BytesIO(blob.all(budget)))


def mentions(blob: Blob, *names: str) -> bool:
    """True where a stream or storage of one of these names seems to be in the file.

    Looks at the sectors of the directory only; cheap enough for a claim.
    """
    head = blob.head(512)
    if not head.startswith(MAGIC) or len(head) < 76:
        return False
    shift = struct.unpack_from("<H", head, 30)[0]
    first = struct.unpack_from("<I", head, 48)[0]
    if shift not in (9, 12):
        return False
    size = 1 << shift
    wanted = [name.encode("utf-16-le") for name in names]
    directory = blob.at((first + 1) * size, size * 4)
    if any(one in directory for one in wanted):
        return True
    step = 1 << 20
    return any(
        any(one in data for one in wanted)
        for data in (blob.at(at, step + 128) for at in range(0, min(blob.size, 8 << 20), step))
    )


def stream(ole: Any, path: list[str] | str) -> bytes:
    """The bytes of a stream; what can be read of a damaged one."""
    try:
        return bytes(ole.openstream(path).read())
    except (OSError, ValueError, IndexError, struct.error):
        return b""


def properties(ole: Any) -> Iterator[Piece]:
    """The summary properties as one segment."""
    lines: list[str] = []
    for name in _SETS:
        if not ole.exists(name):
            continue
        try:
            values = ole.getproperties(name, convert_time=False, no_conversion=[])
        except Exception:  # noqa: BLE001, S112  broken properties do not hide the rest
            continue
        for number, value in values.items():
            lines += _lines(_TITLES.get(number, "") if name == _SETS[0] else "", value)
        if name == _SETS[1]:
            lines += _own_properties(stream(ole, name))
    if lines:
        yield Segment("\n".join(dict.fromkeys(lines)), "properties", Kind.META)


def _lines(label: str, value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    found = []
    for one in values:
        text = decode(one) if isinstance(one, bytes) and len(one) < 1 << 20 else one
        if isinstance(text, str) and text.strip("\0 \r\n") and "\0\0" not in text.strip("\0"):
            clean = " ".join(text.replace("\0", " ").split())
            found.append(f"{label}: {clean}" if label else clean)
    return found


def _own_properties(data: bytes) -> list[str]:
    """The strings of the user's own properties (the second section of the set)."""
    if len(data) < 68 or struct.unpack_from("<I", data, 24)[0] < 2:
        return []
    from scanner.extract._raw import strings

    return strings(data[struct.unpack_from("<I", data, 64)[0] :])


def ole10_native(data: bytes) -> tuple[str, bytes] | None:
    """Name and bytes of the file inside an Ole10Native stream."""
    if len(data) < 12:
        return None
    at = 6
    names = []
    for _ in range(2):
        stop = data.find(b"\0", at, at + 1024)
        if stop < 0:
            return None
        names.append(decode(data[at:stop]))
        at = stop + 1
    if len(data) < at + 8:
        return None
    length = struct.unpack_from("<I", data, at + 4)[0]
    at += 8 + length
    if length > 4096 or len(data) < at + 4:
        return None
    size = struct.unpack_from("<I", data, at)[0]
    body = data[at + 4 : at + 4 + size]
    return (names[0] or names[1].rsplit("\\", 1)[-1] or "object", body) if body else None


def objects(ole: Any, prefix: list[str]) -> Iterator[Piece]:
    """Files and documents stored in streams below `prefix`."""
    for path in ole.listdir(streams=True, storages=False):
        if path[: len(prefix)] != prefix:
            continue
        last = path[-1]
        data = b""
        if last == "\x01Ole10Native":
            native = ole10_native(stream(ole, path))
            if native:
                yield child_of(native[1], native[0])
        elif last.upper() in ("CONTENTS", "PACKAGE", "EMBEDDEDODF"):
            data = stream(ole, path)
        if data and (found := claims(Blob.of(data), "")) and found[0][0] >= DOCUMENT:
            yield child_of(data, "/".join(part for part in path if part.isprintable()))
