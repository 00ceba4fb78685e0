"""Web archives (WARC): each record's headers, and what was fetched as a child."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from scanner.extract._inline import child_of
from scanner.extract._mailtext import decode
from scanner.extract._mime import headers
from scanner.extract._pulled import buffered
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Gap, Kind, Piece, Segment

_HEAD = 1 << 16


def _claims(head: bytes, blob: Blob, name: str) -> int:
    return 95 if head[:5] == b"WARC/" and head[5:6].isdigit() else 0


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    stream = buffered(blob.stream())
    number = 0
    while True:
        budget.check_time()
        line = stream.readline(_HEAD)
        if not line:
            return
        if not line.strip():
            continue
        number += 1
        where = f"record {number}"
        if not line.startswith(b"WARC/"):
            yield Gap("damaged", where, "no record where one should begin")
            return
        raw = bytearray()
        while (more := stream.readline(_HEAD)) and more.strip() and len(raw) < 16 * _HEAD:
            raw += more
        told, _, _ = headers(bytes(raw), 0, len(raw))
        values = {key.lower(): decode(value).strip() for key, value in told}
        yield Segment(decode(bytes(raw)).strip(), f"{where} headers", Kind.META)
        size = values.get("content-length", "")
        wanted = int(size) if size.isdigit() and len(size) < 16 else 0
        body = stream.read(min(wanted, budget.limits.member_bytes))
        if len(body) < wanted:
            yield Gap("damaged", where, "shorter than it tells")
        yield from _content(body, values, where)


def _content(body: bytes, values: dict[str, str], where: str) -> Iterator[Piece]:
    if not body:
        return
    if "application/http" not in values.get("content-type", ""):
        yield child_of(body, where)
        return
    first = body.find(b"\n") + 1
    told, start, _ = headers(body, first, len(body))
    yield Segment(decode(body[:start]).strip(), f"{where} answer", Kind.META)
    content = body[start:]
    packed = {key.lower(): decode(value).strip().lower() for key, value in told}
    if packed.get("transfer-encoding") == "chunked":
        content = _unchunked(content)
    if packed.get("content-encoding") in ("gzip", "deflate") and content[:2] != b"\x1f\x8b":
        content = _inflated(content)
    address = values.get("warc-target-uri", "").strip("<>").partition("?")[0].rstrip("/")
    if content:
        yield child_of(content, address.rpartition("/")[2] or where)


def _unchunked(data: bytes) -> bytes:
    out = bytearray()
    at = 0
    while at < len(data):
        stop = data.find(b"\n", at)
        digits = data[at:stop].split(b";")[0].strip()
        try:
            size = int(digits, 16)
        except ValueError:
            return data if not out else bytes(out)
        if stop < 0 or size <= 0:
            break
        out += data[stop + 1 : stop + 1 + size]
        at = stop + 1 + size + 2
    return bytes(out)


def _inflated(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(-15).decompress(data, 64 << 20)
    except zlib.error:
        return data


FORMAT = Format("warc", _claims, _read, ("warc",), streams=True)
