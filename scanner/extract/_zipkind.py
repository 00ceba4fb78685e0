"""Which document format a zip archive holds, told by the names in its directory."""

from __future__ import annotations

import re
import struct

from scanner.extract.base import Blob

_MOST = 4000
_FOLDERS = (
    ("word/", "docx"),
    ("xl/", "xlsx"),
    ("ppt/", "pptx"),
    ("visio/", "vsdx"),
)
_MIMES = (
    ("application/vnd.oasis.opendocument.", "odf"),
    ("application/vnd.sun.xml.", "odf"),
    ("application/epub+zip", "epub"),
    ("application/vnd.adobe.indesign-idml", "idml"),
)


def kind(head: bytes, blob: Blob) -> str:
    """docx, xlsx, xlsb, pptx, vsdx, xps, opc, odf, epub, idml, iwork, zip, or "" for no zip."""
    if head[:2] != b"PK" or head[2:4] not in (b"\x03\x04", b"\x05\x06", b"\x07\x08"):
        return ""
    if "zip" not in blob.known:
        blob.known["zip"] = _kind(head, blob)
    return blob.known["zip"]


def _kind(head: bytes, blob: Blob) -> str:
    names = [name.replace("\\", "/").lstrip("/").lower() for name in _names(head, blob)]
    known = set(names)
    if names[:1] == ["mimetype"] or "mimetype" in known:
        mime = _mime(head)
        for start, found in _MIMES:
            if mime.startswith(start):
                return found
    if "[content_types].xml" in known or "_rels/.rels" in known:
        return _opc(names)
    if "meta-inf/container.xml" in known:
        return "epub"
    if "content.xml" in known and ("meta-inf/manifest.xml" in known or "styles.xml" in known):
        return "odf"
    if "index.xml" in known or "index.apxl" in known:
        return "iwork"
    if any(name.endswith(".iwa") for name in names) or "index.zip" in known:
        return "iwork"
    if any(name.startswith(("word/document", "xl/workbook", "ppt/presentation")) for name in names):
        return _opc(names)
    return "zip"


def _opc(names: list[str]) -> str:
    counts = {found: sum(name.startswith(start) for name in names) for start, found in _FOLDERS}
    best = max(counts, key=lambda found: counts[found])
    if counts[best]:
        if best == "xlsx" and any(re.match(r"xl/workbook\.bin$", name) for name in names):
            return "xlsb"
        return best
    if any(name.endswith((".fpage", ".fdseq")) for name in names):
        return "xps"
    return "opc"


def _mime(head: bytes) -> str:
    place = head.find(b"mimetype", 0, 4096)
    if place < 30:
        return ""
    extra = int.from_bytes(head[place - 2 : place], "little")
    start = place + 8 + extra
    return head[start : start + 100].decode("latin-1").strip()


def _names(head: bytes, blob: Blob) -> list[str]:
    """Names from the directory, else from the headers at the beginning."""
    tail = blob.tail(65557) if blob.size >= 0 else b""
    place = tail.rfind(b"PK\x05\x06")
    if place >= 0 and len(tail) - place >= 22:
        length, offset = struct.unpack("<II", tail[place + 12 : place + 20])
        end = blob.size - len(tail) + place
        for begin in (end - length, offset):
            if 0 <= begin < blob.size and blob.at(begin, 4) == b"PK\x01\x02":
                return _listed(blob.at(begin, min(length, _MOST * 100)))
    names: list[str] = []
    at = 0
    while (at := head.find(b"PK\x03\x04", at)) >= 0 and at + 30 <= len(head):
        packed = struct.unpack("<I", head[at + 18 : at + 22])[0]
        count, extra = struct.unpack("<HH", head[at + 26 : at + 30])
        names.append(head[at + 30 : at + 30 + count].decode("latin-1"))
        at += 30 + count + extra + packed
    return names


def _listed(data: bytes) -> list[str]:
    names: list[str] = []
    at = 0
    while data[at : at + 4] == b"PK\x01\x02" and at + 46 <= len(data) and len(names) < _MOST:
        count, extra, notes = struct.unpack("<HHH", data[at + 28 : at + 34])
        names.append(data[at + 46 : at + 46 + count].decode("latin-1"))
        at += 46 + count + extra + notes
    return names
