"""The bytes of a child document: in memory up to a limit, else passed on as a stream."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import BinaryIO, cast

from scanner.extract.base import Blob, Budget
from scanner.model.errors import Unread

CHUNK = 1 << 20
FIRST = 8 << 20  # read before it is decided whether the rest can be streamed


def taker(stream: BinaryIO) -> Callable[[int], bytes]:
    """The way to read that loses nothing where the stream breaks: one step at a time."""
    return getattr(stream, "read1", None) or stream.read


class Counted(io.RawIOBase):
    """A forward stream over bytes already read and the rest of another stream.

    Counts what it takes from the rest against the budget and hashes everything that passes.
    It can go back only while the rest is untouched.
    """

    def __init__(self, start: bytes, rest: BinaryIO, budget: Budget) -> None:
        super().__init__()
        self._start: bytes | None = start
        self._take = taker(rest)
        self._budget = budget
        self._at = 0
        self._hash = hashlib.sha256(start)
        self._ended = False

    def readable(self) -> bool:
        """True."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """The new place; raises Unread where the stream has passed it."""
        if whence != 0 or self._start is None or offset > len(self._start):
            raise Unread("limit:bytes", "too large to be held in memory")
        self._at = offset
        return offset

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes (a negative size means one mebibyte), b"" at the end."""
        count = CHUNK if size is None or size < 0 else size
        if self._start is not None and self._at < len(self._start):
            piece = self._start[self._at : self._at + count]
            self._at += len(piece)
            return piece
        self._start = None
        piece = self._take(count)
        self._hash.update(piece)
        self._ended = self._ended or not piece
        self._budget.spend_bytes(len(piece))
        self._at += len(piece)
        return piece

    @property
    def passed(self) -> int:
        """How many bytes were read."""
        return self._at

    def sha256(self) -> str:
        """The hash of all bytes, hex; empty while the end has not been reached."""
        return self._hash.hexdigest() if self._ended else ""


class Spool:
    """What was taken from a child's stream: `data`, whether it `ended`, and what stopped it."""

    __slots__ = ("_budget", "_chunks", "_stream", "_take", "ended", "size", "stop")

    def __init__(self, stream: BinaryIO, budget: Budget) -> None:
        self._stream = stream
        self._take = taker(stream)
        self._budget = budget
        self._chunks: list[bytes] = []
        self.size = 0
        self.ended = False
        self.stop: BaseException | None = None

    def fill(self, limit: int) -> None:
        """Read until `limit` bytes are held, the end, or an exception, which is kept in `stop`."""
        try:
            while self.size < limit and not self.ended:
                chunk = self._take(min(CHUNK, limit - self.size))
                if not chunk:
                    self.ended = True
                    return
                self._chunks.append(chunk)
                self.size += len(chunk)
                self._budget.spend_bytes(len(chunk))
                self._budget.check_time()
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001  the walk turns it into an outcome
            self.stop = error

    def data(self) -> bytes:
        """All that was read so far."""
        if len(self._chunks) > 1:
            self._chunks = [b"".join(self._chunks)]
        return self._chunks[0] if self._chunks else b""

    def at_end(self) -> bool:
        """True where nothing follows (reads one byte more to know)."""
        if not self.ended and self.stop is None:
            held = self.size
            self.fill(held + 1)
        return self.ended

    def forward(self) -> tuple[Blob, Counted]:
        """A blob of unknown size that can be passed over once, and the stream below it."""
        counted = Counted(self.data(), self._stream, self._budget)
        self._chunks = []
        return Blob(cast(BinaryIO, counted), -1), counted
