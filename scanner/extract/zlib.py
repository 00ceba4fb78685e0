"""A bare zlib stream in a file of its own."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from scanner.extract._pulled import CHUNK, Ending, Packed, inner_name, one_child, watched
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Piece

SUFFIXES = ("zlib", "zz")


def _claims(head: bytes, blob: Blob, name: str) -> int:
    """High only where the first bytes really expand: two bytes of header are too common."""
    if len(head) < 8 or head[0] & 0x0F != 8 or head[0] >> 4 > 7:
        return 0
    if (head[0] << 8 | head[1]) % 31 or head[1] & 0x20:
        return 0
    try:
        engine = zlib.decompressobj()
        out = engine.decompress(head[:4096], 4096)
    except zlib.error:
        return 0
    if engine.eof or (out and blob.size > 4096):
        return 75
    return 40 if out and name.lower().endswith(SUFFIXES) else 0


def _chunks(packed: Packed) -> Iterator[bytes]:
    engine = zlib.decompressobj()
    data = packed.more()
    while not engine.eof:
        if not data:
            if rest := engine.flush():
                yield rest
            raise EOFError
        if out := engine.decompress(data, CHUNK):
            yield out
        data = engine.unconsumed_tail or packed.more()


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    def make(ending: Ending) -> Iterator[bytes]:
        packed = Packed(blob)
        errors = (zlib.error, EOFError)
        return watched(_chunks(packed), budget, lambda: packed.taken, ending, errors)

    yield from one_child(inner_name(name, SUFFIXES), make)


FORMAT = Format("zlib", _claims, _read, SUFFIXES)
