"""The milter protocol, version 6, as Postfix and Sendmail speak it: frames, commands, answers.

A frame is a length (4 bytes, network order) that counts what follows, one command byte, and data.
Pure functions over bytes; scanner.gateway.session does the talking.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

VERSION = 6
LARGEST = 2 << 20  # a frame that claims more is no milter's; the MTA sends up to 64 KiB (or 1 MiB)

# Commands of the MTA.
NEGOTIATE, MACRO, CONNECT, HELO, MAIL, RCPT = b"O", b"D", b"C", b"H", b"M", b"R"
DATA, HEADER, END_OF_HEADERS, BODY, END_OF_MESSAGE = b"T", b"L", b"N", b"B", b"E"
ABORT, QUIT, QUIT_NEW_CONNECTION, UNKNOWN = b"A", b"Q", b"K", b"U"

# What a filter may do to a message, and which steps it can leave out or leave unanswered.
MAY_QUARANTINE = 0x20
_NO_CONNECT, _NO_HELO, _NO_UNKNOWN = 0x1, 0x2, 0x100
_SILENT_HEADER, _SILENT_MAIL, _SILENT_RCPT = 0x80, 0x4000, 0x8000
_SILENT_DATA, _SILENT_END_OF_HEADERS, _SILENT_BODY = 0x10000, 0x40000, 0x80000
KEEP_LEADING_SPACE = 0x100000
_WANTED = (
    _NO_CONNECT | _NO_HELO | _NO_UNKNOWN
    | _SILENT_HEADER | _SILENT_MAIL | _SILENT_RCPT
    | _SILENT_DATA | _SILENT_END_OF_HEADERS | _SILENT_BODY
    | KEEP_LEADING_SPACE
)  # fmt: skip
_SILENCE = {
    HEADER: _SILENT_HEADER,
    MAIL: _SILENT_MAIL,
    RCPT: _SILENT_RCPT,
    DATA: _SILENT_DATA,
    END_OF_HEADERS: _SILENT_END_OF_HEADERS,
    BODY: _SILENT_BODY,
}


class ProtocolError(Exception):
    """The other side does not speak the protocol; the connection is of no use."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """What both sides agreed on."""

    version: int
    actions: int
    steps: int

    def silent(self, command: bytes) -> bool:
        """True where the MTA waits for no answer to a command."""
        return bool(self.steps & _SILENCE.get(command, 0))

    @property
    def keeps_space(self) -> bool:
        """True where header values come with the space behind the colon."""
        return bool(self.steps & KEEP_LEADING_SPACE)

    @property
    def can_quarantine(self) -> bool:
        """True where a message can be put on hold."""
        return bool(self.actions & MAY_QUARANTINE)


def frame(command: bytes, data: bytes = b"") -> bytes:
    """One frame as it goes over the wire."""
    return struct.pack("!I", len(data) + 1) + command + data


def negotiate(data: bytes) -> tuple[Agreed, bytes]:
    """What is agreed on the MTA's offer, and the frame that answers it. Raises ProtocolError."""
    if len(data) < 12:
        raise ProtocolError("the offer is too short")
    version, actions, steps = struct.unpack_from("!III", data)
    if version < 2:
        raise ProtocolError(f"protocol version {version}")
    agreed = Agreed(min(version, VERSION), actions & MAY_QUARANTINE, steps & _WANTED)
    return agreed, frame(
        NEGOTIATE, struct.pack("!III", agreed.version, agreed.actions, agreed.steps)
    )


def strings(data: bytes) -> list[bytes]:
    """The NUL-ended strings of a frame's data."""
    return data.rstrip(b"\0").split(b"\0") if data else []


def macros(data: bytes) -> dict[str, str]:
    """Names and values of a MACRO frame, braces taken off the names."""
    parts = data[1:].split(b"\0")
    pairs = zip(parts[0::2], parts[1::2], strict=False)
    return {
        name.decode("ascii", "replace").strip("{}"): value.decode("utf-8", "replace")
        for name, value in pairs
        if name
    }


def address(data: bytes) -> str:
    """The mailbox of a MAIL or RCPT frame, without brackets and parameters; "" for <>."""
    parts = strings(data)
    raw = (parts[0] if parts else b"").strip()
    if raw.startswith(b"<") and raw.endswith(b">"):
        raw = raw[1:-1]
    return raw.decode("utf-8", "surrogateescape")


def header_line(data: bytes, keeps_space: bool) -> bytes:
    """A header as it stands in the message, its continuation lines kept."""
    name, _, rest = data.partition(b"\0")
    value = rest.removesuffix(b"\0")
    line = name + b":" + (value if keeps_space or not value else b" " + value)
    return line.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") + b"\r\n"


CONTINUE = frame(b"c")
ACCEPT = frame(b"a")
PROGRESS = frame(b"p")


def hold(reason: str) -> bytes:
    """Put the message on hold; a CONTINUE has to follow."""
    return frame(b"q", _line(reason) + b"\0")


def refuse(code: int, status: str, text: str) -> bytes:
    """Refuse the message: 5xx for good, 4xx for now."""
    return frame(b"y", f"{code} {status} ".encode() + _line(text).replace(b"%", b"%%") + b"\0")


def _line(text: str) -> bytes:
    """A text that fits into one SMTP line, cut between characters."""
    flat = " ".join(text.split()).encode()[:400]
    return flat.decode("utf-8", "ignore").encode()
