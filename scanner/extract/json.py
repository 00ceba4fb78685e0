"""JSON and JSON Lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.extract import _charset, _jsontext, _lines
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Gap, Piece

_SCALAR = r'(?:"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|null|true|false)'
_START = re.compile(
    rf'\s*(?:\{{\s*(?:"(?:[^"\\]|\\.)*"\s*:|\}})|\[\s*(?:[\[\]{{]|{_SCALAR}\s*[,\]]))', re.DOTALL
)


def claims(head: bytes, blob: Blob, name: str) -> int:
    """50 for bytes that begin as JSON does."""
    if not head[:64].strip()[:1] or head.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")[:1] not in (
        b"{",
        b"[",
    ):
        return 0
    found = _charset.guess(head)
    if found is None:
        return 0
    start = _START.match(head.decode(found.encoding, "ignore").removeprefix("\ufeff"))
    return 50 if start else 0


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    """Objects alike as tables, others as lines."""
    found = _charset.guess(blob.head(_charset.SAMPLE)) or _charset.Guess("utf-8")
    reader = _jsontext.Rows()
    yield from _jsontext.rows(_lines.decoded(blob.stream(), found.encoding), reader)
    if reader.broken:
        yield Gap("damaged", "", "brackets or quotes are left open")


FORMAT = Format("json", claims, read, ("json", "jsonl", "ndjson", "geojson"), True)
