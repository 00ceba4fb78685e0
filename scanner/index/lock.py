"""One writer at a time for each dataset."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from scanner.model.errors import HomeError

WAIT = 2.0  # seconds; writers hold a lock for a moment, but for the one that writes a large segment


@contextmanager
def locked(folder: Path, wait: float = WAIT) -> Iterator[None]:
    """Hold the write lock of a folder; HomeError where another process holds it for so long.

    The lock goes with the process, so one that was killed leaves none.
    """
    if os.name != "posix":
        yield
        return
    import fcntl

    fd = os.open(folder, os.O_RDONLY)
    try:
        until = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() < until:
                    time.sleep(0.02)
                    continue
                raise HomeError(
                    f"another command is just now writing {folder}: wait until it has finished"
                ) from None
        yield
    finally:
        os.close(fd)


def remove_idle(folder: Path) -> None:
    """Delete a folder that a killed process left; not one that a living one holds locked."""
    with suppress(HomeError, OSError), locked(folder, 0):
        shutil.rmtree(folder)
