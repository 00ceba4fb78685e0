"""One writer at a time for each dataset."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scanner.model.errors import HomeError


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the write lock of a dataset's folder; HomeError where another process holds it.

    The lock goes with the process, so one that was killed leaves none.
    """
    if os.name != "posix":
        yield
        return
    import fcntl

    fd = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HomeError(
                f"another command is just now writing {folder}: wait until it has finished"
            ) from None
        yield
    finally:
        os.close(fd)
