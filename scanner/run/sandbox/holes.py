"""Reading a file that is mostly holes without reading the holes.

A sparse file of a terabyte may hold a few kilobytes. It is read as if each long hole were one
page of zeros; nothing that was ever written is left out.
"""

from __future__ import annotations

import bisect
import errno
import io
import os
from typing import BinaryIO, cast

SHORT = 1 << 20  # a hole up to this length is read as it is
PAGE = 4096
WORTH = 64 << 20  # files with less hole than this are read as they are


def has_holes(stat: os.stat_result) -> bool:
    """True where a file holds far fewer bytes than its size says."""
    held = getattr(stat, "st_blocks", None)
    return held is not None and stat.st_size - held * 512 > WORTH


def extents(fd: int, size: int) -> list[tuple[int, int]]:
    """The runs of data in a file as (start, end), close ones joined."""
    runs: list[tuple[int, int]] = []
    at = 0
    while at < size:
        try:
            start = os.lseek(fd, at, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # nothing but a hole follows
                break
            raise
        at = os.lseek(fd, start, os.SEEK_HOLE)
        if runs and start - runs[-1][1] <= SHORT:
            runs[-1] = (runs[-1][0], at)
        else:
            runs.append((start, at))
    return runs


class Shortened(io.RawIOBase):
    """The bytes of a file with every long hole shortened to a page of zeros."""

    def __init__(self, fd: int, size: int) -> None:
        super().__init__()
        self._fd = fd
        self._starts: list[int] = []  # where each run stands in this stream
        self._runs = extents(fd, size)
        self._at = length = 0
        last = 0
        for start, end in self._runs:
            length += PAGE if start > last else 0
            self._starts.append(length)
            length += end - start
            last = end
        self.length = length + (PAGE if size > last else 0)

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """The new place."""
        base = (0, self._at, self.length)[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fills the buffer from the place on; how many bytes."""
        wanted = min(len(buffer), self.length - self._at)
        if wanted <= 0:
            return 0
        place = bisect.bisect_right(self._starts, self._at) - 1
        if place >= 0:
            start, end = self._runs[place]
            into = self._at - self._starts[place]
            if into < end - start:
                data = os.pread(self._fd, min(wanted, end - start - into), start + into)
                buffer[: len(data)] = data
                self._at += len(data)
                return len(data)
        until = self._starts[place + 1] if place + 1 < len(self._starts) else self.length
        count = min(wanted, until - self._at)
        buffer[:count] = bytes(count)
        self._at += count
        return count


def shortened(fd: int, size: int) -> tuple[BinaryIO, int]:
    """A buffered stream over a file with holes, and its length."""
    raw = Shortened(fd, size)
    return cast(BinaryIO, io.BufferedReader(raw, 1 << 16)), raw.length
