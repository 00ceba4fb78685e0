"""Zstandard: all frames of the file, with a cap on the window."""

from __future__ import annotations

from collections.abc import Iterator

import zstandard

from scanner.extract._pulled import CHUNK, Ending, Packed, inner_name, one_child, watched
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Piece

MAGIC = b"\x28\xb5\x2f\xfd"
SUFFIXES = ("zst", "tzst", "zstd")
_SKIPPABLE = b"\x2a\x4d\x18"
WINDOW = 128 << 20


def _claims(head: bytes, blob: Blob, name: str) -> int:
    if head.startswith(MAGIC):
        return 95
    return 60 if head[1:4] == _SKIPPABLE and head[:1] and head[0] & 0xF0 == 0x50 else 0


class _Taken:
    """The compressed input as the decoder wants it: an object with read()."""

    def __init__(self, packed: Packed) -> None:
        self._packed = packed

    def read(self, count: int = -1) -> bytes:
        return self._packed.more(count if count > 0 else 65536)


def _chunks(packed: Packed) -> Iterator[bytes]:
    engine = zstandard.ZstdDecompressor(max_window_size=WINDOW)
    with engine.stream_reader(_Taken(packed), read_across_frames=True) as reader:  # type: ignore[arg-type]
        while chunk := reader.read(CHUNK):
            yield chunk
    if not _whole(packed.blob):
        raise EOFError


def _whole(blob: Blob) -> bool:
    """True where the block headers say that the last frame ends inside the file."""
    at = 0
    while at + 8 <= blob.size:
        head = blob.at(at, 18)
        if head[1:4] == _SKIPPABLE:
            at += 8 + int.from_bytes(head[4:8], "little")
            continue
        if head[:4] != MAGIC:
            return True
        told = head[4]
        single = told >> 5 & 1
        at += 5 + (1 - single) + (0, 1, 2, 4)[told & 3] + (single, 2, 4, 8)[told >> 6]
        last = False
        while not last:
            block = int.from_bytes(blob.at(at, 3), "little")
            if at + 3 > blob.size:
                return False
            last = bool(block & 1)
            at += 3 + (1 if block >> 1 & 3 == 1 else block >> 3)
        at += 4 if told & 4 else 0
    return at == blob.size


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    def make(ending: Ending) -> Iterator[bytes]:
        packed = Packed(blob)
        errors = (zstandard.ZstdError, EOFError)
        return watched(_chunks(packed), budget, lambda: packed.taken, ending, errors)

    yield from one_child(inner_name(name, SUFFIXES), make)


FORMAT = Format("zstd", _claims, _read, SUFFIXES)
