"""The settle queue: paths that wait until they have been quiet, earliest due first.

Bounded: where more paths wait than it may hold, further ones are dropped and `take_overflow`
says so once; the caller then finds them by a walk. Safe to use from several threads.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

CAPACITY = 50_000
LONGEST_WAIT = 5.0


@dataclass(slots=True)
class Pending:
    """One path that waits. `signature` and `since` remember what it looked like, and since when."""

    path: bytes
    due: float
    first: float
    tries: int = 0
    signature: str = ""
    since: float = 0.0
    touched: float = 0.0


class SettleQueue:
    """Paths and when each is due. A later touch moves the time, at most LONGEST_WAIT on."""

    def __init__(
        self,
        capacity: int = CAPACITY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._capacity = capacity
        self._clock = clock
        self._pending: dict[bytes, Pending] = {}
        self._heap: list[tuple[float, int, bytes]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._overflow = False
        self._woken = False

    def __len__(self) -> int:
        return len(self._pending)

    @property
    def full(self) -> bool:
        """True where a further path would be dropped."""
        return len(self._pending) >= self._capacity

    def touch(self, path: bytes, delay: float) -> bool:
        """Let `path` become due `delay` seconds from now; False where it had to be dropped."""
        now = self._clock()
        with self._changed:
            pending = self._pending.get(path)
            if pending is None:
                if len(self._pending) >= self._capacity:
                    self._overflow = True
                    return False
                pending = self._pending[path] = Pending(path, now + delay, now, touched=now)
            else:
                pending.touched = now
                pending.due = min(now + delay, max(pending.first + LONGEST_WAIT, now))
            self._push(pending)
            self._changed.notify()
            return True

    def put_back(self, pending: Pending, delay: float) -> None:
        """Wait on with a path that was taken; a touch in the meantime keeps its earlier time."""
        with self._changed:
            current = self._pending.get(pending.path)
            if current is not None:
                current.tries = max(current.tries, pending.tries)
                current.signature, current.since = pending.signature, pending.since
                current.first = min(current.first, pending.first)
                return
            pending.due = self._clock() + delay
            self._pending[pending.path] = pending
            self._push(pending)
            self._changed.notify()

    def take(self, limit: int) -> list[Pending]:
        """Up to `limit` paths that are due, removed from the queue."""
        now = self._clock()
        taken: list[Pending] = []
        with self._changed:
            while self._heap and len(taken) < limit and self._heap[0][0] <= now:
                due, _, path = heapq.heappop(self._heap)
                pending = self._pending.get(path)
                if pending is not None and pending.due == due:
                    del self._pending[path]
                    taken.append(pending)
        return taken

    def take_overflow(self) -> bool:
        """True once after paths had to be dropped."""
        with self._changed:
            lost, self._overflow = self._overflow, False
            return lost

    def wait(self, longest: float) -> None:
        """Sleep until something is due, is woken, or `longest` seconds have passed."""
        end = self._clock() + longest
        with self._changed:
            while not self._woken:
                now = self._clock()
                until = min(end, self._heap[0][0]) if self._heap else end
                if until <= now:
                    break
                self._changed.wait(until - now)
            self._woken = False

    def soon(self, seconds: float) -> bool:
        """True where something becomes due within `seconds`."""
        with self._changed:
            return bool(self._heap) and self._heap[0][0] <= self._clock() + seconds

    def wake(self) -> None:
        """End a `wait` at once."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def _push(self, pending: Pending) -> None:
        heapq.heappush(self._heap, (pending.due, next(self._order), pending.path))
        if len(self._heap) > 2 * len(self._pending) + 1000:
            self._heap = [
                (waiting.due, next(self._order), waiting.path) for waiting in self._pending.values()
            ]
            heapq.heapify(self._heap)
