"""Rich text (RTF), with its pictures and embedded objects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from io import BytesIO

from scanner.extract import _compound
from scanner.extract._rtf import Reader
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Child, Gap, Piece

_NO_HEX = bytes(set(range(256)) - set(b"0123456789abcdefABCDEF"))
_READ = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"BM": "bmp", b"GIF8": "gif"}
_START = re.compile(rb"^[\s\xef\xbb\xbf]*\{\s*\\rt")


def claims(head: bytes, blob: Blob, name: str) -> int:
    r"""90 for bytes that begin with {\rt."""
    return 90 if _START.match(head[:64]) else 0


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    """Text and tables, headers, notes, comments, properties, then pictures and objects."""
    found: list[tuple[str, bytes]] = []
    reader = Reader(blob.all(budget), lambda kind, data: found.append((kind, data)))
    reader.run()
    yield from reader.out
    for number, (kind, digits) in enumerate(found, 1):
        budget.check_time()
        data = _unhex(digits)
        budget.spend_bytes(len(data))
        child = _object(data, number) if kind == "object" else _picture(data, number)
        if child is not None:
            yield child
    if reader.open_groups:
        yield Gap("damaged", "", "groups are left open")


def _unhex(digits: bytes) -> bytes:
    clean = digits.translate(None, _NO_HEX)
    return bytes.fromhex(clean[: len(clean) & ~1].decode("ascii"))


def _picture(data: bytes, number: int) -> Child | None:
    for magic, ending in _READ.items():
        if data.startswith(magic):
            return Child(f"picture {number}.{ending}", partial(BytesIO, data), len(data))
    return None


def _object(data: bytes, number: int) -> Child | None:
    """The document inside an object of the older embedding."""
    at = 8
    texts = []
    for _ in range(3):
        length = int.from_bytes(data[at : at + 4], "little")
        if length > 4096:
            break
        texts.append(data[at + 4 : at + 4 + length].rstrip(b"\0").decode("latin-1"))
        at += 4 + length
    size = int.from_bytes(data[at : at + 4], "little")
    native = data[at + 4 : at + 4 + size] if len(texts) == 3 else data
    place = data.find(_compound.MAGIC)
    if place >= 0 and not native.startswith(_compound.MAGIC):
        native = data[place:]
    packed = _compound.ole10_native(bytes(4) + native)
    if packed:
        return Child(packed[0], partial(BytesIO, packed[1]), len(packed[1]))
    return Child(f"object {number}", partial(BytesIO, native), len(native)) if native else None


FORMAT = Format("rtf", claims, read, ("rtf",))
