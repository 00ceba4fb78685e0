"""The thread that hands documents to workers, keeps time over them and replaces the dead.

Nothing a worker does can stop it: every message is bounded and checked, every wait has an end,
every deadline is kept by SIGKILL. Each job ends in exactly one call of its `done`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import socket
import threading
import time
from typing import Any

from scanner.model.errors import LeakscanError
from scanner.model.examined import Examined
from scanner.model.outcome import Coverage
from scanner.run.sandbox import blackbox, hearing
from scanner.run.sandbox.codec import Malformed
from scanner.run.sandbox.crew import LOOK_SECONDS, Crew, Worker
from scanner.run.sandbox.dispatch import Dispatch
from scanner.run.sandbox.job import Attempt, Job, unseen, unstable
from scanner.run.sandbox.launch import Launcher, failure
from scanner.settings import Settings

BURY_SECONDS = 1.0  # how long the end of a hung-up process is waited for
IDLE_SECONDS = 5.0  # between two looks around where nothing is due
CLOSE_SECONDS = 0.05  # how long a process may live after it closed its socket
JOB_BYTES = 256 << 20  # bytes a worker may say about one document
LINES_HIGH, LINES_LOW = 64, 16  # lines of `extract` that wait for their reader
POISON = 256  # documents that ended a worker twice and are remembered
LOG = logging.getLogger("leakscan")


class Supervisor(Dispatch, threading.Thread):
    """See the module."""

    def __init__(self, launcher: Launcher, workers: int, settings: Settings) -> None:
        threading.Thread.__init__(self, name="leakscan-supervisor", daemon=True)
        Dispatch.__init__(self, Crew(launcher, workers, settings.worker_memory_mib << 20), settings)
        self._twins: dict[int, list[Job]] = {}  # by the number of the job they wait for
        self._cancelled = False
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._stopping = False
        self.failure: LeakscanError | None = None
        self.isolation: list[dict[str, Any]] = []

    # ---- called from other threads

    def put(self, job: Job) -> None:
        """Takes a job over."""
        self._backlog.put(job)
        self.wake()

    def resume(self) -> None:
        """Says that lines were taken: a worker that was paused may go on."""
        self._due = 0.0
        self.wake()

    def wake(self) -> None:
        """Makes the loop look around."""
        with contextlib.suppress(OSError):
            self._wake_out.send(b"w")

    def stop(self) -> None:
        """Ends the loop; workers are killed, unfinished jobs end as cancelled."""
        self._stopping = True
        self.wake()
        self.join()

    def cancel(self) -> None:
        """Ends every unfinished job as cancelled; the pool can be used again."""
        self._cancelled = True
        self.wake()

    @property
    def started(self) -> int:
        """How many workers were started so far."""
        return self._crew.started

    @property
    def peak(self) -> int:
        """The most memory that a worker which has ended held, in bytes."""
        return self._crew.peak

    # ---- the loop

    def run(self) -> None:
        """The loop."""
        self._crew.selector.register(self._wake_in, selectors.EVENT_READ, "wake")
        try:
            while not self._stopping:
                patience = max(0.0, self._due - time.monotonic())
                for key, _ in self._crew.selector.select(patience):
                    self._turn_to(key)
                if self._cancelled:
                    self._cancel_all()
                if time.monotonic() >= self._due:
                    self._look_around()
                self._assign()
                self._hand_ahead()
        except LeakscanError as error:
            self.failure = error
        except Exception as error:  # noqa: BLE001  whatever happens, every job gets its end
            told = f"the supervisor of the workers stopped: {type(error).__name__}"
            self.failure = LeakscanError(told)
            LOG.error("the supervisor stopped: %s", type(error).__name__)
        finally:
            self._stopping = True
            self._cancel_all()
            self._crew.close()
            self._wake_in.close()
            self._wake_out.close()

    def _look_around(self) -> None:
        """What is done when it is due, and not after each message: it looks at every worker."""
        self._keep_time()
        self._balance()
        self._crew.staff(self._backlog.waits())
        self._dismiss()
        self._due = self._next_due()

    def _next_due(self) -> float:
        """When something is due, unless something happens before."""
        now = time.monotonic()
        due = [now + IDLE_SECONDS]
        waits = self._backlog.waits()
        for worker in self._crew.workers:
            if worker.hung_up:
                due.append(worker.hung_up + CLOSE_SECONDS + 0.001)
            elif worker.paused or worker.aside.since:
                continue
            elif worker.job or worker.ghost or not worker.ready:
                due += [worker.until, worker.look.due]
                if waits and worker.job and not worker.look.sleeps:
                    due.append(worker.aside.due)
        return min(due)

    def _turn_to(self, key: selectors.SelectorKey) -> None:
        if key.data == "wake":
            try:
                while self._wake_in.recv(4096):
                    continue
            except BlockingIOError:
                return
        elif key.data == "launcher":
            self._due = 0.0
            if not self._crew.news():
                self._relaunch()
        else:
            worker, what = key.data
            if worker in self._crew.workers:
                (self._hear if what == "talk" else self._crew.drain)(worker)

    def _relaunch(self) -> None:
        self.counts["relaunched"] += 1
        for job in self._crew.relaunch():
            job.attempt = Attempt()
            self._backlog.put(job, first=True)

    # ---- hearing

    def _hear(self, worker: Worker) -> None:
        try:
            data = worker.process.sock.recv(1 << 18)
        except OSError:
            data = b""
        if not data:
            self._lost(worker)
            return
        worker.told += len(data)
        try:
            worker.inbox.add(data)
            while (message := worker.inbox.next()) is not None:
                self._message(worker, *message)
            if worker.job is not None and worker.job.lines is None and worker.told > JOB_BYTES:
                raise Malformed("too much")
        except hearing.BROKEN:
            self._kill(worker, "crash:protocol")

    def _message(self, worker: Worker, letter: bytes, value: Any) -> None:
        if not worker.ready:
            self._ready(worker, letter, value)
            return
        job = worker.job
        if worker.ghost and letter in (b"O", b"C", b"P"):
            return
        if worker.ghost and letter == b"D":
            self._next(worker)
            return
        if job is None:
            raise Malformed("nothing was asked")
        if letter == b"E":
            self._kill(worker, hearing.error_code(value))
        elif letter == b"D":
            self._done(worker, job, recycle=value is True)
        else:
            hearing.note(job, letter, value, self._poison)
            if job.lines is not None and job.lines.qsize() > LINES_HIGH and not worker.paused:
                self._crew.pause(worker)

    def _ready(self, worker: Worker, letter: bytes, value: Any) -> None:
        """The first word of a worker, said before it saw any document."""
        if letter == b"F":
            raise failure(value)
        if letter != b"H" or not isinstance(value, dict):
            raise Malformed("no hello")
        worker.greet()
        if value not in self.isolation:
            self.isolation.append(value)

    def _done(self, worker: Worker, job: Job, *, recycle: bool) -> None:
        now = time.monotonic()
        if worker.aside.since:
            worker.go_on(now)  # it had ended before it was set aside
        spent = worker.spent(now)
        job.spent += spent
        self._crew.usual.note(spent)
        memory = any(one.outcome.reason == "memory" for one in job.attempt.closed.values())
        if recycle or memory or job.alone or worker.niced:
            worker.job = None
            self._retire(worker)
        else:
            self._next(worker)
        if memory and not job.tries and worker.served > 1:
            self._again(job)
        elif job.kind == "examine" and 0 not in job.attempt.closed:
            self._finish(job, job.lost("crash:protocol"))
        else:
            self._settle(job)

    def _settle(self, job: Job) -> None:
        """The end of an attempt that went through: checks that the bytes stood still."""
        objects = job.objects()
        now = os.fstat(job.fd)
        refused = objects[0].outcome.reason.startswith("unreadable:") if objects else False
        moved = (now.st_size, now.st_mtime_ns) != (job.stat.st_size, job.stat.st_mtime_ns)
        if moved or any(not one.stable for one in objects if not one.inner):
            if not job.rereads and job.kind == "examine":
                job.rereads, job.stat, job.attempt = 1, now, Attempt()
                self._backlog.put(job, first=True)
                return
            objects = unstable(objects)
        elif refused and not job.rereads:
            job.rereads, job.attempt = 1, Attempt()
            self._backlog.put(job)
            return
        self._finish(job, objects)

    def _finish(self, job: Job, objects: list[Examined]) -> None:
        job.close()
        for twin in self._twins.pop(job.number, ()):
            self._backlog.put(twin, first=True)
        self.counts["finished"] += 1
        try:
            job.done(job.document, objects)
        except Exception as error:  # noqa: BLE001  a caller's mistake must not end the others
            LOG.error("taking a result failed: %s", type(error).__name__)

    def _again(self, job: Job) -> None:
        """Once more, alone, in a fresh worker, with the careful readers."""
        job.tries += 1
        job.safe = job.alone = True
        job.keep_best()
        self.counts["retried"] += 1
        self._backlog.put(job)

    # ---- the end of a worker

    def _retire(self, worker: Worker) -> None:
        """A worker that did nothing wrong and is not used again."""
        self._kill(worker, "retired")

    def _kill(self, worker: Worker, reason: str) -> None:
        worker.reason = worker.reason or reason
        worker.process.kill()
        self._lost(worker)

    def _lost(self, worker: Worker) -> None:
        """Its socket is closed, or it was killed."""
        self._due = 0.0
        self._crew.hang_up(worker)
        if worker.process.poll() is not None:
            self._bury(worker)

    def _keep_time(self) -> None:
        now = time.monotonic()
        for worker in list(self._crew.workers):
            if worker.hung_up:
                self._wait_for_end(worker, now - worker.hung_up)
            elif worker.aside.since:
                continue
            elif worker.paused:
                lines = worker.job.lines if worker.job is not None else None
                if lines is None or lines.qsize() < LINES_LOW:
                    self._crew.resume(worker)
            elif (worker.job is not None or worker.ghost) and now > worker.until:
                if not worker.patience(now):
                    self.counts["timeouts"] += 1
                    self._kill(worker, "timeout")
            elif worker.ahead is not None and worker.lingers(now):
                self._take_back(worker)
            elif worker.job is not None and now > worker.look.due:
                self._look(worker, now)
            elif not worker.ready and now > worker.until:
                self._kill(worker, "crash:no-start")

    def _wait_for_end(self, worker: Worker, seconds: float) -> None:
        if worker.process.poll() is not None or seconds > BURY_SECONDS:
            self._bury(worker)
        elif seconds > CLOSE_SECONDS and not worker.reason:
            worker.reason = "crash:closed-socket"  # and lives on
            worker.process.kill()

    def _look(self, worker: Worker, now: float) -> None:
        """Notes progress; ends a worker whose member makes none, so that its siblings have time."""
        assert worker.job is not None
        look = worker.look
        look.due = now + LOOK_SECONDS
        trace = blackbox.read(worker.process.page, worker.job.number)
        first = look.at == 0.0
        look.note(now, trace, worker.process.pid)
        if first and self._is_twin(worker, trace.sha256):
            return
        worker.step_back(now)
        inside = trace.open and trace.open[-1].inner and worker.job.kind == "examine"
        if inside and now - look.since > worker.allowed / 4 + worker.starved():
            self.counts["timeouts"] += 1
            self._kill(worker, "timeout")

    def _is_twin(self, worker: Worker, sha256: str) -> bool:
        """Lets a document wait where the same content is under way and lingers.

        If that one hangs or dies, its copies need not.
        """
        job, other = worker.job, self._crew.at_work_on(sha256, worker)
        if job is None or other is None or job.kind != "examine":
            return False
        self._twins.setdefault(other.number, []).append(job)
        job.attempt = Attempt()
        worker.job = None
        self._retire(worker)
        return True

    def _bury(self, worker: Worker) -> None:
        """Gives the job of a dead worker its end, or another try."""
        self._crew.drain(worker)
        job, reason = worker.job, self._crew.cause(worker)
        if worker.ahead is not None:
            self._backlog.put(worker.ahead, first=True)
        worker.job = worker.ahead = None
        trace = blackbox.read(worker.process.page, job.number) if job else blackbox.Trace()
        self._crew.drop(worker)
        if job is None:
            return
        self.counts[reason] += 1
        job.spent += worker.spent(time.monotonic())
        job.attempt.cut_short(trace, reason)
        if self._try_again(worker, job, trace, reason):
            return
        objects = job.objects() or job.lost(reason, trace.sha256)
        if trace.sha256 and reason != "cancelled":
            if len(self._poison) >= POISON:
                self._poison.pop(next(iter(self._poison)))
            self._poison[trace.sha256] = objects
        if job.lines is not None:
            coverage = Coverage.PARTIAL if worker.told else Coverage.SKIPPED
            job.lines.put(("end", "", coverage.value, reason, ""))
        self._finish(job, objects)

    def _try_again(self, worker: Worker, job: Job, trace: blackbox.Trace, reason: str) -> bool:
        """A first crash is tried again with the careful readers, then without the member at it."""
        if reason == "cancelled" or self._stopping or job.kind != "examine":
            return False
        crashed = reason.startswith("crash:") or (reason == "memory" and worker.served > 1)
        if (crashed and not job.tries) or job.pass_over(trace):
            self._again(job)
            return True
        return False

    def _cancel_all(self) -> None:
        """Ends what was submitted before; what is submitted after the first end is left alone."""
        self._cancelled = False
        jobs = self._backlog.take_all() + [job for jobs in self._twins.values() for job in jobs]
        self._twins.clear()
        for worker in list(self._crew.workers):
            jobs += [worker.ahead] if worker.ahead is not None else []
            worker.ahead = None
            if worker.job is not None:
                worker.reason = "cancelled"
                self._kill(worker, "cancelled")
                if worker in self._crew.workers:
                    self._bury(worker)
        for job in jobs:
            self._finish(job, job.objects() or [unseen(job.document, "cancelled")])
