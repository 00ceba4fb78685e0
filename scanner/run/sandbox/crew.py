"""The workers that a supervisor has: their sockets, outputs and ends."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from scanner.model.errors import LeakscanError
from scanner.run.sandbox import blackbox
from scanner.run.sandbox.aside import (
    FRESH_FACTOR,
    FRESH_JOBS,
    RECHECK,
    Aside,
    Usual,
    balance,
    own_memory,
    room_aside,
    runs,
)
from scanner.run.sandbox.frames import Inbox
from scanner.run.sandbox.job import Job
from scanner.run.sandbox.launch import Launcher, Process
from scanner.run.sandbox.waiting import PATIENCE, figures_of

START_SECONDS = 60.0
OUTPUT_TAIL = 4096
LINGER_SECONDS = 0.05  # after which any document keeps no place from others
NICE_AFTER, NICE = 10.0, 10  # seconds without progress, and how far it then steps back
SLEEPS_BELOW = 0.3  # share of the time it wants a processor, below which a worker sleeps
MAX_SLEEPING = 32  # sleeping workers that are not counted
LOOK_SECONDS = 0.1  # between two looks at what a worker is at
SPARE = 2  # idle workers kept above the number of places
_NO_MEMORY = re.compile(
    rb"memory allocation|out of memory|bad_alloc|cannot allocate|MemoryError", re.IGNORECASE
)
_MEMORY_SIGNALS = (signal.SIGABRT, signal.SIGSEGV, getattr(signal, "SIGKILL", None))


@dataclass(slots=True)
class Look:
    """What looking at a busy worker told: when the next look is due, what it is at since when."""

    due: float
    since: float
    trace: blackbox.Trace | None = None
    at: float = 0.0  # when it was looked at last
    waited: float = -1.0  # seconds it had waited for a processor at the first look
    wanted: float = 0.0  # seconds it had run or waited at the last look
    sleeps: bool = False  # it hardly wanted a processor between the last two looks

    def note(self, now: float, trace: blackbox.Trace, pid: int) -> None:
        """Takes in what is seen now."""
        ran, waited = figures_of(pid)
        if self.waited < 0:
            self.waited = waited
        else:
            self.sleeps = ran + waited - self.wanted < SLEEPS_BELOW * (now - self.at)
        self.at, self.wanted = now, ran + waited
        if trace != self.trace:
            self.trace, self.since = trace, now


class Worker:
    """A worker as the supervisor sees it."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.inbox = Inbox()
        self.job: Job | None = None
        self.ahead: Job | None = None  # handed over already, to be done next
        self.taken_back: Job | None = None  # handed over, and given to another worker since
        self.niced = False  # it lets others go first, for the rest of its life
        self.ghost = False  # it works on a job that was taken back
        self.ready = False
        self.served = 0
        self.told = 0  # bytes it said about its job
        self.began = 0.0
        self.allowed = START_SECONDS
        self.until = time.monotonic() + START_SECONDS
        self.look = Look(self.until, self.until)
        self.output = b""
        self.reason = ""  # why it was killed
        self.hung_up = 0.0  # when its socket closed
        self.aside = Aside()
        self.quantum = self.linger = LINGER_SECONDS
        self.paused = 0.0  # since when it is not listened to, because its reader is slow

    def clock(self, job: Job, seconds: float, usual: float) -> None:
        """Begins to count a job's time."""
        self.job, self.told = job, 0
        self.served += 1
        self.began = time.monotonic()
        self.allowed = seconds
        self.until = self.began + seconds
        self.quantum = usual * (FRESH_FACTOR if self.served <= FRESH_JOBS else 1)
        self.linger = min(self.quantum, LINGER_SECONDS)
        self.look = Look(self.began + self.linger, self.began)
        self.aside.next(self.look.due)

    def step_back(self, now: float) -> None:
        """Lets the others go first where it uses a processor and gives nothing for a while."""
        if self.niced or self.look.sleeps or now - self.look.since < NICE_AFTER:
            return
        self.niced = True
        if hasattr(os, "setpriority"):
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, self.process.pid, NICE)

    def greet(self) -> None:
        """It said hello, before its first document."""
        self.ready = True
        self.aside.fresh = own_memory(self.process.pid)

    def keeps_waiting(self, now: float) -> bool:
        """True where it has worked at its document for longer than is usual.

        One that was set aside before has as much again as it had worked until then.
        """
        if self.job is None or self.job.lines is not None or self.look.sleeps:
            return False
        if self.aside.since or self.paused or self.reason or self.hung_up or now < self.aside.due:
            return False
        missing = max(self.quantum, self.aside.worked) + self.aside.worked - self.worked()
        self.aside.due = now + max(missing, RECHECK)
        return missing <= 0 and self.process.pid > 0 and runs(self.process.pid)

    def worked(self) -> float:
        """Seconds of processor time it gave its document, by its own account; 0 where unknown."""
        assert self.job is not None
        begun = blackbox.begun(self.process.page, self.job.number)
        return figures_of(self.process.pid)[0] - begun if begun is not None else 0.0

    def spent(self, now: float) -> float:
        """Seconds since its document began, without those in which it stood still."""
        return now - self.began - self.aside.seconds(now)

    def go_on(self, now: float) -> None:
        """Ends its standing still."""
        self.aside.worked = self.worked()
        self.aside.due = now + self.aside.worked
        stood = self.aside.end(self.process, now)
        self.look.since += stood
        self.look.at = self.look.at and now
        self.look.due = now + LOOK_SECONDS
        self.patience(now)

    def starved(self) -> float:
        """Seconds since its first look in which it had no processor."""
        if self.look.waited < 0:
            return 0.0
        return max(0.0, figures_of(self.process.pid)[1] - self.look.waited)

    def patience(self, now: float) -> bool:
        """Puts the deadline off by the time it had no processor; False where that is over."""
        own = min(self.allowed + self.starved(), PATIENCE * self.allowed)
        self.until = self.began + self.aside.seconds(now) + own
        return now < self.until

    def busy(self) -> bool:
        """True where it works on a job."""
        return self.job is not None and not self.hung_up

    def lingers(self, now: float) -> bool:
        """True where its document takes so long that others should not wait for it."""
        return self.busy() and now - self.began > self.linger

    def idle(self) -> bool:
        """True where it can be given a job."""
        free = self.job is None and not self.ghost
        return self.ready and free and not self.reason and not self.hung_up

    def takes_ahead(self, now: float) -> bool:
        """True where it can be handed the job after its current one."""
        if self.job is None or self.job.alone or self.job.lines is not None:
            return False
        free = self.ahead is None and self.taken_back is None
        return free and not self.reason and not self.hung_up and not self.lingers(now)


