"""A pipeline that a service keeps for days: reopened when the registry changes or when it fails.

What is in force changes only after the new one could be opened: a registry that became unusable
while the service runs is refused with a message, and the old one stays in force.
"""

from __future__ import annotations

import logging
import os
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from scanner.home import Home
from scanner.model.document import Document
from scanner.model.errors import LeakscanError
from scanner.model.examined import Examined
from scanner.model.incident import Event, Incident

log = logging.getLogger("leakscan.run")

CHECK_EVERY = 2.0


class ProcessedLike(Protocol):
    """What came of one document."""

    @property
    def document(self) -> Document:
        """The document itself."""

    @property
    def token(self) -> object:
        """What was given along with it."""

    @property
    def examined(self) -> Sequence[Examined]:
        """Each object in it: itself, its members."""

    @property
    def incidents(self) -> Sequence[Incident]:
        """The incidents, which stand in the store by now."""

    @property
    def incident_ids(self) -> Sequence[str]:
        """Their ids, in the same order."""


class PipelineLike(Protocol):
    """The part of run.pipeline.Pipeline that a service uses."""

    def submit(
        self, document: Document, event: Event, *, data: bytes | None = None, token: object = None
    ) -> None:
        """Begin to examine a document; waits where too many are under way."""

    def results(self, *, wait: float | None = None) -> Iterator[ProcessedLike]:
        """What is done, after waiting up to `wait` seconds for the first."""

    def close(self) -> None:
        """Give back what it holds."""


class LivePipeline:
    """The pipeline in force. One thread uses it.

    `open_pipeline` makes a new one. `changed` is True once what it was opened from has changed
    on disk; the owner then lets the documents under way finish and calls `renew`.
    """

    def __init__(self, home: Home, open_pipeline: Callable[[], PipelineLike]) -> None:
        self._home = home
        self._open = open_pipeline
        self._stamp = _stamp(home)
        self._looked = time.monotonic()
        self.refused = ""
        self.current: PipelineLike = open_pipeline()

    def changed(self) -> bool:
        """True where registry, index or settings changed since the pipeline was opened."""
        now = time.monotonic()
        if now - self._looked < CHECK_EVERY:
            return False
        self._looked = now
        return _stamp(self._home) != self._stamp

    def renew(self) -> bool:
        """Open the new one in place of the old; False where it cannot be, and the old one stays."""
        stamp = _stamp(self._home)
        self._stamp = stamp  # a refused state is not tried again until it changes
        try:
            new = self._open()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, the old one works
            known = isinstance(error, (LeakscanError, OSError))
            self.refused = str(error) if known else type(error).__name__
            log.error(
                "the changed registry is refused, the old one stays in force: %s", self.refused
            )
            return False
        self.refused = ""
        old, self.current = self.current, new
        _close(old)
        return True

    def results(self, wait: float) -> list[ProcessedLike]:
        """What is done. Raises where the pipeline, its workers or the store failed."""
        done = list(self.current.results(wait=wait))
        if not done and (check := getattr(getattr(self.current, "pool", None), "check", None)):
            check()
        return done

    def restart(self) -> None:
        """Close a failed pipeline and open it again. Raises what opening raises."""
        _close(self.current)
        self._stamp = _stamp(self._home)
        self.current = self._open()

    def close(self) -> None:
        """Close the pipeline in force."""
        _close(self.current)


def described(error: BaseException) -> str:
    """An error for people; an unforeseen one by its kind and place, without what it was about."""
    if isinstance(error, (LeakscanError, OSError)):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].name}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + place


def _close(pipeline: PipelineLike) -> None:
    try:
        pipeline.close()
    except (LeakscanError, OSError) as error:
        log.warning("closing the pipeline: %s", error)


def _stamp(home: Home) -> tuple[tuple[str, int, int], ...]:
    """Names, sizes and times of everything the pipeline is opened from."""
    found: list[tuple[str, int, int]] = []
    for folder in (home.registry, home.index):
        for parent, _, names in os.walk(folder):
            for name in sorted(names):
                if name.endswith(("-wal", "-shm", "-journal", ".lock")):
                    continue
                path = os.path.join(parent, name)  # noqa: PTH118
                try:
                    status = os.stat(path)  # noqa: PTH116
                except OSError:
                    continue
                found.append((path, status.st_size, status.st_mtime_ns))
    try:
        status = home.settings_file.stat()
        found.append((str(home.settings_file), status.st_size, status.st_mtime_ns))
    except OSError:
        pass
    return tuple(sorted(found))
