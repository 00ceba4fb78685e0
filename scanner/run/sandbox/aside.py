"""Which documents are set aside while others wait: those that take far longer than is usual.

A worker that is set aside stands still (SIGSTOP): it keeps what it has done and takes no processor.
It goes on (SIGCONT) when fewer documents are under way than there are places, the one that has
worked least first; it is set aside again when it has worked as long again and others wait, so
that those that end soon do. The time it stands still does not count against its deadline.

No more than MAX_ASIDE stand still, and together they hold no more memory than one worker may.
Before that bound is reached, when CROWD of them stand still or one stood still for STANDS times
its deadline, half of the places go to those that stand still. Whoever comes when it is reached is
not set aside. Where the system does not tell what a process is at (macOS), nobody is.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.run.sandbox import blackbox
from scanner.run.sandbox.launch import Process

if TYPE_CHECKING:
    from scanner.run.sandbox.crew import Worker

FACTOR = 2.0  # times the usual time, above which a document is set aside
FRESH_JOBS, FRESH_FACTOR = 8, 2.0  # the first documents of a worker take longer: times that
LEAST = 0.004  # seconds that any document has before
FIRST = 0.05  # the same, until something is known about what is usual
ENOUGH = 20  # documents that tell what is usual
RECHECK = 0.002  # seconds between two looks at least
LONG_RUN = 500  # documents after which the first ones hardly count
STANDS = 3.0  # deadlines for which a document stands still at most while others wait
MAX_ASIDE = 64  # workers set aside at the same time: each holds some descriptors
CROWD = 32  # from so many on they are let go on though others wait


class Usual:
    """The running mean of the seconds that a document takes."""

    def __init__(self) -> None:
        self._count = 0
        self._mean = 0.0

    def note(self, seconds: float) -> None:
        """Takes in a document that ended."""
        self._count += 1
        self._mean += (seconds - self._mean) / min(self._count, LONG_RUN)

    def beyond(self) -> float:
        """Seconds after which a document is no usual one any more."""
        return max(LEAST, FACTOR * self._mean) if self._count >= ENOUGH else FIRST


@dataclass(slots=True)
class Aside:
    """How long the document of a worker stood still, and since when it does."""

    since: float = 0.0
    before: float = 0.0  # in earlier times
    all: float = 0.0  # with the documents before
    fresh: int = 0  # bytes it held before its first document
    held: int = 0  # bytes it holds above that
    worked: float = 0.0  # seconds of processor time the document had when it went on last
    due: float = 0.0  # when to look again whether it is to be set aside

    def seconds(self, now: float) -> float:
        """Seconds that the document stood still so far."""
        return self.before + (now - self.since if self.since else 0.0)

    def stands(self, now: float, allowed: float) -> bool:
        """True where it may stand still though others wait, having `allowed` seconds of work."""
        return self.seconds(now) < STANDS * allowed

    def begin(self, process: Process, now: float) -> None:
        """Lets the worker stand still."""
        process.signal(signal.SIGSTOP)
        self.since = now
        self.held = max(0, own_memory(process.pid) - self.fresh)

    def end(self, process: Process, now: float) -> float:
        """Lets it go on, telling it how long it stood still; that time in seconds."""
        stood, self.since = now - self.since, 0.0
        self.before += stood
        self.all += stood
        blackbox.stood_still(process.page, self.all)
        process.signal(signal.SIGCONT)
        return stood

    def next(self, due: float) -> None:
        """Another document begins; it may be set aside from `due` on."""
        self.due = due
        self.before = self.worked = 0.0


def runs(pid: int) -> bool:
    """True where a process wants a processor now; False where it waits, or nothing is known."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] == b"R"
    except (OSError, IndexError):
        return False


def own_memory(pid: int) -> int:
    """Bytes of memory that a process holds beside files; 0 where unknown."""
    try:
        resident, shared = Path(f"/proc/{pid}/statm").read_bytes().split()[1:3]
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGESIZE")


def room_aside(workers: Iterable[Worker], memory: int) -> int:
    """How many more workers may stand still, where together they may hold `memory` bytes."""
    standing = [worker for worker in workers if worker.aside.since]
    if sum(worker.aside.held for worker in standing) >= memory:
        return 0
    return MAX_ASIDE - len(standing)


def balance(
    workers: Iterable[Worker], now: float, places: int, waiting: int, room: int
) -> list[Worker]:
    """Sets aside who keeps others waiting, lets go on who need not stand; the former.

    `waiting` documents are not begun, `room` more may be set aside.
    """
    busy = [worker for worker in workers if worker.busy()]
    stopped = [worker for worker in busy if worker.aside.since]
    new = []
    if room > 0 and (waiting or stopped):
        new = [one for one in busy if one.keeps_waiting(now)][:room]
        for worker in new:
            worker.aside.begin(worker.process, now)
    if not stopped:
        return new
    active = [one for one in busy if not one.aside.since and not one.look.sleeps]
    free = places - len(active) - waiting
    shared = (places + 1) // 2 - sum(1 for one in active if one.aside.before)
    crowd = len(stopped) >= CROWD
    for worker in sorted(stopped, key=lambda one: one.aside.worked):
        late = crowd or not worker.aside.stands(now, worker.allowed)
        if free > 0 or (shared > 0 and late):
            worker.go_on(now)
            free, shared = free - 1, shared - 1
    return new
