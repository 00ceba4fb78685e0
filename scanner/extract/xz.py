"""xz and the older .lzma, with a cap on the dictionary that a header can ask for."""

from __future__ import annotations

import lzma
import struct
from collections.abc import Iterator

from scanner.extract._pulled import CHUNK, Ending, Packed, inner_name, one_child, watched
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Piece
from scanner.model.errors import Unread

MAGIC = b"\xfd7zXZ\0"
SUFFIXES = ("xz", "txz", "lzma", "tlz")
MEMORY = 192 << 20


def _looks_like_lzma(head: bytes) -> bool:
    """True where the 13-byte header of an .lzma file is one that encoders write."""
    if len(head) < 14 or head[0] >= 225 or head[13]:
        return False
    dictionary, size = struct.unpack_from("<IQ", head, 1)
    power = dictionary & (dictionary - 1) == 0 or dictionary == 0xFFFFFFFF
    power = power or ((dictionary & (dictionary // 3 or 1)) == 0 and dictionary % 3 == 0)
    return bool(dictionary >= 4096 and power and (size == 2**64 - 1 or size < 1 << 48))


def _claims(head: bytes, blob: Blob, name: str) -> int:
    if head.startswith(MAGIC):
        return 95
    if head[:1] == b"\x5d" and _looks_like_lzma(head):
        return 80
    if head[:1] == b"\x5d" and head[1:3] == b"\0\0" and len(head) > 13:
        return 50
    return 0


def _chunks(packed: Packed) -> Iterator[bytes]:
    data = packed.more()
    while data:
        engine = lzma.LZMADecompressor(lzma.FORMAT_AUTO, MEMORY)
        while not engine.eof:
            if not data and engine.needs_input:
                data = packed.more()
                if not data:
                    raise EOFError
            out = engine.decompress(data, CHUNK)
            data = b""
            if out:
                yield out
        data = (engine.unused_data or packed.more()).lstrip(b"\0")
        if data and not data.startswith(MAGIC):
            return


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    def make(ending: Ending) -> Iterator[bytes]:
        packed = Packed(blob)
        errors = (lzma.LZMAError, EOFError)
        return watched(_chunks(packed), budget, lambda: packed.taken, ending, errors)

    head = blob.head(16)
    if not head.startswith(MAGIC) and len(head) >= 13:
        dictionary = struct.unpack_from("<I", head, 1)[0]
        if dictionary > MEMORY:
            raise Unread("damaged", f"asks for a dictionary of {dictionary} bytes")
    yield from one_child(inner_name(name, SUFFIXES), make)


FORMAT = Format("xz", _claims, _read, SUFFIXES)
