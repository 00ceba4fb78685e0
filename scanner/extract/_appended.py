"""Archives hidden behind a document of another kind."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from scanner.extract._pulled import stream_of
from scanner.extract.base import Blob
from scanner.model.content import Child, Gap, Piece

_MAGIC = (
    (b"PK\x03\x04", "zip"),
    (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"%PDF-1.", "pdf"),
)
_WINDOW = 1 << 20
_FARTHEST = 64 << 20


def appended(blob: Blob, start: int) -> Iterator[Piece]:
    """The first archive or PDF that begins at or behind `start`, as a child, with a gap."""
    at = start
    while 0 <= at < min(blob.size, start + _FARTHEST):
        window = blob.at(at, _WINDOW + 8)
        found = [(place, kind) for magic, kind in _MAGIC if (place := window.find(magic)) >= 0]
        if found:
            place, kind = min(found)
            begin = at + place
            yield Child(f"appended.{kind}", partial(_open, blob, begin), blob.size - begin)
            yield Gap("ambiguous", "", f"a {kind} behind it; both were read")
            return
        at += _WINDOW


def _open(blob: Blob, begin: int) -> BinaryIO:
    def chunks() -> Iterator[bytes]:
        at = begin
        while data := blob.at(at, 1 << 18):
            at += len(data)
            yield data

    return stream_of(chunks())
