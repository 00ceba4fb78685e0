"""The flight recorder of a worker: what it was doing, readable after it died.

A shared memory page that the worker writes without a system call and the supervisor reads when
the worker is gone. Layout: job number (u64), length (u32), segments read of the innermost object
(u32), JSON of the open objects; at the end the seconds the worker had run when its job began
(double) and, written by the supervisor, the job taken back last (u64) and the seconds for which the
worker was made to stand still (double).
"""

from __future__ import annotations

import json
import mmap
import struct
from dataclasses import dataclass, replace

from scanner.run.sandbox.codec import Malformed, unpack

SIZE = 1 << 17
BODY = SIZE - 24
_REVOKED = struct.Struct("<Q")
_SECONDS = struct.Struct("<d")
_STOOD_AT, _BEGUN_AT = BODY + 8, BODY + 16
_HEAD = struct.Struct("<QII")
_COUNT = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Open:
    """An object that had begun and not ended. `number` counts the objects of one document."""

    number: int
    inner: str
    file_type: str
    size: int
    segments: int


@dataclass(frozen=True, slots=True)
class Trace:
    """What a dead worker left: the document's hash and its open objects, outermost first."""

    sha256: str = ""
    open: tuple[Open, ...] = ()


def write(page: mmap.mmap, job: int, sha256: str, stack: list[Open]) -> None:
    """Notes the open objects; leaves out inner ones that no longer fit."""
    while True:
        listed = [[one.number, one.inner, one.file_type, one.size, one.segments] for one in stack]
        body = json.dumps([sha256, listed], ensure_ascii=True).encode("ascii")
        if len(body) + _HEAD.size <= BODY:
            break
        stack = stack[:-1]
    page[_HEAD.size : _HEAD.size + len(body)] = body
    _HEAD.pack_into(page, 0, job, len(body), stack[-1].segments if stack else 0)


def count(page: mmap.mmap, segments: int) -> None:
    """Notes how many segments of the innermost object were read."""
    _COUNT.pack_into(page, _HEAD.size - _COUNT.size, segments)


def revoke(page: mmap.mmap, job: int) -> None:
    """Says that a job that was handed over is done by another worker."""
    _REVOKED.pack_into(page, BODY, job)


def revoked(page: mmap.mmap) -> int:
    """The job that was taken back last, 0 where none was."""
    number: int = _REVOKED.unpack_from(page, BODY)[0]
    return number


def stood_still(page: mmap.mmap, seconds: float) -> None:
    """Tells the worker how long it was made to stand still in its life."""
    _SECONDS.pack_into(page, _STOOD_AT, seconds)


def stood(page: mmap.mmap) -> float:
    """Seconds for which this worker was made to stand still in its life."""
    seconds: float = _SECONDS.unpack_from(page, _STOOD_AT)[0]
    return seconds


def begin(page: mmap.mmap, seconds: float) -> None:
    """Notes for how many seconds the worker had run when its job began; `write` comes after it."""
    _SECONDS.pack_into(page, _BEGUN_AT, seconds)


def begun(page: mmap.mmap, job: int) -> float | None:
    """For how many seconds the worker had run when this job began; None while it has not."""
    if _HEAD.unpack_from(page, 0)[0] != job:
        return None
    seconds: float = _SECONDS.unpack_from(page, _BEGUN_AT)[0]
    return seconds


def read(page: mmap.mmap, job: int) -> Trace:
    """What was noted for a job; an empty trace where nothing, or nothing sensible, was."""
    number, length, segments = _HEAD.unpack_from(page, 0)
    if number != job or length > BODY - _HEAD.size:
        return Trace()
    try:
        value = json.loads(page[_HEAD.size : _HEAD.size + length])
        trace = unpack(Trace, value)
    except (ValueError, RecursionError, Malformed):
        return Trace()
    if not trace.open:
        return trace
    last = replace(trace.open[-1], segments=segments)
    return Trace(trace.sha256, (*trace.open[:-1], last))
