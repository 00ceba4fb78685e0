"""The events of a walk, and what becomes of exceptions and names in them."""

from __future__ import annotations

import errno
from dataclasses import dataclass

from scanner.model.content import Segment
from scanner.model.errors import Unread
from scanner.model.outcome import Outcome, is_reason


@dataclass(frozen=True, slots=True)
class Begin:
    """An object begins. `inner` is its path inside the document, "" for the document itself.

    `size` is in bytes, -1 where it is not known before the end.
    """

    inner: str
    file_type: str
    size: int


@dataclass(frozen=True, slots=True)
class End:
    """The object ends. `sha256` is empty where its bytes could not be read to the end.

    `segments` and `characters` count what was read out of the object itself.
    """

    inner: str
    file_type: str
    size: int
    sha256: str
    outcome: Outcome
    segments: int = 0
    characters: int = 0


Event = Begin | Segment | End


def outcome_of(error: BaseException) -> tuple[str, str]:
    """The reason code and the detail of an exception, without any text of the document."""
    if isinstance(error, Unread):
        code = error.reason if is_reason(error.reason) else "damaged"
        return code, error.detail
    if isinstance(error, MemoryError):
        return "memory", ""
    if isinstance(error, ImportError):
        return f"missing-library:{(error.name or 'unknown').partition('.')[0]}", ""
    if isinstance(error, OSError) and (known := errno.errorcode.get(error.errno or 0)):
        return f"unreadable:{known}", ""
    return "damaged", type(error).__name__


def printable(name: str) -> str:
    r"""A member's name with what is no printable character written as \xNN or \uNNNN."""
    if name.isprintable():
        return name
    return "".join(
        letter
        if letter.isprintable()
        else f"\\x{ord(letter):02x}"
        if ord(letter) < 256
        else f"\\u{ord(letter):04x}"
        for letter in name
    )
