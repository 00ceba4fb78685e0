"""Streams that give bytes as an iterator makes them, counted against the budget."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from scanner.extract.base import Blob, Budget
from scanner.model.content import Child, Gap, Piece
from scanner.model.errors import Unread

CHUNK = 256 << 10


@dataclass(slots=True)
class Ending:
    """Why a stream ended before its end; an empty reason where it did not."""

    reason: str = ""
    detail: str = ""


class Pulled(io.RawIOBase):
    """A readable stream over chunks of bytes."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Always true."""
        return True

    def readinto(self, buffer: object) -> int:
        """The number of bytes put into `buffer`; 0 at the end."""
        target = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        count = min(len(target), len(self._rest))
        target[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def stream_of(chunks: Iterator[bytes]) -> BinaryIO:
    """A buffered binary stream over chunks."""
    return cast(BinaryIO, io.BufferedReader(Pulled(chunks), CHUNK))


class _Passing(io.RawIOBase):
    """A raw stream over another that only knows read(); closing it leaves the other open."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream

    def readable(self) -> bool:
        """Always true."""
        return True

    def readinto(self, buffer: object) -> int:
        """The number of bytes put into `buffer`; 0 at the end."""
        target = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        data = self._stream.read(len(target))
        target[: len(data)] = data
        return len(data)


def buffered(stream: BinaryIO) -> BinaryIO:
    """The stream with a quick readline()."""
    return cast(BinaryIO, io.BufferedReader(_Passing(stream), CHUNK))


class Packed:
    """Reads compressed input piece by piece and counts what was taken."""

    __slots__ = ("blob", "end", "taken")

    def __init__(self, blob: Blob, start: int = 0, end: int | None = None) -> None:
        self.blob = blob
        self.taken = start
        self.end = blob.size if end is None else min(end, blob.size)

    def more(self, count: int = 65536) -> bytes:
        """The next bytes, empty at the end."""
        data = self.blob.at(self.taken, min(count, self.end - self.taken))
        self.taken += len(data)
        return data


def watched(
    chunks: Iterator[bytes],
    budget: Budget,
    packed: Callable[[], int],
    ending: Ending,
    errors: tuple[type[BaseException], ...] = (),
) -> Iterator[bytes]:
    """The chunks as they come, until they end, break, or expand beyond the ratio.

    `packed` tells how many compressed bytes were taken so far. A broken or swelling stream keeps
    its reason in `ending` and raises Unread; what came before is still read.
    """
    out = 0
    limits = budget.limits
    try:
        for chunk in chunks:
            out += len(chunk)
            if out > limits.ratio_floor and out > limits.ratio * max(1, packed()):
                raise Unread("bomb:ratio", f"more than {limits.ratio} times its size")
            budget.check_time()
            yield chunk
    except Unread as stopped:
        ending.reason, ending.detail = stopped.reason, stopped.detail
        raise
    except errors as broken:
        ending.reason, ending.detail = "damaged", "the stream breaks off"
        raise Unread("damaged", ending.detail) from broken


def one_child(
    name: str, make: Callable[[Ending], Iterator[bytes]], size: int = -1
) -> Iterator[Piece]:
    """The only member of a compressed stream, then a gap where it did not come whole."""
    ending = Ending()

    def open_it() -> BinaryIO:
        ending.reason = ending.detail = ""
        return stream_of(make(ending))

    yield Child(name, open_it, size)
    if ending.reason:
        yield Gap(ending.reason, name, ending.detail)


def inner_name(name: str, suffixes: tuple[str, ...], fallback: str = "content") -> str:
    """The name of what a compressed file holds: its own name without the last ending."""
    base = name.replace("\\", "/").rsplit("!", 1)[-1].rsplit("/", 1)[-1]
    stem, dot, end = base.rpartition(".")
    if dot and stem and end.lower() in suffixes:
        return {"tgz": f"{stem}.tar", "svgz": f"{stem}.svg"}.get(end.lower(), stem)
    return base or fallback
