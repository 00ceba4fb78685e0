"""What a worker says about its job, checked and noted.

A worker that a document took over may say anything: whatever is no proper message raises
Malformed (or TypeError, ValueError), and the worker is ended.
"""

from __future__ import annotations

import re
from typing import Any

from scanner.model.content import Kind, Layout
from scanner.model.examined import Examined
from scanner.model.finding import Finding
from scanner.model.outcome import Coverage, is_reason
from scanner.run.sandbox.codec import Malformed, unpack
from scanner.run.sandbox.job import Job

MAX_OBJECTS = 1_000_000
MAX_CHECKPOINTS = 10_000  # objects with a checkpoint at the same time
LINE_PARTS = {"text": 7, "end": 5}
BROKEN = (Malformed, TypeError, ValueError, KeyError, IndexError)
_LAYOUTS = frozenset(layout.value for layout in Layout)
_KINDS = frozenset(kind.value for kind in Kind)
_COVERAGES = frozenset(coverage.value for coverage in Coverage)
_NUMBER = re.compile(r"[0-9]{1,18}")
_NAME = re.compile(r"\w{1,40}", re.ASCII)


def note(job: Job, letter: bytes, value: Any, poison: dict[str, list[Examined]]) -> None:
    """Notes a message of kind O, C, L or P on its job."""
    if letter == b"O":
        _object(job, value)
    elif letter == b"C":
        _checkpoint(job, value)
    elif letter == b"L":
        _line(job, value)
    elif letter == b"P":
        if job.kind != "examine" or value not in poison:
            raise Malformed("not on the list")
        job.attempt.closed = dict(enumerate(poison[value]))
    else:
        raise Malformed("an unknown letter")


def _object(job: Job, value: Any) -> None:
    number, packed = value
    closed = job.attempt.closed
    if type(number) is not int or not 0 <= number < MAX_OBJECTS or number in closed:
        raise Malformed("an object twice")
    closed[number] = unpack(Examined, packed)
    job.attempt.checkpoints.pop(number, None)


def _checkpoint(job: Job, value: Any) -> None:
    number, segments, packed = value
    noted = job.attempt.checkpoints
    if type(number) is not int or type(segments) is not int or len(noted) > MAX_CHECKPOINTS:
        raise Malformed("no checkpoint")
    noted[number] = segments, tuple(unpack(Finding, one) for one in packed)


def _line(job: Job, value: Any) -> None:
    if job.lines is None or not isinstance(value, list):
        raise Malformed("no line")
    if not all(type(part) is str for part in value):
        raise Malformed("no line")
    if len(value) != LINE_PARTS.get(value[0] if value else ""):
        raise Malformed("no line")
    if value[0] == "text" and (
        value[4] not in _LAYOUTS or value[5] not in _KINDS or not _NUMBER.fullmatch(value[6])
    ):
        raise Malformed("no segment")
    if value[0] == "end" and not _is_outcome(value[2], value[3]):
        raise Malformed("no outcome")
    job.lines.put(tuple(value))


def _is_outcome(coverage: str, reason: str) -> bool:
    if coverage == Coverage.COMPLETE.value:
        return not reason
    return coverage in _COVERAGES and is_reason(reason)


def error_code(told: Any) -> str:
    """The reason code of what a worker's own guard caught."""
    if told == "memory":
        return "memory"
    return f"crash:{told}" if type(told) is str and _NAME.fullmatch(told) else "crash:protocol"
