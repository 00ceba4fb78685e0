"""Between the mail server's connections (asyncio) and the pipeline (one thread of its own)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from typing import TypeVar

from scanner.home import Home
from scanner.model.document import Document
from scanner.model.incident import Event
from scanner.run.live import LivePipeline, PipelineLike, ProcessedLike, described

log = logging.getLogger("leakscan.gateway")

T = TypeVar("T")


class Unavailable(Exception):
    """The pipeline or the store does not work at the moment."""


@dataclass(slots=True)
class _Job:
    document: Document
    event: Event
    data: bytes = field(repr=False)
    done: Future[ProcessedLike]


@dataclass(slots=True)
class _Call:
    work: Callable[[PipelineLike], None]
    fail: Callable[[Exception], None]


class Bridge:
    """Submits documents from the event loop; each gives what came of it.

    At most `window` are under way, more wait. Where the pipeline fails, everything under way
    fails with Unavailable, and so do new documents until it could be opened again.
    """

    def __init__(self, home: Home, open_pipeline: Callable[[], PipelineLike], window: int) -> None:
        """Open the pipeline in its thread. Raises what opening it raises."""
        self._home = home
        self._open = open_pipeline
        self._jobs: queue.Queue[_Job | _Call | None] = queue.Queue()
        self._room = asyncio.Semaphore(window)
        self._under_way: dict[int, _Job] = {}
        self._number = 0
        self._failures = 0
        self._resume_at = 0.0
        self._renewing = False
        self._closing = False
        opened: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._run, args=(opened,), name="pipeline", daemon=True
        )
        self._thread.start()
        opened.result()

    @property
    def healthy(self) -> bool:
        """False while messages cannot be examined."""
        return self._failures == 0 and self._thread.is_alive()

    async def examine(
        self, document: Document, event: Event, read: Callable[[], bytes]
    ) -> ProcessedLike:
        """What came of a document, once it stands in the store. Raises Unavailable, OSError.

        `read` gives its bytes; it is called only when there is room for them.
        """
        async with self._room:
            if self._closing or not self._thread.is_alive():
                raise Unavailable("stopped")
            job = _Job(document, event, await asyncio.to_thread(read), Future())
            self._jobs.put(job)
            return await asyncio.wrap_future(job.done)

    async def call(self, work: Callable[[PipelineLike], T]) -> T:
        """What `work` gives, run in the pipeline's thread. Raises Unavailable once closed."""
        if self._closing or not self._thread.is_alive():
            raise Unavailable("stopped")
        done: Future[T] = Future()

        def run(pipeline: PipelineLike) -> None:
            result = work(pipeline)
            with contextlib.suppress(InvalidStateError):
                done.set_result(result)

        def fail(error: Exception) -> None:
            with contextlib.suppress(InvalidStateError):
                done.set_exception(error)

        self._jobs.put(_Call(run, fail))
        return await asyncio.wrap_future(done)

    def close(self) -> None:
        """Finish what is under way and close the pipeline."""
        self._closing = True
        self._jobs.put(None)
        self._thread.join(timeout=30)

    def _run(self, opened: Future[None]) -> None:
        try:
            self._live = LivePipeline(self._home, self._open)
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
            opened.set_exception(error)
            return
        opened.set_result(None)
        try:
            while self._turn():
                pass
        finally:
            self._closing = True
            self._fail_all(Unavailable("stopped"))
            self._fail_waiting(Unavailable("stopped"))
            self._live.close()

    def _turn(self) -> bool:
        """One round: new jobs in, results out. False once closed and empty."""
        if self._live.changed():
            self._renewing = True
        if self._renewing and not self._under_way:
            self._renewing = False
            self._live.renew()
        self._begin_jobs()
        if self._under_way:
            try:
                for processed in self._live.results(0.01):
                    self._finish(processed)
            except Exception as error:  # noqa: BLE001 - whatever fails, the mail server tries again
                self._failed(error)
        return not self._closing or bool(self._under_way) or not self._jobs.empty()

    def _begin_jobs(self) -> None:
        """Start the jobs that wait; sleeps a little where there is nothing to do."""
        wait = 0.0 if self._under_way else 0.5
        while not self._renewing:
            try:
                job = self._jobs.get(timeout=wait) if wait else self._jobs.get_nowait()
            except queue.Empty:
                return
            wait = 0.0
            if isinstance(job, _Job):
                self._begin(job)
            elif isinstance(job, _Call):
                self._do(job)

    def _do(self, call: _Call) -> None:
        try:
            call.work(self._live.current)
        except Exception as error:  # noqa: BLE001 - handed to the one who asked
            call.fail(error)

    def _begin(self, job: _Job) -> None:
        if job.done.cancelled():
            return
        if time.monotonic() < self._resume_at:
            _fail(job, Unavailable("the pipeline is being opened again"))
            return
        if self._failures:
            try:
                self._live.restart()
            except Exception as error:  # noqa: BLE001 - the same
                self._failed(error)
                _fail(job, Unavailable(described(error)))
                return
        self._number += 1
        self._under_way[self._number] = job
        try:
            self._live.current.submit(job.document, job.event, data=job.data, token=self._number)
        except Exception as error:  # noqa: BLE001 - the same
            self._failed(error)

    def _finish(self, processed: ProcessedLike) -> None:
        number = processed.token
        job = self._under_way.pop(number, None) if isinstance(number, int) else None
        if job is not None:
            self._failures = 0
            with contextlib.suppress(InvalidStateError):  # nobody waits for it any more
                job.done.set_result(processed)

    def _failed(self, error: Exception) -> None:
        self._failures += 1
        self._resume_at = time.monotonic() + min(2.0 ** (self._failures - 1) / 4, 30.0)
        told = described(error)
        log.error("messages cannot be examined now: %s", told)
        self._fail_all(Unavailable(told))

    def _fail_all(self, error: Unavailable) -> None:
        for job in self._under_way.values():
            _fail(job, error)
        self._under_way.clear()

    def _fail_waiting(self, error: Unavailable) -> None:
        while True:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return
            if isinstance(job, _Job):
                _fail(job, error)
            elif isinstance(job, _Call):
                job.fail(error)


def _fail(job: _Job, error: Unavailable) -> None:
    with contextlib.suppress(InvalidStateError):
        job.done.set_exception(error)
