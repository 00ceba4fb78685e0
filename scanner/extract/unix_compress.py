"""The .Z files of Unix compress: adaptive LZW with 9 to 16 bits."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.extract._pulled import CHUNK, Ending, Packed, inner_name, one_child, watched
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Piece
from scanner.model.errors import Unread

MAGIC = b"\x1f\x9d"
SUFFIXES = ("z", "taz")
CLEAR = 256


def _claims(head: bytes, blob: Blob, name: str) -> int:
    return 90 if head[:2] == MAGIC and len(head) > 2 else 0


class _Codes:
    """The codes of the stream; each run of one width fills whole groups of eight codes."""

    def __init__(self, packed: Packed) -> None:
        self._packed = packed
        self._bits = 0
        self._count = 0
        self._in_group = 0
        self.width = 9

    def _fill(self) -> bool:
        data = self._packed.more(512)
        self._bits |= int.from_bytes(data, "little") << self._count
        self._count += 8 * len(data)
        return bool(data)

    def next(self) -> int | None:
        """The next code; None at the end."""
        while self._count < self.width:
            if not self._fill():
                return None
        code = self._bits & ((1 << self.width) - 1)
        self._bits >>= self.width
        self._count -= self.width
        self._in_group = (self._in_group + 1) % 8
        return code

    def change(self, width: int) -> None:
        """Skip the rest of the group and go on with another width."""
        skip = (8 - self._in_group) % 8 * self.width
        while self._count < skip and self._fill():
            pass
        self._bits >>= skip
        self._count = max(0, self._count - skip)
        self._in_group = 0
        self.width = width


class _Table:
    """Strings as (prefix, last byte), so that no table holds more than 2^16 entries of memory."""

    def __init__(self, start: int) -> None:
        self._start = start
        self.size = start
        self._prefix = [0] * 65536
        self._byte = list(range(256)) + [0] * (65536 - 256)

    def clear(self) -> None:
        """Forget every string but the single bytes."""
        self.size = self._start

    def add(self, prefix: int, byte: int) -> None:
        """A further string."""
        self._prefix[self.size], self._byte[self.size] = prefix, byte
        self.size += 1

    def string(self, code: int) -> bytearray:
        """The bytes of a code."""
        out = bytearray()
        while code >= self._start:
            out.append(self._byte[code])
            code = self._prefix[code]
        out.append(code & 0xFF)
        out.reverse()
        return out


def _chunks(packed: Packed) -> Iterator[bytes]:
    flags = packed.more(3)[2]
    most, block = flags & 0x1F, bool(flags & 0x80)
    codes, table = _Codes(packed), _Table(257 if block else 256)
    out = bytearray()
    last, entry = -1, bytearray()
    while (code := codes.next()) is not None:
        if block and code == CLEAR:
            table.clear()
            last = -1
            codes.change(9)
            continue
        if code > table.size or (code == table.size and last < 0):
            yield bytes(out)
            raise ValueError
        entry = table.string(code) if code < table.size else entry + entry[:1]
        out += entry
        if last >= 0 and table.size < 1 << most:
            table.add(last, entry[0])
        last = code
        if table.size >= 1 << codes.width and codes.width < most:
            codes.change(codes.width + 1)
        if len(out) >= CHUNK:
            yield bytes(out)
            out.clear()
    if out:
        yield bytes(out)


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    if not 9 <= blob.at(2, 1)[0] & 0x1F <= 16:
        raise Unread("damaged", "impossible code width")

    def make(ending: Ending) -> Iterator[bytes]:
        packed = Packed(blob)
        return watched(_chunks(packed), budget, lambda: packed.taken, ending, (ValueError,))

    yield from one_child(inner_name(name, SUFFIXES), make)


FORMAT = Format("compress", _claims, _read, SUFFIXES)
