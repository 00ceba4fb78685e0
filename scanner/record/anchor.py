"""The anchor file: the head of the store's chain, kept in a second place.

Two slots of fixed size are written in turn, so that a write cut short leaves the other one. Each
is a line of JSON with the number of rows, the last hash and a code under the audit key.
"""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scanner.model.chain import canonical
from scanner.model.errors import StoreError
from scanner.record.chain import EMPTY, Head, mac

SLOT_BYTES = 256


class Anchor:
    """The anchor file of one store. `path` need not exist yet."""

    def __init__(self, path: Path, key: bytes) -> None:
        self.path = path
        self._key = key

    def read(self) -> Head | None:
        """The anchored head, or None where there is no valid one."""
        heads = [head for head in self._slots() if head is not None]
        return max(heads, key=lambda head: head.rows, default=None)

    def _slots(self) -> list[Head | None]:
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return [None, None]
        except OSError as error:
            raise StoreError(f"the anchor {self.path} cannot be read: {error.strerror}") from None
        return [self._parsed(data[start : start + SLOT_BYTES]) for start in (0, SLOT_BYTES)]

    def create(self) -> None:
        """Write the anchor of an empty chain, unless there is one."""
        if not self.path.exists():
            self.write(EMPTY)

    def write(self, head: Head, *, force: bool = False) -> None:
        """Anchor `head`, durable on return. Never goes back to fewer rows without `force`."""
        try:
            with self._locked() as fd:
                first, second = (slot.rows if slot else -1 for slot in self._slots())
                if max(first, second) >= head.rows and not force:
                    return
                if force:
                    os.ftruncate(fd, 0)
                self._put(fd, head, slot=0 if force or first <= second else 1)
        except OSError as error:
            raise StoreError(
                f"the anchor {self.path} cannot be written: {error.strerror}"
            ) from None

    def _put(self, fd: int, head: Head, *, slot: int) -> None:
        line = canonical(
            {"head": head.hash, "mac": mac(self._key, "anchor", head), "rows": head.rows}
        )
        view = memoryview(line.encode("ascii").ljust(SLOT_BYTES - 1) + b"\n")
        os.lseek(fd, SLOT_BYTES * slot, os.SEEK_SET)
        while view:
            view = view[os.write(fd, view) :]
        os.fsync(fd)

    def _parsed(self, slot: bytes) -> Head | None:
        try:
            told = json.loads(slot.strip(b"\x00"))
            head = Head(int(told["rows"]), str(told["head"]))
            code = str(told["mac"])
        except (ValueError, KeyError, TypeError):
            return None
        return head if hmac.compare_digest(mac(self._key, "anchor", head), code) else None

    @contextmanager
    def _locked(self) -> Iterator[int]:
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                import fcntl
            except ImportError:  # Windows: the store's own lock keeps writers apart well enough
                yield fd
            else:
                fcntl.flock(fd, fcntl.LOCK_EX)
                yield fd
        finally:
            os.close(fd)
