"""Documents through every stage: examined in a worker, judged, and recorded before they are told.

One pipeline serves one surface (a scan, the watcher, the gateway). Several threads may submit and
examine; results are taken by one.
"""

from __future__ import annotations

import os
import queue
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType

from scanner.home import Home
from scanner.model.document import Document
from scanner.model.examined import Examined
from scanner.model.incident import Event, Incident
from scanner.record.store import Store
from scanner.run.judging import Judging
from scanner.run.sandbox.pool import Pool, default_workers
from scanner.settings import Settings

WINDOW = 64  # documents under way for each worker
MOST = 256  # documents under way at all; each holds a descriptor
GROUP = 256  # documents recorded in one commit at most
GATHER_SECONDS = 0.1  # how long a commit waits for company


@dataclass(frozen=True, slots=True)
class Processed:
    """A document that went through: what its objects gave, and the incidents, recorded already."""

    document: Document
    event: Event
    token: object
    examined: tuple[Examined, ...]
    incidents: tuple[Incident, ...]
    incident_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Ready:
    document: Document
    event: Event
    token: object
    objects: tuple[Examined, ...]


class Pipeline:
    """The stages, wired. Use `Pipeline.open`; close it, or use it as a context manager."""

    def __init__(self, judging: Judging, store: Store, pool: Pool) -> None:
        self.judging = judging
        self.store = store
        self.pool = pool
        self.scan_id = ""
        self._ready: queue.SimpleQueue[_Ready] = queue.SimpleQueue()
        self._window = min(pool.workers * WINDOW, MOST)
        self._slots = threading.Semaphore(self._window)
        self._recording = threading.Lock()
        self._counting = threading.Lock()
        self._under_way = 0

    @staticmethod
    def open(
        home: Home,
        settings: Settings,
        *,
        workers: int | None = None,
        operator: str = "",
        verify: bool = False,
    ) -> Pipeline:
        """The pipeline of a home; `verify` reads the whole index first.

        Raises LeakscanError where a part cannot be opened.
        """
        judging = Judging.open(home, settings, operator, verify=verify)
        store = Store.open(home)
        try:
            pool = Pool(home, settings, workers=workers or settings.workers or default_workers())
        except BaseException:
            store.close()
            raise
        return Pipeline(judging, store, pool)

    @property
    def pending(self) -> int:
        """Submitted documents that were not told yet."""
        return self._under_way

    @property
    def full(self) -> bool:
        """True where `submit` would wait until another thread takes results."""
        return self._under_way >= self._window

    def submit(
        self,
        document: Document,
        event: Event,
        *,
        data: bytes | None = None,
        token: object = None,
    ) -> None:
        """Hand a document over, waiting while too many are under way.

        `data` are its bytes where they lie in no file; `token` comes back with the result.
        """
        self._slots.acquire()
        with self._counting:
            self._under_way += 1

        def done(finished: Document, objects: list[Examined]) -> None:
            self._ready.put(_Ready(finished, event, token, tuple(objects)))

        self.pool.submit(document, done, _descriptor(data) if data is not None else None)

    def results(self, *, wait: float | None = None) -> Iterator[Processed]:
        """What is ready, recorded; waits up to `wait` seconds for the first (None: as needed).

        Ends when nothing more is ready, so that the caller can submit again.
        """
        group = self._gather(wait)
        if group:
            told = self._record(group)
            with self._counting:
                self._under_way -= len(group)
            for _ in group:
                self._slots.release()
            yield from told

    def examine(
        self,
        document: Document,
        event: Event,
        *,
        data: bytes | None = None,
        record: bool = True,
    ) -> Processed:
        """One document, examined while the caller waits; safe from any thread."""
        answer: queue.SimpleQueue[_Ready] = queue.SimpleQueue()

        def done(finished: Document, objects: list[Examined]) -> None:
            answer.put(_Ready(finished, event, None, tuple(objects)))

        self.pool.submit(document, done, _descriptor(data) if data is not None else None)
        ready = answer.get()
        if record:
            return self._record([ready])[0]
        return self._processed(ready, self.judging.incidents(document, ready.objects, event), ())

    def _gather(self, wait: float | None) -> list[_Ready]:
        try:
            group = [self._ready.get(timeout=wait) if wait is not None else self._wait()]
        except queue.Empty:
            return []
        until = time.monotonic() + GATHER_SECONDS
        while len(group) < GROUP and len(group) < self._under_way:
            try:
                group.append(self._ready.get(timeout=max(0.0, until - time.monotonic())))
            except queue.Empty:
                break
        return group

    def _wait(self) -> _Ready:
        while True:
            if not self._under_way:
                raise queue.Empty
            try:
                return self._ready.get(timeout=1.0)
            except queue.Empty:
                self.pool.check()

    def _record(self, group: Sequence[_Ready]) -> list[Processed]:
        judged = [self.judging.incidents(r.document, r.objects, r.event) for r in group]
        incidents = [incident for found in judged for incident in found]
        opened = [(ready.document, ready.objects) for ready in group]
        with self._recording:
            ids = self.store.record(incidents, scan_id=self.scan_id, examined=opened)
        told, start = [], 0
        for ready, found in zip(group, judged, strict=True):
            stop = start + len(found)
            told.append(self._processed(ready, found, tuple(ids[start:stop])))
            start = stop
        return told

    @staticmethod
    def _processed(ready: _Ready, incidents: Sequence[Incident], ids: tuple[str, ...]) -> Processed:
        return Processed(
            ready.document, ready.event, ready.token, ready.objects, tuple(incidents), ids
        )

    def close(self) -> None:
        """End the workers and close the store."""
        self.pool.close()
        self.store.close()

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _descriptor(data: bytes) -> int:
    """A descriptor of bytes that lie in no file: in memory where the system can, else unlinked."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("leakscan-document", os.MFD_CLOEXEC)
    else:
        with tempfile.TemporaryFile() as file:
            fd = os.dup(file.fileno())
    with os.fdopen(os.dup(fd), "wb") as out:
        out.write(data)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def whole(examined: Sequence[Examined]) -> bool:
    """True where every object of a document was read whole."""
    return all(not one.outcome.reason for one in examined)
