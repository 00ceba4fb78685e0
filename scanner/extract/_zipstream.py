"""Runs of bytes of an archive, and streams over pieces of bytes."""

from __future__ import annotations

import io
from collections.abc import Iterator

from scanner.extract.base import Blob

_CHUNK = 256 << 10


class Range:
    """A run of bytes of the blob; knows what was taken and whether it came short."""

    def __init__(self, blob: Blob, start: int, length: int) -> None:
        self.blob = blob
        self.start = start
        self.length = length
        self.taken = 0
        self.short = False

    def chunks(self) -> Iterator[bytes]:
        """The bytes, piece by piece."""
        while self.taken < self.length:
            chunk = self.blob.at(self.start + self.taken, min(_CHUNK, self.length - self.taken))
            if not chunk:
                self.short = True
                return
            self.taken += len(chunk)
            yield chunk


class Pull(io.RawIOBase):
    """A raw stream over pieces of bytes."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self._rest = b""

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: object) -> int:
        """How many bytes were put into the buffer, 0 at the end."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = chunk
        count = min(len(view), len(self._rest))
        view[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count
