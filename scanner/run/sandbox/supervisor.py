"""The thread that hands documents to workers, keeps time over them and replaces the dead.

Nothing a worker does can stop it: every message is bounded and checked, every wait has an end,
every deadline is kept by SIGKILL. Each job ends in exactly one call of its `done`.
"""

from __future__ import annotations

import collections
import logging
import os
import queue
import re
import selectors
import signal
import socket
import threading
import time
from dataclasses import dataclass
from typing import Any

from scanner.model.errors import LeakscanError
from scanner.model.examined import Examined
from scanner.model.finding import Finding
from scanner.model.outcome import Coverage
from scanner.run.sandbox import blackbox
from scanner.run.sandbox.codec import Malformed, pack, unpack
from scanner.run.sandbox.frames import Inbox, send
from scanner.run.sandbox.job import Attempt, Job, Line, unseen, unstable
from scanner.run.sandbox.launch import Process, ZygoteLauncher
from scanner.settings import Settings

MIN_SECONDS = 0.5  # what a last try gets even where the others used the time up
GRACE = 0.5  # seconds above the deadline, for workers that notice it themselves
START_SECONDS = 60.0
BURY_SECONDS = 1.0  # how long the end of a hung-up process is waited for
JOB_BYTES = 256 << 20  # bytes a worker may say about one document
MAX_OBJECTS = 1_000_000
LINES_HIGH, LINES_LOW = 64, 16  # lines of `extract` that wait for their reader
LINE_PARTS = {"text": 4, "end": 5}
OUTPUT_TAIL = 4096
POISON = 256
_NAME = re.compile(r"\w{1,40}", re.ASCII)
LOG = logging.getLogger("leakscan")
_NO_MEMORY = re.compile(
    rb"memory allocation|out of memory|bad_alloc|cannot allocate|MemoryError", re.IGNORECASE
)


def _error_code(told: Any) -> str:
    """The reason code of what a worker's own guard caught."""
    if told == "memory":
        return "memory"
    return f"crash:{told}" if type(told) is str and _NAME.fullmatch(told) else "crash:protocol"


@dataclass(slots=True)
class Look:
    """When a worker is next looked at, how long after that, and what it was at the last time."""

    at: float
    every: float
    trace: blackbox.Trace | None = None


