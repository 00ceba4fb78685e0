"""JSON and JSON Lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from json import JSONDecoder

from scanner.extract import _charset, _jsontext, _lines
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Gap, Piece

_DECODER = JSONDecoder()
_LOOKED_AT = 20  # values at the beginning of a file
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
    text = head.decode(found.encoding, "ignore").removeprefix("\ufeff")
    return 50 if _START.match(text) and _goes_on(text) else 0


def _goes_on(text: str) -> bool:
    """False where something else than JSON stands behind a whole value: text that begins so."""
    at = 0
    for _ in range(_LOOKED_AT):
        at = len(text) - len(text[at:].lstrip())
        if at >= len(text):
            return True
        if text[at] not in "{[":
            return False
        try:
            _, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):  # cut off here, or not strict
            return True
    return True


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    """Objects alike as tables, others as lines."""
    found = _charset.guess(blob.head(_charset.SAMPLE)) or _charset.Guess("utf-8")
    reader = _jsontext.Rows()
    yield from _jsontext.rows(_lines.decoded(blob.stream(), found.encoding), reader)
    if reader.broken:
        yield Gap("damaged", "", "brackets or quotes are left open")


FORMAT = Format("json", claims, read, ("json", "jsonl", "ndjson", "geojson"), True)
