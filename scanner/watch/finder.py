"""Finds what may have to be examined: from events, and from walks where events are not enough."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from scanner.run.health import Health
from scanner.settings import Settings
from scanner.source.watched import state_of
from scanner.watch.journal import Journal
from scanner.watch.observe import Observation
from scanner.watch.options import Options
from scanner.watch.roots import Roots
from scanner.watch.settle import SettleQueue
from scanner.watch.walk import Walk

FINISHED_DELAY = 0.02
ROOT_CHECK = 2.0
STEP = 500  # files looked at between two turns of the loop
ENOUGH = 1000  # a walk pauses while more paths than this wait
FOLDERS_KEPT = 10_000


@dataclass(slots=True)
class _Round:
    """A walk under way. `kind` is a key of the messages table, "" for one that nobody is told."""

    walk: Walk
    steps: Iterator[tuple[bytes, os.stat_result]]
    kind: str = ""
    found: int = 0
    visited: set[bytes] = field(default_factory=set)


class Finder:
    """Fills the queue. `tick` is called often, by one thread; callbacks only enqueue."""

    def __init__(
        self,
        paths: list[bytes],
        kept_out: list[bytes],
        queue: SettleQueue,
        journal: Journal,
        health: Health,
        settings: Settings,
        options: Options,
        say: Callable[..., None],
    ) -> None:
        self._queue = queue
        self._journal = journal
        self._health = health
        self._settle = settings.settle_seconds
        self._options = options
        self._say = say
        self._kept_out = tuple(path.rstrip(b"/") for path in kept_out)
        self._folders: deque[bytes] = deque()
        self._overflowed = False
        self._observation = Observation(self._on_file, self._on_folder, self._on_overflow)
        self.roots = Roots(paths, self._observation, say, force_poll=options.force_poll)
        self._rounds: deque[_Round] = deque()
        self._gone: Iterator[bytes] | None = None
        self._checked = self._polled = 0.0
        self._reconciled = time.monotonic()
        self._started = False
        self._closed = False

    @property
    def busy(self) -> bool:
        """True while a walk is under way."""
        return bool(self._rounds)

    def tick(self) -> None:
        """Do the next piece of every kind of looking that is due."""
        if self._closed:
            return
        now = time.monotonic()
        if now - self._checked >= ROOT_CHECK or not self._started:
            self._checked = now
            self._check_roots()
        self._after_overflow()
        self._new_folders()
        if now - self._polled >= self._options.poll_seconds:
            self._polled = now
            self._poll()
        if now - self._reconciled >= self._options.reconcile_seconds:
            self._begin(self.roots.present, "")
            self._reconciled = now
        self._advance()
        self._forget_gone()

    def close(self) -> None:
        """Look no further."""
        if not self._closed:
            self._closed = True
            self._observation.close()

    def _on_file(self, path: bytes, finished: bool) -> None:
        if not self._outside(path):
            self._queue.touch(path, FINISHED_DELAY if finished else self._settle)

    def _on_folder(self, path: bytes) -> None:
        if len(self._folders) < FOLDERS_KEPT:
            self._folders.append(path)
        else:
            self._overflowed = True
        self._queue.wake()

    def _on_overflow(self) -> None:
        self._overflowed = True
        self._queue.wake()

    def _outside(self, path: bytes) -> bool:
        """True below folders that are the program's own."""
        return any(path == own or path.startswith(own + b"/") for own in self._kept_out)

    def _check_roots(self) -> None:
        changed = self.roots.check()
        if changed:
            self._begin(changed, "reconciled" if self._started else "caught_up")
        self._started = True

    def _after_overflow(self) -> None:
        lost = self._overflowed
        if lost:
            self._overflowed = False
            self._health.count("overflows")
            self._say("overflow")
        elif len(self._queue) < ENOUGH and self._queue.take_overflow():
            lost = True
            self._say("queue_full", count=self._options.queue_capacity)
        if lost:
            # A walk that has begun may have passed what was lost: another one comes after it.
            waiting = list(self._rounds)[1:]
            if not any(one.kind == "reconciled" for one in waiting):
                self._begin(self.roots.present, "reconciled")

    def _new_folders(self) -> None:
        if not self._folders:
            return
        fresh = list({self._folders.popleft() for _ in range(len(self._folders))})
        watched = self.roots.watched()
        self._begin(sorted(fresh), "", descend=lambda path: path not in watched)

    def _poll(self) -> None:
        if any(not one.kind for one in self._rounds):
            return  # the last poll has not ended
        polled = self.roots.polled
        if polled:
            self._begin(polled, "")
        if self.roots.unwatched:
            watched = self.roots.watched()
            self._begin(sorted(self.roots.unwatched), "", descend=lambda path: path not in watched)
        self._health.level("polled_folders", len(polled) + len(self.roots.unwatched))

    def _begin(
        self,
        folders: list[bytes],
        kind: str,
        descend: Callable[[bytes], bool] = lambda path: True,
    ) -> None:
        if not folders:
            return
        visited: set[bytes] = set()
        walk = Walk(folders, self._outside, descend, visited.add)
        self._rounds.append(_Round(walk, iter(walk), kind, 0, visited))

    def _advance(self) -> None:
        """Look at the next files of the oldest walk, unless enough waits already."""
        if not self._rounds or len(self._queue) >= ENOUGH:
            return
        current = self._rounds[0]
        for _ in range(STEP):
            step = next(current.steps, None)
            if step is None:
                self._end(current)
                return
            path, status = step
            if state_of(status) != self._journal.signature(path):
                current.found += 1
                self._queue.touch(path, 0.0)

    def _end(self, ended: _Round) -> None:
        self._rounds.popleft()
        self.roots.note_unwatched(ended.visited)
        if ended.kind:
            self._say(ended.kind, files=ended.walk.files, found=ended.found)
            self._gone = self._gone_paths(self.roots.present)

    def _gone_paths(self, roots: list[bytes]) -> Iterator[bytes]:
        for root in roots:
            yield from self._journal.paths_under(root)

    def _forget_gone(self) -> None:
        """Drop entries of files that are no longer there, a few at a time."""
        if self._gone is None or self._rounds:
            return
        for _ in range(STEP):
            path = next(self._gone, None)
            if path is None:
                self._gone = None
                return
            if not os.path.lexists(path) and any(
                path.startswith(root.rstrip(b"/") + b"/") for root in self.roots.present
            ):
                self._journal.forget(path)
