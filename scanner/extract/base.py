"""What every extractor is given and offers: Blob, Budget, Format."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from scanner.model.content import Piece
from scanner.model.errors import LimitReached

HEAD_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits one top-level document shares over all nesting levels.

    Bytes are of expanded content; `ratio` bounds expanded bytes to the bytes of the compressed
    stream once more than `ratio_floor` bytes came out. `member_bytes` bounds what is held in
    memory of one member; larger plain text is streamed. `seconds` is a wall-clock deadline that
    extractors check between pieces (the supervisor enforces it from another process).
    """

    bytes: int = 4 << 30
    member_bytes: int = 512 << 20
    chars: int = 4 << 30
    members: int = 100_000
    depth: int = 16
    ratio: int = 200
    ratio_floor: int = 32 << 20
    pixels: int = 100_000_000
    seconds: float = 300.0
    passwords: tuple[str, ...] = field(default=(), repr=False)  # tried on encrypted documents
    escapes: bool = True  # look for text that is escaped inside text


@dataclass(slots=True)
class Budget:
    """What is left of the limits; one for a whole container tree, spent by every extractor."""

    limits: Limits = field(default_factory=Limits)
    bytes_spent: int = 0
    chars_spent: int = 0
    members_spent: int = 0
    started: float = field(default_factory=time.monotonic)
    safe_mode: bool = False  # set on the second try of a document whose parser died
    root_bytes: int = 0  # size of the top-level document; 0 where it is not known
    stopped: str = ""  # the reason, once a limit of the whole tree was reached
    skip: dict[str, str] = field(default_factory=dict)  # members not to be read: path, reason

    def spend_bytes(self, count: int) -> None:
        """Count expanded bytes; raises LimitReached("limit:bytes") or ("bomb:ratio").

        The ratio of the whole tree is watched from twice the floor of a single stream.
        """
        self.bytes_spent += count
        limits = self.limits
        if self.bytes_spent > limits.bytes:
            self.stopped = "limit:bytes"
            raise LimitReached(self.stopped, f"more than {limits.bytes} bytes expanded")
        allowed = max(2 * limits.ratio_floor, limits.ratio * self.root_bytes)
        if self.root_bytes and self.bytes_spent > allowed:
            self.stopped = "bomb:ratio"
            raise LimitReached(self.stopped, f"more than {limits.ratio} times its size in all")

    def spend_chars(self, count: int) -> None:
        """Count characters given out; raises LimitReached("limit:chars")."""
        self.chars_spent += count
        if self.chars_spent > self.limits.chars:
            raise LimitReached("limit:chars", f"more than {self.limits.chars} characters")

    def spend_member(self) -> None:
        """Count one child document; raises LimitReached("limit:members").

        Raises again what stopped the whole tree, so that no further child is begun.
        """
        if self.stopped:
            raise LimitReached(self.stopped, "reached in another member")
        self.members_spent += 1
        if self.members_spent > self.limits.members:
            raise LimitReached("limit:members", f"more than {self.limits.members} members")

    def check_time(self) -> None:
        """Raises LimitReached("timeout") once the deadline has passed."""
        if time.monotonic() - self.started > self.limits.seconds:
            raise LimitReached("timeout", f"more than {self.limits.seconds:.0f} s")


class Blob:
    """Random access to the bytes of one object: a file descriptor's, or bytes in memory.

    `known` holds what claims found out about these bytes, for other claims to ask.
    """

    __slots__ = ("_stream", "known", "size")

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self.size = size
        self.known: dict[str, str] = {}

    @staticmethod
    def of(data: bytes) -> Blob:
        """A blob over bytes in memory."""
        return Blob(io.BytesIO(data), len(data))

    def head(self, count: int = HEAD_BYTES) -> bytes:
        """The first `count` bytes."""
        return self.at(0, count)

    def at(self, offset: int, count: int) -> bytes:
        """`count` bytes from `offset`, fewer at the end."""
        self._stream.seek(offset)
        return self._stream.read(count)

    def tail(self, count: int = HEAD_BYTES) -> bytes:
        """The last `count` bytes."""
        return self.at(max(0, self.size - count), count)

    def stream(self) -> BinaryIO:
        """The seekable stream itself, rewound. One reader at a time."""
        self._stream.seek(0)
        return self._stream

    def all(self, budget: Budget) -> bytes:
        """Every byte; raises LimitReached("limit:bytes") above the limit for one member."""
        if self.size > budget.limits.member_bytes:
            raise LimitReached(
                "limit:bytes",
                f"{self.size} bytes, the limit for one is {budget.limits.member_bytes}",
            )
        return self.at(0, self.size)


@dataclass(frozen=True, slots=True)
class Format:
    """One file format; each module of scanner.extract offers one as FORMAT.

    `claims(head, blob, name)` says how sure the module is that the bytes are of its format,
    0 (no) to 100 (its own magic); `name` is only a hint and alone never gives more than 40.
    `read(blob, name, budget)` yields pieces in reading order; it raises Unread (or LimitReached)
    where it has to stop, any other exception counts as damaged. What it yielded before counts.
    `suffixes` are the usual name endings, without dot, used in hints and documentation.
    `streams` says that `read` needs only `blob.head()` and one pass over `blob.stream()`, so that
    a member larger than what may be held in memory is read all the same.
    """

    name: str
    claims: Callable[[bytes, Blob, str], int]
    read: Callable[[Blob, str, Budget], Iterator[Piece]]
    suffixes: tuple[str, ...] = ()
    streams: bool = False
