"""Jobs that wait for a worker."""

from __future__ import annotations

import collections
import threading

from scanner.run.sandbox.job import Job

AHEAD_BYTES = 1 << 20


class Backlog:
    """Two queues: jobs for any worker, and jobs that need a fresh one to themselves."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._any: collections.deque[Job] = collections.deque()
        self._alone: collections.deque[Job] = collections.deque()

    def put(self, job: Job, *, first: bool = False) -> None:
        """Takes a job in, at the end or (one that was begun already) at the front."""
        with self._lock:
            line = self._alone if job.alone else self._any
            (line.appendleft if first else line.append)(job)

    def next(self, *, fresh: bool) -> Job | None:
        """The job to do next by a worker that is `fresh` or not, None where it has none to do."""
        with self._lock:
            if fresh and self._alone:
                return self._alone.popleft()
            return self._any.popleft() if self._any else None

    def ahead(self) -> Job | None:
        """A job that can wait behind another one: small, and for any worker."""
        with self._lock:
            if self._any and self._any[0].stat.st_size < AHEAD_BYTES and not self._any[0].lines:
                return self._any.popleft()
        return None

    def waits(self) -> bool:
        """True where any job waits."""
        return bool(self._any or self._alone)

    def waiting(self) -> int:
        """How many jobs wait."""
        return len(self._any) + len(self._alone)

    def needs_fresh(self) -> bool:
        """True where a job waits for a worker to itself."""
        return bool(self._alone)

    def take_all(self) -> list[Job]:
        """Every waiting job; none waits any more."""
        with self._lock:
            jobs = [*self._alone, *self._any]
            self._alone.clear()
            self._any.clear()
        return jobs
