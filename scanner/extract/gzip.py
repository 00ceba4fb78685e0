"""gzip: every member of the stream, what a truncated one still gives, and what is appended."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from scanner.extract._pulled import CHUNK, Ending, Packed, inner_name, one_child, watched
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Child, Gap, Piece

MAGIC = b"\x1f\x8b"
SUFFIXES = ("gz", "tgz", "gzip", "svgz", "emz", "wmz")


def _claims(head: bytes, blob: Blob, name: str) -> int:
    return 90 if head[:3] == MAGIC + b"\x08" else 0


def _stored_name(head: bytes) -> str:
    """The file name inside the header, or nothing."""
    if len(head) < 10 or not head[3] & 8:
        return ""
    start = 10
    if head[3] & 4:
        start += 2 + struct.unpack_from("<H", head, 10)[0] if len(head) >= 12 else 2
    raw = head[start : head.find(b"\0", start)] if b"\0" in head[start:] else b""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace")


class _Members:
    """The expanded bytes of all members in one stream."""

    def __init__(self, blob: Blob) -> None:
        self.packed = Packed(blob)
        self.trailing = -1

    def chunks(self) -> Iterator[bytes]:
        data = self.packed.more()
        while data:
            engine = zlib.decompressobj(31)
            while not engine.eof:
                if data:
                    out = engine.decompress(data, CHUNK)
                    data = engine.unconsumed_tail
                    if out:
                        yield out
                if not data and not engine.eof:
                    data = self.packed.more()
                    if not data:
                        if rest := engine.flush():
                            yield rest
                        raise EOFError
            data = engine.unused_data or self.packed.more()
            while data and not data.strip(b"\0"):
                data = self.packed.more()
            if len(data) < 2:
                data += self.packed.more()
            if data and data[:2] != MAGIC:
                self.trailing = self.packed.taken - len(data)
                return


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    trailing: list[int] = []

    def make(ending: Ending) -> Iterator[bytes]:
        members = _Members(blob)
        trailing.clear()

        def chunks() -> Iterator[bytes]:
            yield from members.chunks()
            if members.trailing >= 0:
                trailing.append(members.trailing)

        return watched(
            chunks(), budget, lambda: members.packed.taken, ending, (zlib.error, EOFError)
        )

    inner = _stored_name(blob.head(4096)) or inner_name(name, SUFFIXES)
    yield from one_child(inner, make)
    if trailing:
        start = trailing[0]
        yield Child("trailing", lambda: Blob.of(blob.at(start, blob.size - start)).stream())
        yield Gap("ambiguous", "", "bytes behind the compressed stream; both were read")


FORMAT = Format("gzip", _claims, _read, SUFFIXES)