class Worker:
    """A worker as the supervisor sees it."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.inbox = Inbox()
        self.job: Job | None = None
        self.ready = False
        self.served = 0
        self.told = 0  # bytes it said about its job
        self.began = 0.0
        self.until = time.monotonic() + START_SECONDS
        self.look = Look(self.until, START_SECONDS)
        self.output = b""
        self.reason = ""  # why it was killed
        self.hung_up = 0.0  # when its socket closed
        self.paused = 0.0  # since when it is not listened to, because its reader is slow


class Supervisor(threading.Thread):
    """See the module."""

    def __init__(self, launcher: ZygoteLauncher, workers: int, settings: Settings) -> None:
        super().__init__(name="leakscan-supervisor", daemon=True)
        self._launcher = launcher
        self._size = workers
        self._settings = settings
        self._lock = threading.Lock()
        self._waiting: collections.deque[Job] = collections.deque()
        self._alone: collections.deque[Job] = collections.deque()
        self._workers: set[Worker] = set()
        self._poison: dict[str, list[Examined]] = {}
        self._selector = selectors.DefaultSelector()
        self._wake_in, self._wake_out = socket.socketpair()
        self._stopping = False
        self._cancelled = False
        self.failure: LeakscanError | None = None
        self.isolation: list[dict[str, Any]] = []
        self.counts: collections.Counter[str] = collections.Counter()

    # ---- called from other threads

    def put(self, job: Job) -> None:
        """Takes a job over."""
        with self._lock:
            self._waiting.append(job)
        self.wake()

    def wake(self) -> None:
        """Makes the loop look around."""
        try:
            self._wake_out.send(b"w")
        except OSError:
            return

    def stop(self) -> None:
        """Ends the loop once; workers are killed, unfinished jobs end as cancelled."""
        self._stopping = True
        self.wake()
        self.join()

    def cancel(self) -> None:
        """Ends every unfinished job as cancelled; the pool can be used again."""
        self._cancelled = True
        self.wake()

    # ---- the loop

    def run(self) -> None:
        """The loop."""
        self._wake_in.setblocking(False)
        self._selector.register(self._wake_in, selectors.EVENT_READ, "wake")
        self._selector.register(self._launcher.fileno(), selectors.EVENT_READ, "launcher")
        try:
            while not self._stopping:
                for key, _ in self._selector.select(self._patience()):
                    self._handle(key)
                self._resume()
                self._keep_time()
                if self._cancelled:
                    self._cancel_all()
                self._staff()
                self._assign()
        except LeakscanError as error:
            self.failure = error
        except Exception as error:  # noqa: BLE001  whatever happens, every job gets its end
            self.failure = LeakscanError(
                f"the supervisor of the workers stopped: {type(error).__name__}"
            )
            LOG.error("the supervisor stopped: %s", type(error).__name__)
        finally:
            self._cancel_all()
            for worker in list(self._workers):
                worker.process.kill()
                self._drop(worker)
            self._launcher.close()
            self._selector.close()
            self._wake_in.close()
            self._wake_out.close()

    def _patience(self) -> float:
        """Seconds until something is due."""
        due = [w.until for w in self._workers if (w.job or not w.ready) and not w.paused]
        due += [w.look.at for w in self._workers if w.job and not w.paused]
        due += [worker.hung_up + 0.02 for worker in self._workers if worker.hung_up]
        return max(0.0, min(due, default=time.monotonic() + 5) - time.monotonic())

    def _handle(self, key: selectors.SelectorKey) -> None:
        if key.data == "wake":
            try:
                while self._wake_in.recv(4096):
                    continue
            except BlockingIOError:
                return
        elif key.data == "launcher":
            if not self._pump():
                self._relaunch()
            for worker in list(self._workers):
                if worker.process.ended is not None and worker.hung_up:
                    self._bury(worker)
        else:
            worker, what = key.data
            if worker in self._workers:
                (self._hear if what == "talk" else self._drain)(worker)

    def _pump(self) -> bool:
        try:
            return self._launcher.pump()
        except OSError:
            return False

    def _relaunch(self) -> None:
        """Starts over after the zygote died; its workers died with it, their jobs begin again."""
        self._selector.unregister(self._launcher.fileno())
        self.counts["relaunched"] += 1
        for worker in list(self._workers):
            job, worker.job = worker.job, None
            self._drop(worker)
            if job is not None:
                job.attempt = Attempt()
                with self._lock:
                    (self._alone if job.alone else self._waiting).appendleft(job)
        if not self._launcher.relaunch():
            raise LeakscanError("the worker processes could not be kept running")
        self._selector.register(self._launcher.fileno(), selectors.EVENT_READ, "launcher")

    # ---- workers

    def _staff(self) -> None:
        """Asks for as many workers as are missing."""
        if not self._launcher.ready:
            return
        while sum(1 for worker in self._workers if not worker.hung_up) < self._size:
            try:
                process = self._launcher.spawn()
            except OSError:
                return  # the zygote is gone: the loop hears of it next
            process.sock.settimeout(2.0)
            worker = Worker(process)
            self._workers.add(worker)
            self._selector.register(process.sock, selectors.EVENT_READ, (worker, "talk"))
            self._selector.register(process.output, selectors.EVENT_READ, (worker, "output"))
            self.counts["workers"] += 1

    def _assign(self) -> None:
        """Gives waiting jobs to idle workers."""
        for worker in list(self._workers):
            if worker.ready and worker.job is None and not worker.reason and not worker.hung_up:
                job = self._next(worker)
                if job is not None:
                    self._begin(worker, job)

    def _next(self, worker: Worker) -> Job | None:
        with self._lock:
            if self._alone:
                if worker.served == 0:
                    return self._alone.popleft()
            elif not self._waiting:
                return None
            if self._waiting:
                return self._waiting.popleft()
        if self._alone and not any(w.served == 0 and w.job is None for w in self._workers):
            self._retire(worker)  # a fresh one is needed
        return None

    def _begin(self, worker: Worker, job: Job) -> None:
        worker.job, worker.told = job, 0
        worker.served += 1
        seconds = self._seconds(job)
        worker.began = time.monotonic()
        worker.until = worker.began + seconds + GRACE
        worker.look = Look(worker.began + seconds / 4, seconds / 4)
        order = {
            "job": job.number,
            "kind": job.kind,
            "document": pack(job.document),
            "seconds": seconds,
            "safe": job.safe,
            "skip": {inner: one.outcome.reason for inner, one in job.passed_over.items()},
            "poison": [] if job.tries else list(self._poison),
        }
        try:
            send(worker.process.sock, b"J", order, (job.fd,))
        except OSError:
            self._kill(worker, "crash:no-answer")

    def _seconds(self, job: Job) -> float:
        held = getattr(job.stat, "st_blocks", 0) * 512 or job.stat.st_size
        whole = self._settings.deadline_seconds + min(held, job.stat.st_size) / (1 << 20)
        return max(whole - job.spent, MIN_SECONDS)

    def _hear(self, worker: Worker) -> None:
        try:
            data = worker.process.sock.recv(1 << 18, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
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
            if worker.job is not None and worker.job.kind == "examine" and worker.told > JOB_BYTES:
                raise Malformed("too much")
        except (Malformed, TypeError, ValueError, KeyError, IndexError):
            self._kill(worker, "crash:protocol")

    def _message(self, worker: Worker, letter: bytes, value: Any) -> None:
        if letter == b"H" and not worker.ready:
            worker.ready = True
            self.isolation.append(value if isinstance(value, dict) else {})
            return
        job = worker.job
        if job is None:
            raise Malformed("nothing was asked")
        attempt = job.attempt
        if letter == b"O":
            number, packed = value
            if type(number) is not int or number in attempt.closed or number > MAX_OBJECTS:
                raise Malformed("an object twice")
            attempt.closed[number] = unpack(Examined, packed)
            attempt.checkpoints.pop(number, None)
        elif letter == b"C":
            number, segments, packed = value
            if type(number) is not int or type(segments) is not int:
                raise Malformed("no number")
            attempt.checkpoints[number] = segments, tuple(unpack(Finding, one) for one in packed)
        elif letter == b"L" and job.lines is not None:
            self._line(worker, job.lines, value)
        elif letter == b"P":
            self._known(worker, job, value)
        elif letter == b"E":
            self._kill(worker, _error_code(value))
        elif letter == b"D":
            self._done(worker, job, recycle=value is True)
        else:
            raise Malformed("an unknown letter")

    def _line(self, worker: Worker, lines: queue.SimpleQueue[Line], value: Any) -> None:
        if not isinstance(value, list) or not all(type(part) is str for part in value):
            raise Malformed("no line")
        if len(value) != LINE_PARTS.get(value[0] if value else ""):
            raise Malformed("no line")
        lines.put(tuple(value))
        if lines.qsize() > LINES_HIGH and not worker.paused:
            worker.paused = time.monotonic()
            self._selector.unregister(worker.process.sock)

    def _resume(self) -> None:
        """Listens again to workers whose readers have caught up."""
        for worker in self._workers:
            lines = worker.job.lines if worker.job is not None else None
            if worker.paused and (lines is None or lines.qsize() < LINES_LOW):
                worker.until += time.monotonic() - worker.paused
                worker.paused = 0.0
                if not worker.hung_up:
                    self._selector.register(
                        worker.process.sock, selectors.EVENT_READ, (worker, "talk")
                    )

    def _known(self, worker: Worker, job: Job, sha256: Any) -> None:
        objects = self._poison.get(sha256)
        if objects is None:
            raise Malformed("not on the list")
        job.attempt.closed = dict(enumerate(objects))

    def _done(self, worker: Worker, job: Job, *, recycle: bool) -> None:
        worker.job = None
        job.spent += time.monotonic() - worker.began
        memory = any(one.outcome.reason == "memory" for one in job.attempt.closed.values())
        if recycle or memory or job.alone:
            self._retire(worker)
        if memory and not job.tries and worker.served > 1:
            self._again(job)
            return
        if job.kind == "examine" and 0 not in job.attempt.closed:
            self._finish(job, job.lost("crash:protocol"))
            return
        self._settle(job)

    def _settle(self, job: Job) -> None:
        """The end of an attempt that went through: checks that the bytes stood still."""
        objects = job.objects()
        now = os.fstat(job.fd)
        moved = (now.st_size, now.st_mtime_ns) != (job.stat.st_size, job.stat.st_mtime_ns)
        if moved or any(not one.stable for one in objects if not one.inner):
            if not job.rereads:
                job.rereads, job.stat = 1, now
                job.attempt.closed.clear()
                job.attempt.checkpoints.clear()
                with self._lock:
                    self._waiting.appendleft(job)
                return
            objects = unstable(objects)
        self._finish(job, objects)

    def _finish(self, job: Job, objects: list[Examined]) -> None:
        job.close()
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
        with self._lock:
            self._alone.append(job)

    # ---- the end of a worker

    def _retire(self, worker: Worker) -> None:
        """A worker that did nothing wrong and is not used again."""
        worker.reason = "retired"
        worker.process.kill()
        self._lost(worker)

    def _kill(self, worker: Worker, reason: str) -> None:
        worker.reason = worker.reason or reason
        worker.process.kill()
        self._lost(worker)

    def _lost(self, worker: Worker) -> None:
        """Its socket is closed, or it was killed: no message counts any more."""
        if not worker.hung_up:
            worker.hung_up = time.monotonic()
            if not worker.paused:
                self._selector.unregister(worker.process.sock)
        if worker.process.ended is not None:
            self._bury(worker)

    def _keep_time(self) -> None:
        now = time.monotonic()
        for worker in list(self._workers):
            if worker.hung_up:
                if now - worker.hung_up > BURY_SECONDS or worker.process.ended is not None:
                    self._bury(worker)
                elif now - worker.hung_up > 0.05 and not worker.reason:
                    worker.reason = "crash:closed-socket"  # and lives on
                    worker.process.kill()
            elif worker.job is not None and now > worker.until and not worker.paused:
                self.counts["timeouts"] += 1
                self._kill(worker, "timeout")
            elif worker.job is not None and now > worker.look.at and not worker.paused:
                self._look(worker, now)
            elif not worker.ready and now > worker.until:
                self._kill(worker, "crash:no-start")

    def _look(self, worker: Worker, now: float) -> None:
        """Ends a worker whose member has not moved since the last look: its siblings have time."""
        assert worker.job is not None
        trace = blackbox.read(worker.process.page, worker.job.number)
        stuck = trace == worker.look.trace and trace.open and trace.open[-1].inner
        if stuck and worker.job.kind == "examine":
            self.counts["timeouts"] += 1
            self._kill(worker, "timeout")
            return
        worker.look.at, worker.look.trace = now + worker.look.every, trace

    def _bury(self, worker: Worker) -> None:
        """Gives the job of a dead worker its end, or another try."""
        self._drain(worker)
        job, reason = worker.job, self._cause(worker)
        worker.job = None
        trace = blackbox.read(worker.process.page, job.number) if job else blackbox.Trace()
        self._drop(worker)
        if job is None:
            return
        self.counts[reason] += 1
        job.spent += time.monotonic() - worker.began
        job.attempt.cut_short(trace, reason)
        if job.kind == "examine" and self._try_again(worker, job, trace, reason):
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
        if reason == "cancelled" or self._cancelled or self._stopping:
            return False
        crashed = reason.startswith("crash:") or (reason == "memory" and worker.served > 1)
        if (crashed and not job.tries) or job.pass_over(trace):
            self._again(job)
            return True
        return False

    def _cause(self, worker: Worker) -> str:
        """The reason code of a worker's end."""
        ended = worker.process.ended
        if worker.reason and worker.reason != "retired":
            return worker.reason
        if ended is None:
            return "crash:no-answer"
        cap = self._settings.worker_memory_mib << 20
        if ended.code < 0:
            full = ended.peak > cap * 0.9 or _NO_MEMORY.search(worker.output)
            if full and -ended.code in (signal.SIGABRT, signal.SIGSEGV, signal.SIGKILL):
                return "memory"
            try:
                return f"crash:{signal.Signals(-ended.code).name}"
            except ValueError:
                return f"crash:signal-{-ended.code}"
        return f"crash:exit-{ended.code}"

    def _drain(self, worker: Worker) -> None:
        """Takes what it wrote to its outputs, keeping the tail."""
        if worker.process.output < 0:
            return
        for _ in range(64):
            try:
                data = os.read(worker.process.output, 1 << 16)
            except BlockingIOError:
                return
            if not data:
                self._deaf(worker)
                return
            worker.output = (worker.output + data)[-OUTPUT_TAIL:]

    def _deaf(self, worker: Worker) -> None:
        try:
            self._selector.unregister(worker.process.output)
        except (KeyError, ValueError):
            return

    def _drop(self, worker: Worker) -> None:
        if not worker.hung_up and not worker.paused:
            self._selector.unregister(worker.process.sock)
        self._deaf(worker)
        self._workers.discard(worker)
        self._launcher.forget(worker.process)
        worker.process.close()

    def _cancel_all(self) -> None:
        with self._lock:
            jobs = [*self._alone, *self._waiting]
            self._alone.clear()
            self._waiting.clear()
        for job in jobs:
            best = job.objects() or [unseen(job.document, "cancelled")]
            self._finish(job, best)
        for worker in list(self._workers):
            if worker.job is not None:
                worker.reason = "cancelled"
                worker.process.kill()
                self._bury_now(worker)
        self._cancelled = False

    def _bury_now(self, worker: Worker) -> None:
        if not worker.hung_up:
            self._lost(worker)
        if worker in self._workers:
            self._bury(worker)
