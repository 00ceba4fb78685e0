"""The watch itself: events and walks fill a queue, one loop examines what has settled.

What was examined is known from the journal alone; events only make it fast. So everything that
events can lose (an overflow, a crash, a lost mount, a stopped service) is made up for by a walk.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from scanner.home import Home
from scanner.messages import message
from scanner.model.document import Document
from scanner.model.errors import LeakscanError
from scanner.model.incident import Event
from scanner.run.health import Health
from scanner.run.live import LivePipeline, PipelineLike, ProcessedLike, described
from scanner.settings import Settings
from scanner.watch.act import Actions
from scanner.watch.deliver import Courier
from scanner.watch.finder import Finder
from scanner.watch.inspect import Inspector, Wait
from scanner.watch.journal import Journal
from scanner.watch.options import Options
from scanner.watch.settle import Pending, SettleQueue

log = logging.getLogger("leakscan.watch")

RETRIES = 5
FLUSH_EVERY = 0.2
LINE_EVERY = 60.0
ARRIVING = 0.2
FIRST_PAUSE = 1.0
ALONE = 200  # documents that go one at a time after an unforeseen error
BLAMED = 3  # times that a document fails alone before it is given up
_AGAIN = ("unreadable:", "disk-full", "cancelled", "unstable")
COUNTS = (
    "examined", "incidents", "not_examined", "vanished", "retries", "overflows", "quarantined",
    "quarantine_failures", "failures",
)  # fmt: skip
LEVELS = ("waiting", "under_way", "polled_folders", "unsent", "failing")


@dataclass(slots=True)
class _Flight:
    """A document under way, and when the change that brought it here was seen."""

    document: Document
    pending: Pending


class Watcher:
    """A watch over folders, run by `run` until `stop` says so."""

    def __init__(
        self,
        home: Home,
        settings: Settings,
        paths: list[bytes],
        open_pipeline: Callable[[], PipelineLike],
        options: Options,
        stop: Callable[[], bool],
    ) -> None:
        self._options = options
        self._stop = stop
        self.health = Health("watch", counts=COUNTS, levels=LEVELS)
        self._journal = Journal(home.watch)
        self._courier = Courier(self._journal, options.targets) if options.targets.names else None
        self._actions = Actions(options, self._courier, self.health, self._say)
        self.queue = SettleQueue(options.queue_capacity)
        self._live = LivePipeline(home, open_pipeline)
        kept = [os.fsencode(home.root)]
        if self._actions.quarantine is not None:
            kept.append(os.fsencode(self._actions.quarantine.folder))
        self._finder = Finder(
            paths, kept, self.queue, self._journal, self.health, settings, options, self._say
        )
        self._inspector = Inspector(self._journal, settings.settle_seconds)
        self._flights: dict[bytes, _Flight] = {}
        workers = settings.workers or os.cpu_count() or 1
        self._wide = self._window = options.window or max(8, 4 * workers)
        self._alone = 0
        self._blamed: dict[bytes, int] = {}
        self._given_up: dict[bytes, str] = {}
        self._renewing = False
        self._failures = 0
        self._resume_at = 0.0
        self._flushed = self._told = time.monotonic()

    def healthy(self) -> bool:
        """False while documents cannot be examined."""
        return self._failures == 0

    def run(self) -> None:
        """Watch until told to stop, then finish what is under way."""
        try:
            self._say("started", count=len(self._finder.roots.all))
            while not self._stop():
                self._step()
            self._drain()
        finally:
            self._close()

    def _step(self) -> None:
        self._collect()
        self._finder.tick()
        self._renew()
        self._fill()
        self._housekeeping()
        if not self._flights:
            self.queue.wait(0.05 if self._finder.busy else 0.5)

    def _drain(self) -> None:
        """Finish what settles soon; events on their way are waited for a moment."""
        arrived = time.monotonic() + ARRIVING
        while time.monotonic() < arrived:
            self._finder.tick()
            self.queue.wait(0.02)
        self._finder.close()
        self._say("draining", count=len(self._flights) + len(self.queue))
        end = time.monotonic() + self._options.drain_seconds
        while time.monotonic() < end and self.healthy():
            self._collect()
            self._fill()
            if not self._flights and not self.queue.soon(1.0):
                break
            if not self._flights:
                self.queue.wait(0.05)

    def _close(self) -> None:
        self._finder.close()
        self._live.close()
        if self._courier is not None:
            self._courier.close()
        try:
            self._journal.close()
        except LeakscanError as error:
            log.error("%s", error)
        self._say(
            "stopped",
            examined=int(self.health.value("examined")),
            incidents=int(self.health.value("incidents")),
        )

    def _fill(self) -> None:
        """Start examining what has settled, as far as there is room."""
        if self._renewing or time.monotonic() < self._resume_at:
            return
        while len(self._flights) < self._window:
            batch = self.queue.take(min(16, self._window - len(self._flights)))
            if not batch:
                return
            for number, pending in enumerate(batch):
                if not self._start(pending):
                    for rest in batch[number:]:
                        self.queue.put_back(rest, 0.2)
                    return

    def _start(self, pending: Pending) -> bool:
        """Submit one path where it is ready; False where the pipeline failed."""
        if pending.path in self._flights:
            self.queue.put_back(pending, 0.05)
            return True
        found = self._inspector.look(pending)
        if isinstance(found, Document) and self._given_up.get(pending.path) == found.signature:
            return True
        if isinstance(found, Wait):
            self.queue.put_back(pending, found.seconds)
        elif found is not None:
            event = Event(at=datetime.now().astimezone(), collection_mode="real_time")
            self._flights[pending.path] = _Flight(found, pending)
            try:
                self._live.current.submit(found, event, token=pending.path)
            except Exception as error:  # noqa: BLE001 - a service goes on, and says so
                self._failed(error)
                return False
        return True

    def _collect(self) -> None:
        """Take what came back, waiting a little where something is under way."""
        if not self._flights:
            return
        wait = 0.02 if len(self._flights) < self._window and not self._finder.busy else 0.1
        try:
            for processed in self._live.results(wait):
                self._finished(processed)
        except Exception as error:  # noqa: BLE001 - a service goes on, and says so
            self._failed(error)

    def _finished(self, processed: ProcessedLike) -> None:
        path = processed.token
        flight = self._flights.pop(path, None) if isinstance(path, bytes) else None
        if flight is None:
            return
        pending = flight.pending
        if self._alone:
            self._alone -= 1
            self._window = 1 if self._alone else self._wide
        if self._failures:
            self._failures, self._resume_at = 0, 0.0
            self.health.level("failing", 0)
            self._say("recovered")
        whole = next((one for one in processed.examined if not one.inner), None)
        reason = whole.outcome.reason if whole is not None else ""
        if reason == "unreadable:ENOENT":
            self.health.count("vanished")
            self._journal.forget(pending.path)
            return
        again = reason.startswith(_AGAIN) or (whole is not None and not whole.stable)
        if again and pending.tries < RETRIES:
            pending.tries += 1
            self.health.count("retries")
            self.queue.put_back(pending, 0.2 * 2.0**pending.tries)
            return
        self._actions.act(processed, pending.path, flight.document.signature)
        self._journal.examined(pending.path, flight.document.signature)
        self.health.count("examined")
        if any(one.outcome.reason for one in processed.examined):
            self.health.count("not_examined")
        self.health.duration(time.monotonic() - pending.touched)

    def _failed(self, error: Exception) -> None:
        """The pipeline or the store failed: what was under way is tried again, later.

        After an unforeseen error, documents go one at a time, so that the one that causes it is
        found and left out, with a message.
        """
        told = described(error)
        if not isinstance(error, (LeakscanError, OSError)):
            self._window, self._alone = 1, ALONE
            if len(self._flights) == 1:
                self._blame(next(iter(self._flights.values())))
        for flight in self._flights.values():
            self.queue.put_back(flight.pending, 0.2)
        self._flights.clear()
        self._failures += 1
        self.health.count("failures")
        self.health.level("failing", 1)
        pause = min(FIRST_PAUSE * 2.0 ** (self._failures - 1), 30.0)
        self._resume_at = time.monotonic() + pause
        self._say("failing", error=told, seconds=f"{pause:.0f}")
        try:
            self._live.restart()
        except Exception as again:  # noqa: BLE001 - the same
            log.error("the pipeline cannot be opened: %s", described(again))

    def _blame(self, flight: _Flight) -> None:
        """Give up a document that failed alone again and again, until it changes."""
        path = flight.pending.path
        self._blamed[path] = self._blamed.get(path, 0) + 1
        if self._blamed[path] >= BLAMED:
            self._given_up[path] = flight.document.signature
            del self._blamed[path]
            self._flights.clear()
            self.health.count("not_examined")
            self._say("gave_up", path=flight.document.uri)

    def _renew(self) -> None:
        """Put a changed registry in force once nothing is under way."""
        if not self._renewing and self._live.changed():
            self._renewing = True
        if self._renewing and not self._flights:
            self._renewing = False
            if self._live.renew():
                self._say("reloaded")
            else:
                self._say("reload_refused", error=self._live.refused)

    def _housekeeping(self) -> None:
        now = time.monotonic()
        if now - self._flushed >= FLUSH_EVERY:
            self._flushed = now
            try:
                self._journal.flush()
            except LeakscanError as error:
                log.error("%s", error)
            self.health.level("waiting", len(self.queue))
            self.health.level("under_way", len(self._flights))
        if now - self._told >= LINE_EVERY:
            self._told = now
            self.health.level("unsent", self._journal.unsent_count())
            log.info("%s", self.health.line())

    def _say(self, key: str, **values: object) -> None:
        text = message("watch", key, **values)
        log.info("%s", message("watch", key, "en", **values))
        self._options.say(text)
