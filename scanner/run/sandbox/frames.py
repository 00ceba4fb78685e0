"""Messages between supervisor and worker: a length, a letter, a JSON value; descriptors beside.

Frames are bounded: a peer that announces more than MAX_FRAME is cut off.
"""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

from scanner.run.sandbox.codec import Malformed

MAX_FRAME = 64 << 20
_HEAD = struct.Struct(">Ic")
_MAX_FDS = 4


def frame(letter: bytes, value: Any) -> bytes:
    """One message as bytes. Raises ValueError above MAX_FRAME."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    data = body.encode("utf-8", "surrogatepass")
    if len(data) > MAX_FRAME:
        raise ValueError("a message above the limit")
    return _HEAD.pack(len(data), letter) + data


class Inbox:
    """Bytes as they come, given out as whole messages."""

    def __init__(self, limit: int = MAX_FRAME) -> None:
        self._held = bytearray()
        self._limit = limit

    def add(self, data: bytes) -> None:
        """Takes bytes from the peer."""
        self._held += data

    def next(self) -> tuple[bytes, Any] | None:
        """The next message, None where it has not come whole. Raises Malformed."""
        if len(self._held) < _HEAD.size:
            return None
        size, letter = _HEAD.unpack_from(self._held)
        if size > self._limit:
            raise Malformed("a message above the limit")
        end = _HEAD.size + size
        if len(self._held) < end:
            return None
        body = bytes(self._held[_HEAD.size : end])
        del self._held[:end]
        return letter, decoded(body)


def decoded(body: bytes) -> Any:
    """The JSON value of a message body. Raises Malformed."""
    try:
        return json.loads(body.decode("utf-8", "surrogatepass"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed(type(error).__name__) from None


def _no_constant(name: str) -> float:
    raise ValueError(name)


def send(sock: socket.socket, letter: bytes, value: Any, fds: tuple[int, ...] = ()) -> None:
    """Sends one message on a blocking socket, with descriptors beside its first bytes."""
    data = memoryview(frame(letter, value))
    if fds:
        sent = socket.send_fds(sock, [data[: 1 << 16]], list(fds))
        data = data[sent:]
    if data:
        sock.sendall(data)


def receive(sock: socket.socket) -> tuple[bytes, Any, list[int]] | None:
    """The next message on a blocking socket and the descriptors with it, None at the end."""
    head, fds, _, _ = socket.recv_fds(sock, _HEAD.size, _MAX_FDS)
    while head and len(head) < _HEAD.size:
        more = sock.recv(_HEAD.size - len(head))
        if not more:
            return None
        head += more
    if not head:
        return None
    size, letter = _HEAD.unpack(head)
    body = bytearray()
    while len(body) < size:
        chunk = sock.recv(min(1 << 20, size - len(body)))
        if not chunk:
            return None
        body += chunk
    return letter, decoded(bytes(body)), list(fds)
