"""Records of binary workbooks (BIFF 2 to 8): strings, numbers, and the shared string table."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from scanner.extract import _cells


def records(data: bytes, start: int = 0) -> Iterator[tuple[int, int, bytes]]:
    """Place, number and bytes of each record; the last one may be cut off."""
    at = start
    size = len(data)
    while at + 4 <= size:
        number, length = struct.unpack_from("<HH", data, at)
        yield at, number, data[at + 4 : at + 4 + length]
        at += 4 + length


def rk(value: int) -> float:
    """The number in the packed form of 30 bits."""
    if value & 2:
        number = float(struct.unpack("<i", struct.pack("<I", value))[0] >> 2)
    else:
        number = struct.unpack("<d", struct.pack("<Q", (value & 0xFFFFFFFC) << 32))[0]
    return number / 100 if value & 1 else number


def wide(data: bytes, at: int, count: int, flags: int) -> tuple[str, int]:
    """Characters of one or two bytes, and where they end."""
    if flags & 1:
        return data[at : at + count * 2].decode("utf-16-le", "replace"), at + count * 2
    return data[at : at + count].decode("latin-1"), at + count


def string(data: bytes, at: int, length_bytes: int = 2) -> tuple[str, int]:
    """A BIFF8 string with its flags, and where it ends (formatting runs included)."""
    count = int.from_bytes(data[at : at + length_bytes], "little")
    at += length_bytes
    if at >= len(data):
        return "", at
    flags = data[at]
    at += 1
    runs = extra = 0
    if flags & 8:
        runs = int.from_bytes(data[at : at + 2], "little")
        at += 2
    if flags & 4:
        extra = int.from_bytes(data[at : at + 4], "little")
        at += 4
    text, at = wide(data, at, count, flags)
    return text, at + runs * 4 + extra


class Shared:
    """The shared string table, whose strings may be cut over several records anywhere."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.parts: list[bytes] = []

    def parse(self) -> None:
        """Makes the texts of the records gathered; stops quietly where they break off."""
        if not self.parts or len(self.parts[0]) < 8:
            return
        source = _Cut(self.parts)
        source.skip(8)
        while not source.done:
            text = source.string()
            if text is None:
                return
            self.texts.append(text)


class _Cut:
    """Reads over record ends; characters after one begin with a new flag byte."""

    def __init__(self, parts: list[bytes]) -> None:
        self.parts = parts
        self.part = 0
        self.at = 0

    @property
    def done(self) -> bool:
        while self.part < len(self.parts) and self.at >= len(self.parts[self.part]):
            self.part, self.at = self.part + 1, 0
        return self.part >= len(self.parts)

    def skip(self, count: int) -> None:
        while count > 0 and not self.done:
            step = min(count, len(self.parts[self.part]) - self.at)
            self.at += step
            count -= step

    def take(self, count: int) -> bytes:
        found = b""
        while len(found) < count and not self.done:
            data = self.parts[self.part]
            piece = data[self.at : self.at + count - len(found)]
            self.at += len(piece)
            found += piece
        return found

    def string(self) -> str | None:
        head = self.take(3)
        if len(head) < 3:
            return None
        left, flags = struct.unpack("<HB", head)
        runs = int.from_bytes(self.take(2), "little") if flags & 8 else 0
        extra = int.from_bytes(self.take(4), "little") if flags & 4 else 0
        texts: list[str] = []
        while left > 0:
            if self.done:
                break
            data = self.parts[self.part]
            if self.at == 0 and self.part and texts:
                flags = data[0]
                self.at = 1
            width = 2 if flags & 1 else 1
            room = (len(data) - self.at) // width
            count = min(left, room)
            text, self.at = wide(data, self.at, count, flags)
            texts.append(text)
            left -= count
            if left:
                self.part, self.at = self.part + 1, 0
        self.skip(runs * 4 + extra)
        return "".join(texts)


def shown(value: float, formats: _cells.Formats, style: int) -> str:
    """A number under its style."""
    text = str(int(value)) if value.is_integer() and abs(value) < 1e22 else repr(value)
    return formats.shown(text, style)
