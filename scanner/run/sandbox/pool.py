"""Workers that examine documents: submit documents, get one result for each.

    with Pool(home, settings) as pool:
        for document, objects in pool.run(documents):
            ...

Each submitted document ends in exactly one result, a list of Examined: the document first, then
its members. Results come in the order in which they are ready.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any

from scanner.home import Home
from scanner.model.document import Document
from scanner.model.errors import LeakscanError, Unread
from scanner.model.examined import Examined
from scanner.run.sandbox.job import Done, Job, Line, unseen
from scanner.run.sandbox.launch import Launcher, ZygoteLauncher
from scanner.run.sandbox.spawn import SpawnLauncher
from scanner.run.sandbox.supervisor import LINES_LOW, Supervisor
from scanner.settings import Settings
from scanner.source.folder import open_document

WINDOW = 8  # documents under way or waiting, for each worker
BESIDE = 48  # and beside them, so that documents that hang do not fill the window

Result = tuple[Document, list[Examined]]


def default_workers() -> int:
    """One for each core this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def _launcher(
    home: Home, settings: Settings, detectors: tuple[str, ...] | None, *, spawn: bool
) -> Launcher:
    if os.name != "posix":
        raise LeakscanError(
            "documents are read by isolated worker processes, which this system does not offer: "
            "run leakscan on Linux or macOS (on Windows in WSL)"
        )
    return (SpawnLauncher if spawn else ZygoteLauncher)(home, settings, detectors)


class Pool:
    """Warm, isolated workers. `detectors` names them "module:attribute"; None means all.

    `spawn` starts each worker as an interpreter of its own instead of forking a prepared one.
    Raises LeakscanError, on the first use, where a detector cannot be opened.
    """

    def __init__(
        self,
        home: Home,
        settings: Settings,
        *,
        workers: int = 0,
        detectors: tuple[str, ...] | None = None,
        spawn: bool = sys.platform != "linux",
    ) -> None:
        self.settings = settings
        self.workers = workers or settings.workers or default_workers()
        self._results: queue.SimpleQueue[Result] = queue.SimpleQueue()
        self.window = self.workers * WINDOW + BESIDE
        self._window = threading.Semaphore(self.window)
        self._counted = threading.Lock()
        self._submitted = 0
        self._taken = 0
        self._numbers = 0
        self._closed = False
        launcher = _launcher(home, settings, detectors, spawn=spawn)
        self._supervisor = Supervisor(launcher, self.workers, settings)
        self._supervisor.start()

    def submit(self, document: Document, done: Done | None = None, fd: int | None = None) -> None:
        """Hands a document over, waiting while too many are under way.

        `done` is called with the result from another thread; without it the result comes through
        `results`. `fd` is a descriptor of its bytes where the document has no local path; the
        pool closes it.
        """
        self.check()
        if done is None:
            self._window.acquire()
            self._submitted += 1
            done = self._arrived
        try:
            held = open_document(document) if fd is None else fd
            stat = os.fstat(held)
        except Unread as reason:
            done(document, [unseen(document, reason.reason, detail=reason.detail)])
            return
        with self._counted:
            self._numbers += 1
            number = self._numbers
        self._supervisor.put(Job(number, document, held, stat, done))

    def extract(self, document: Document) -> Iterator[Line]:
        """The lines of a document as its worker reads them, the document's own end last.

        Where a parser dies, the document is read once more with the careful readers; the lines
        of both readings come.
        """
        for safe in (False, True):
            last: Line = ()
            for line in self._extract(document, safe=safe):
                if last:
                    yield last
                last = line
            if safe or not last[3].startswith("crash:"):
                yield last
                return

    def _extract(self, document: Document, *, safe: bool) -> Iterator[Line]:
        self.check()
        try:
            held = open_document(document)
        except Unread as reason:
            yield ("end", "", "SKIPPED", reason.reason, reason.detail)
            return
        lines: queue.SimpleQueue[Line] = queue.SimpleQueue()
        ended = threading.Event()
        job = Job(0, document, held, os.fstat(held), lambda *_: ended.set(), "extract", lines)
        job.safe = safe
        self._supervisor.put(job)
        while not (ended.is_set() and lines.empty()):
            try:
                line = lines.get(timeout=0.05)
            except queue.Empty:
                if self._supervisor.failure is not None:
                    raise self._supervisor.failure from None
                continue
            if lines.qsize() == LINES_LOW - 1:
                self._supervisor.resume()
            yield line

    def _arrived(self, document: Document, objects: list[Examined]) -> None:
        self._results.put((document, objects))

    def run(self, documents: Iterable[Document]) -> Iterator[Result]:
        """Submits documents as there is room and yields their results, in one thread."""
        source = iter(documents)
        exhausted = False
        while not exhausted or self.pending:
            while not exhausted and self.pending < self.window:
                document = next(source, None)
                if document is None:
                    exhausted = True
                else:
                    self.submit(document)
                if not self._results.empty():
                    break
            if self.pending:
                yield self._take()

    def results(self) -> Iterator[Result]:
        """Results as they arrive, until `close_intake` was called and all have come."""
        while not self._closed or self.pending:
            try:
                yield self._take(0.2)
            except queue.Empty:
                continue

    def _take(self, timeout: float | None = None) -> Result:
        while True:
            try:
                result = self._results.get(timeout=1.0 if timeout is None else timeout)
                if self._supervisor.failure is not None:
                    raise self._supervisor.failure
                break
            except queue.Empty:
                self.check()
                if timeout is not None:
                    raise
        self._taken += 1
        self._window.release()
        return result

    @property
    def pending(self) -> int:
        """Submitted documents whose results were not taken yet."""
        return self._submitted - self._taken

    def check(self) -> None:
        """Raise where the workers cannot go on."""
        if self._supervisor.failure is not None:
            raise self._supervisor.failure
        if not self._supervisor.is_alive() and self._results.empty():
            raise LeakscanError("the worker processes have stopped")

    def close_intake(self) -> None:
        """No document follows: `results` ends when all results were taken."""
        self._closed = True

    def cancel(self) -> None:
        """Ends every unfinished document as `cancelled`; its result still comes."""
        self._supervisor.cancel()

    def isolation_report(self) -> list[dict[str, Any]]:
        """What isolation is in force: the different reports of the workers started so far."""
        return list(self._supervisor.isolation)

    def first_isolation(self, seconds: float = 30.0) -> dict[str, Any]:
        """What isolation is in force for the first worker, waiting until it is ready."""
        until = time.monotonic() + seconds
        while not self._supervisor.isolation and time.monotonic() < until:
            self.check()
            time.sleep(0.005)
        return self._supervisor.isolation[0] if self._supervisor.isolation else {}

    @property
    def counts(self) -> dict[str, int]:
        """How many workers were started, documents finished, tries repeated, and causes of ends."""
        return {**self._supervisor.counts, "workers": self._supervisor.started}

    def peak_memory(self) -> int:
        """The most memory that a worker which has ended held, in bytes; 0 where unknown."""
        return self._supervisor.peak

    def close(self) -> None:
        """Ends all workers."""
        self._closed = True
        if self._supervisor.is_alive():
            self._supervisor.stop()

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
