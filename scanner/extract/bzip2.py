"""bzip2: all streams of the file, and what a truncated one still gives."""

from __future__ import annotations

import bz2
from collections.abc import Iterator

from scanner.extract._pulled import CHUNK, Ending, Packed, inner_name, one_child, watched
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Piece

SUFFIXES = ("bz2", "tbz2", "tbz")
_BLOCK = b"1AY&SY"
_EMPTY = b"\x17rE8P\x90"


def _claims(head: bytes, blob: Blob, name: str) -> int:
    if head[:3] != b"BZh" or not head[3:4].isdigit():
        return 0
    return 95 if head[4:10] in (_BLOCK, _EMPTY) else 0


def _chunks(packed: Packed) -> Iterator[bytes]:
    data = packed.more()
    while data[:3] == b"BZh":
        engine = bz2.BZ2Decompressor()
        while not engine.eof:
            if not data and engine.needs_input:
                data = packed.more()
                if not data:
                    raise EOFError
            out = engine.decompress(data, CHUNK)
            data = b""
            if out:
                yield out
        data = engine.unused_data or packed.more()


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    def make(ending: Ending) -> Iterator[bytes]:
        packed = Packed(blob)
        return watched(_chunks(packed), budget, lambda: packed.taken, ending, (OSError, EOFError))

    yield from one_child(inner_name(name, SUFFIXES), make)


FORMAT = Format("bzip2", _claims, _read, SUFFIXES)
