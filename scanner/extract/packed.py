"""LZ4 and lzip streams, expanded by libarchive."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.extract._pulled import Ending, inner_name, one_child, watched
from scanner.extract.archive import Reading
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Piece

_MAGIC = ((b"\x04\x22\x4d\x18", "lz4"), (b"LZIP\x01", "lzip"))
SUFFIXES = ("lz4", "lz")


def _kind(head: bytes) -> str:
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), "")


def _claims(head: bytes, blob: Blob, name: str) -> int:
    return 92 if _kind(head) else 0


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    def make(ending: Ending) -> Iterator[bytes]:
        reading = Reading(blob, "raw", budget, packing=_kind(blob.head(8)))
        return watched(_chunks(reading), budget, lambda: reading.cursor.taken, ending)

    yield from one_child(inner_name(name, SUFFIXES), make)


def _chunks(reading: Reading) -> Iterator[bytes]:
    try:
        entry = reading.next()
        if entry is not None:
            yield from reading.chunks(entry)
    finally:
        reading.close()


FORMAT = Format("packed", _claims, _read, SUFFIXES)
