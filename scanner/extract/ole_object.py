"""Objects embedded by Office (OLE): the file or document inside, its picture, nothing else."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from functools import partial
from io import BytesIO

from scanner.extract import _compound, _olebuild, _olekind
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Child, Gap, Piece

# Streams that frame an object and hold nothing that anybody wrote.
_FRAME = re.compile(
    r"^\x01(ole|compobj|ole10itemname|ole10fmtprogid)$|^\x03(objinfo|linkinfo)$|^\x05"
)
_PICTURE = re.compile(r"^\x02olepres\d{3}$|^\x03(eprint|print|meta|pict)$")
_INSIDE = frozenset({"\x01ole10native", "contents", "package", "embeddedodf"})
_PACKED = re.compile(r"^_\d{6,12}$")  # objects of a document of 2003, each packed
_LARGEST = 64 << 20
_EMF, _PLACEABLE = b" EMF", b"\xd7\xcd\xc6\x9a"


def claims(head: bytes, blob: Blob, name: str) -> int:
    """98 for a compound file of nothing but an object and its frame, or of nothing."""
    if _olekind.kind(head, blob) != "other":
        return 0
    found = {one for one in _olekind.names(blob) if one}
    rest = {one for one in found if not (_FRAME.match(one) or _PICTURE.match(one))}
    if not all(one in _INSIDE or _PACKED.match(one) for one in rest):
        return 0
    if not found:
        return 98 if _whole_directory(head, blob) else 0
    return 98 if rest or any(_PICTURE.match(one) for one in found) else 0


def _whole_directory(head: bytes, blob: Blob) -> bool:
    """True where the first sector of the directory is there, so that it is empty and not lost."""
    size = 1 << struct.unpack_from("<H", head, 30)[0]
    first = struct.unpack_from("<I", head, 48)[0]
    return size in (512, 4096) and (first + 2) * size <= blob.size


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    """The object as a child, and the picture that stands for it."""
    with _compound.opened(blob, budget) as ole:
        yield from _compound.properties(ole)
        inside = False
        for path in ole.listdir(streams=True, storages=False):
            last = path[-1].lower()
            data = _compound.stream(ole, path)
            if last == "\x01ole10native":
                native = _compound.ole10_native(data)
                inside = True
                yield _child(*native) if native else _child("object", data[4:])
            elif last in _INSIDE and data:
                inside = True
                yield _child(path[-1], data)
            elif _PACKED.match(last):
                inside = True
                yield from _unpacked(path[-1], data)
            elif _PICTURE.match(last) and (picture := _picture(data)):
                yield _child("picture", picture)
        yield from _olebuild.objects(ole)
        if not inside and _compound.stream(ole, "\x01Ole"):
            yield Gap("unsupported", "", "a link, or an object without its content")


def _unpacked(name: str, data: bytes) -> Iterator[Piece]:
    undo = zlib.decompressobj()
    try:
        made = undo.decompress(data[4:], _LARGEST)
    except zlib.error:
        yield Gap("damaged", name, "compressed data")
        return
    if undo.unconsumed_tail or not undo.eof:
        yield Gap("limit:bytes" if undo.unconsumed_tail else "damaged", name)
    yield _child(name, made)


def _child(name: str, data: bytes) -> Child:
    return Child(name, partial(BytesIO, data), len(data))


def _picture(data: bytes) -> bytes:
    """The metafile in a stream of presentation, b"" for none."""
    place = data.find(_EMF)
    if place >= 40:
        return data[place - 40 :]
    place = data.find(_PLACEABLE)
    return data[place:] if place >= 0 else b""


FORMAT = Format("ole_object", claims, read, ("bin",))
