"""Whether a path that is due can be examined now, must wait on, or is of no concern."""

# Paths are raw bytes here, which pathlib does not take.
# ruff: noqa: PTH119
from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from scanner.model.document import Document
from scanner.source.watched import WatchedSource
from scanner.watch.journal import Journal
from scanner.watch.settle import Pending
from scanner.watch.temporaries import PATIENCE, is_temporary
from scanner.watch.writers import has_writer

FRESH = 0.015  # a file changed less long ago may change again within one tick of its clock
OPEN_PATIENCE = 30.0  # a file held open for writing is read anyway after this long without change


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again in `seconds`."""

    seconds: float


class Inspector:
    """Decides over one due path at a time."""

    def __init__(
        self,
        journal: Journal,
        settle_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._journal = journal
        self._settle = settle_seconds
        self._clock = clock
        self.source = WatchedSource()

    def look(self, pending: Pending) -> Document | Wait | None:
        """The document to examine now, a Wait, or None: gone, no file, or examined already."""
        path = pending.path
        try:
            status = os.lstat(path)
            state = self.source.state(path)
        except OSError:
            self._journal.forget(path)
            return None
        if not state or state == self._journal.signature(path):
            return None
        age = time.time() - max(status.st_mtime, status.st_ctime)
        if is_temporary(os.path.basename(path)) and 0 <= age < PATIENCE:
            return Wait(min(PATIENCE - age + 0.1, 60.0))
        if 0 <= age < FRESH:
            return Wait(0.02)
        return self._settled(pending, state, age)

    def _settled(self, pending: Pending, state: str, age: float) -> Document | Wait | None:
        now = self._clock()
        if pending.signature != state:
            pending.signature, pending.since, pending.tries = state, now, 0
        quiet = now - pending.since
        try:
            writer = has_writer(pending.path)
        except OSError:
            writer = None  # unreadable: the examination says so
        if writer and quiet < OPEN_PATIENCE:
            pending.tries += 1
            return Wait(min(0.05 * 1.5 ** min(pending.tries, 20), 2.0))
        if writer is None and quiet < self._settle and not age >= 2 * self._settle:
            return Wait(max(self._settle - quiet, 0.01))
        try:
            return self.source.document(pending.path)
        except OSError:
            return None
