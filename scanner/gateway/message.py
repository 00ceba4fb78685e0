"""A message on its way in: envelope, and content kept in memory or in a private spool file."""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

IN_MEMORY = 1 << 20
LASTING = frozenset(
    {b"message-id", b"subject", b"from", b"to", b"cc", b"content-type", b"content-disposition"}
)


class Spool:
    """A private folder for messages under way. What a crash left there is removed at the start.

    Nothing here is the only copy: the mail server keeps a message until it was answered.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        for left in folder.glob("*.eml"):
            left.unlink(missing_ok=True)

    def new_path(self) -> Path:
        """A name that nobody has."""
        return self.folder / f"{secrets.token_hex(8)}.eml"


@dataclass(slots=True)
class Message:
    """One message: who sends it to whom, and its bytes as they come.

    `failed` says why it can no longer be taken (a full disk); it is then only counted.
    """

    spool: Spool
    sender: str = ""
    recipients: list[str] = field(default_factory=list)
    queue_id: str = ""
    user: str = ""
    client: str = ""
    message_id: str = ""
    size: int = 0
    failed: str = ""
    _memory: bytearray = field(default_factory=bytearray, repr=False)
    _fd: int = -1
    _path: Path | None = None
    _digest: hashlib._Hash = field(default_factory=hashlib.sha256, repr=False)

    def add(self, data: bytes, *, counts: bool = True) -> None:
        """Append bytes of the message; `counts` where they belong to its identity."""
        self.size += len(data)
        if counts:
            self._digest.update(data)
        if self.failed:
            return
        try:
            if self._path is None and len(self._memory) + len(data) > IN_MEMORY:
                self._to_disk()
            if self._path is None:
                self._memory += data
            else:
                _write(self._fd, data)
        except OSError as error:
            self.failed = f"spool: {os.strerror(error.errno or 0)}"

    def add_header(self, line: bytes) -> None:
        """Append a header; those that a second try may bring anew (Date, Received) do not count."""
        name = line.partition(b":")[0].strip().lower()
        if name == b"message-id" and not self.message_id:
            self.message_id = line.partition(b":")[2].strip().decode("utf-8", "backslashreplace")
        self.add(line, counts=name in LASTING)

    def read(self) -> bytes:
        """The whole message, out of memory or the spool file. Raises OSError."""
        return bytes(self._memory) if self._path is None else self._path.read_bytes()

    @property
    def identity(self) -> str:
        """A short name of content and envelope together; the same when a server tries again."""
        digest = self._digest.copy()
        for part in (self.sender, *sorted(self.recipients)):
            digest.update(b"\0" + part.encode("utf-8", "surrogateescape"))
        return digest.hexdigest()[:16]

    def close(self) -> None:
        """Let the bytes go."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        if self._path is not None:
            self._path.unlink(missing_ok=True)
        self._memory = bytearray()

    def _to_disk(self) -> None:
        path = self.spool.new_path()
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._path = path
        _write(self._fd, bytes(self._memory))
        self._memory = bytearray()


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