class _Memory:
    """Whether the system has memory for more workers than places; looked up now and then."""

    def __init__(self) -> None:
        self._next = 0.0
        self._enough = True

    def enough(self, now: float) -> bool:
        """True while a quarter of the memory is free, or where the system does not tell."""
        if now >= self._next:
            self._next = now + 0.25
            try:
                lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
            except OSError:
                return self._enough
            told = {line.split(":")[0]: int(line.split()[1]) for line in lines}
            self._enough = told.get("MemAvailable", 1) * 4 > told.get("MemTotal", 1)
        return self._enough


class Crew:
    """All workers of one pool, and the selector that tells of their news."""

    def __init__(self, launcher: Launcher, size: int, memory_cap: int) -> None:
        self._launcher = launcher
        self._size = size
        self._cap = memory_cap
        self._memory = _Memory()
        self.selector = selectors.DefaultSelector()
        self.workers: set[Worker] = set()
        self.usual = Usual()
        self.started = 0
        self.peak = 0  # bytes, the most that a worker held so far
        self._watch_launcher()

    def _watch_launcher(self) -> None:
        fd = self._launcher.fileno()
        if fd >= 0:
            self.selector.register(fd, selectors.EVENT_READ, "launcher")

    def news(self) -> bool:
        """Takes in what the launcher tells; False where it is gone. Raises LeakscanError."""
        try:
            return self._launcher.pump()
        except OSError:
            return False

    def room(self, now: float) -> int:
        """How many more documents may be begun now.

        As many quick ones are under way as there are places. Beside them run, while there is
        memory, documents whose worker sleeps, and as many that linger as there are places, so that
        a few slow or hanging ones do not hold up all others. Those set aside take no place; those
        whose worker dies keep theirs until it is known whether they are tried again.
        """
        free, sleeping, lingering = self._size, 0, 0
        for worker in self.workers:
            if worker.job is None or (worker.aside.since and not worker.hung_up):
                continue
            free -= 1
            if worker.look.sleeps and not worker.hung_up:
                sleeping += 1
            elif worker.lingers(now):
                lingering += 1
        if sleeping + lingering and not self._memory.enough(now):
            return free
        return free + min(sleeping, MAX_SLEEPING) + min(lingering, self._size)

    def staff(self, waiting: bool) -> None:
        """Asks for as many workers as are missing; `waiting` says that jobs wait for one."""
        if not self._launcher.ready:
            return
        now = time.monotonic()
        present = [one for one in self.workers if not one.hung_up and not one.aside.since]
        free = sum(1 for worker in present if worker.job is None and not worker.ghost)
        missing = self._size + 1 - len(present)
        if waiting:
            missing = max(missing, self.room(now) - free)
        for _ in range(missing):
            try:
                process = self._launcher.spawn()
            except OSError:
                return  # the launcher is gone: the loop hears of it next
            process.sock.settimeout(2.0)
            worker = Worker(process)
            self.workers.add(worker)
            self.started += 1
            self.listen(worker)
            if process.output >= 0:
                self.selector.register(process.output, selectors.EVENT_READ, (worker, "output"))

    def at_work_on(self, sha256: str, beside: Worker) -> Job | None:
        """The job of another worker that is known to be at the content with this hash."""
        for worker in self.workers:
            seen = worker.look.trace
            if worker is beside or worker.job is None or seen is None or not sha256:
                continue
            if worker.busy() and seen.sha256 == sha256:
                return worker.job
        return None

    def balance(self, now: float, waiting: int) -> list[Worker]:
        """Sets aside who keeps others waiting, lets go on who need not stand; the former."""
        room = room_aside(self.workers, self._cap) if self._memory.enough(now) else 0
        return balance(self.workers, now, self._size, waiting, room)

    def surplus(self) -> list[Worker]:
        """Idle workers that are not needed any more."""
        idle = [worker for worker in self.workers if worker.idle()]
        return idle[self._size + SPARE :]

    def relaunch(self) -> list[Job]:
        """Starts over after the launcher died; the jobs of its workers, which died with it."""
        self.selector.unregister(self._launcher.fileno())
        jobs = []
        for worker in list(self.workers):
            jobs += [job for job in (worker.job, worker.ahead) if job is not None]
            worker.job = worker.ahead = None
            self.drop(worker)
        if not self._launcher.relaunch():
            raise LeakscanError("the worker processes could not be kept running")
        self._watch_launcher()
        return jobs

    def listen(self, worker: Worker) -> None:
        """Hears the worker."""
        self.selector.register(worker.process.sock, selectors.EVENT_READ, (worker, "talk"))

    def pause(self, worker: Worker) -> None:
        """Does not hear the worker for a while: it will wait."""
        worker.paused = time.monotonic()
        self.selector.unregister(worker.process.sock)

    def resume(self, worker: Worker) -> None:
        """Hears a paused worker again; the wait does not count against its deadline."""
        pause = time.monotonic() - worker.paused
        worker.began += pause
        worker.until += pause
        worker.paused = 0.0
        if not worker.hung_up:
            self.listen(worker)

    def hang_up(self, worker: Worker) -> None:
        """No message of this worker counts any more."""
        if not worker.hung_up:
            worker.hung_up = time.monotonic()
            if not worker.paused:
                self.selector.unregister(worker.process.sock)

    def drain(self, worker: Worker) -> None:
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
            self.selector.unregister(worker.process.output)
        except (KeyError, ValueError):
            return

    def drop(self, worker: Worker) -> None:
        """Forgets a worker and gives back what was held for it."""
        self.hang_up(worker)
        if (ended := worker.process.poll()) is not None:
            self.peak = max(self.peak, ended.peak)
        self._deaf(worker)
        self.workers.discard(worker)
        self._launcher.forget(worker.process)
        worker.process.close()

    def cause(self, worker: Worker) -> str:
        """The reason code of a worker's end."""
        ended = worker.process.poll()
        if worker.reason and worker.reason != "retired":
            return worker.reason
        if ended is None:
            return "crash:no-answer"
        if ended.code >= 0:
            return f"crash:exit-{ended.code}"
        full = ended.peak > self._cap * 0.9 or _NO_MEMORY.search(worker.output)
        if full and -ended.code in _MEMORY_SIGNALS:
            return "memory"
        try:
            return f"crash:{signal.Signals(-ended.code).name}"
        except ValueError:
            return f"crash:signal-{-ended.code}"

    def close(self) -> None:
        """Ends every worker and the launcher."""
        for worker in list(self.workers):
            worker.process.kill()
            self.drop(worker)
        self._launcher.close()
        self.selector.close()
