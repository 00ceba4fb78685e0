"""How long a process waited for a processor, so that a busy machine makes no timeouts.

A deadline bounds the time a document is worked on. Time in which its worker was ready to run and
had no processor does not count, up to PATIENCE times the deadline; nor does time in which it was
made to stand still so that others go first (scanner.run.sandbox.aside).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from scanner.extract.base import Budget
from scanner.model.errors import LimitReached

PATIENCE = 4.0


def open_own() -> int:
    """A descriptor of this process's scheduling figures, -1 where the system has none."""
    try:
        return os.open("/proc/self/schedstat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return -1


def figures(fd: int) -> tuple[float, float]:
    """Seconds a process ran, and seconds it waited for a processor; zeros where unknown."""
    if fd < 0:
        return 0.0, 0.0
    try:
        ran, waited_for = os.pread(fd, 128, 0).split()[:2]
        return int(ran) / 1e9, int(waited_for) / 1e9
    except (OSError, ValueError):
        return 0.0, 0.0


def waited(fd: int) -> float:
    """Seconds a process waited for a processor since it began; 0 where unknown."""
    return figures(fd)[1]


def figures_of(pid: int) -> tuple[float, float]:
    """The figures of another process."""
    try:
        fd = os.open(f"/proc/{pid}/schedstat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return 0.0, 0.0
    try:
        return figures(fd)
    finally:
        os.close(fd)


@dataclass(slots=True)
class PatientBudget(Budget):
    """A budget whose deadline leaves out the time its process had no processor.

    `waits` tells how long it had none so far, and how long it was made to stand still; `before`
    is the same when the document began.
    """

    waits: Callable[[], tuple[float, float]] = lambda: (0.0, 0.0)
    before: tuple[float, float] = (0.0, 0.0)

    def check_time(self) -> None:
        """Raises LimitReached("timeout") once the deadline has passed."""
        seconds = self.limits.seconds
        passed = time.monotonic() - self.started
        if passed <= seconds:
            return
        starved, stood = (now - then for now, then in zip(self.waits(), self.before, strict=True))
        passed -= stood
        if passed - starved > seconds or passed > PATIENCE * seconds:
            raise LimitReached("timeout", f"more than {seconds:.0f} s")
