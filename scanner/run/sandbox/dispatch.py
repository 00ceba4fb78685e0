"""Handing documents to workers: the supervisor's giving side."""

from __future__ import annotations

import collections
import time

from scanner.model.examined import Examined
from scanner.run.sandbox import blackbox
from scanner.run.sandbox.backlog import Backlog
from scanner.run.sandbox.crew import Crew, Worker
from scanner.run.sandbox.frames import send
from scanner.run.sandbox.job import Job
from scanner.settings import Settings

GRACE = 0.5  # seconds above the deadline, for workers that notice it themselves


class Dispatch:
    """Which worker does what next. The supervisor supplies how a worker is ended."""

    def __init__(self, crew: Crew, settings: Settings) -> None:
        self._crew = crew
        self._settings = settings
        self._backlog = Backlog()
        self.counts: collections.Counter[str] = collections.Counter()
        self._due = 0.0  # when all workers are looked at next
        self._poison: dict[str, list[Examined]] = {}  # content that ended workers, by hash

    def _kill(self, worker: Worker, reason: str) -> None:
        raise NotImplementedError

    def _retire(self, worker: Worker) -> None:
        raise NotImplementedError

    def _assign(self) -> None:
        """Gives waiting jobs to idle workers."""
        room = self._crew.room(time.monotonic())
        for worker in [worker for worker in self._crew.workers if worker.idle()]:
            if room <= 0:
                break
            job = self._backlog.next(fresh=worker.served == 0)
            if job is not None:
                self._begin(worker, job)
                room -= 1
            elif self._backlog.needs_fresh():
                self._retire(worker)

    def _dismiss(self) -> None:
        """Ends idle workers that are not needed any more."""
        for worker in self._crew.surplus():
            self._retire(worker)

    def _hand_ahead(self) -> None:
        """Hands busy workers the job after their current one, so that they need not wait for it."""
        now = time.monotonic()
        for worker in [worker for worker in self._crew.workers if worker.takes_ahead(now)]:
            job = self._backlog.ahead()
            if job is None:
                return
            worker.ahead = job
            self._send(worker, job)

    def _balance(self) -> None:
        """Sets aside documents that keep others waiting, and lets them go on."""
        for worker in self._crew.balance(time.monotonic(), self._backlog.waiting()):
            self.counts["set-aside"] += 1
            if worker.ahead is not None:
                self._take_back(worker)

    def _take_back(self, worker: Worker) -> None:
        """Gives the job behind a lingering one to others; the worker will pass it over."""
        job = worker.ahead
        if job is not None:
            blackbox.revoke(worker.process.page, job.number)
            worker.ahead, worker.taken_back = None, job
            self._backlog.put(job, first=True)

    def _begin(self, worker: Worker, job: Job) -> None:
        self._clock(worker, job)
        self._send(worker, job)

    def _clock(self, worker: Worker, job: Job) -> None:
        worker.clock(job, self._seconds(job) + GRACE, self._crew.usual.beyond())
        self._due = min(self._due, worker.look.due)

    def _send(self, worker: Worker, job: Job) -> None:
        blackbox.revoke(worker.process.page, 0)  # what was taken back is behind it by now
        order = job.order(self._seconds(job), list(self._poison))
        try:
            send(worker.process.sock, b"J", order, (job.fd,))
        except OSError:
            self._kill(worker, "crash:no-answer")

    def _next(self, worker: Worker) -> None:
        """A worker ended a job: what it has at hand comes next."""
        worker.job, worker.ghost = None, False
        if worker.taken_back is not None:
            self._clock(worker, worker.taken_back)
            worker.job, worker.taken_back, worker.ghost = None, None, True
        elif worker.ahead is not None:
            job, worker.ahead = worker.ahead, None
            self._clock(worker, job)

    def _seconds(self, job: Job) -> float:
        return job.seconds(self._settings.deadline_seconds)
