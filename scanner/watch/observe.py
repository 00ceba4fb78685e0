"""Watchdog, guarded: which folders it really watches, and when it lost events.

watchdog reports an overflow of the kernel's queue only to its log, and skips folders past the
watch limit without a word. Both are made visible here; what was lost is found again by a walk.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, EventEmitter, ObservedWatch

EVENTS: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileClosedEvent,
    FileMovedEvent,
    DirCreatedEvent,
    DirMovedEvent,
]
if sys.platform != "linux":
    EVENTS.append(FileModifiedEvent)  # elsewhere nothing tells that a file was closed

_LOGGERS = ("watchdog.observers.inotify_c", "watchdog.observers.inotify")


class _Handler(FileSystemEventHandler):
    """Passes paths on; does nothing else, since events are lost while it works."""

    def __init__(
        self, settled: Callable[[bytes, bool], None], folder: Callable[[bytes], None]
    ) -> None:
        self._settled = settled
        self._folder = folder

    def dispatch(self, event: FileSystemEvent) -> None:
        moved = isinstance(event, FileMovedEvent | DirMovedEvent)
        path = os.fsencode(event.dest_path if moved else event.src_path)
        if not path:
            return
        if event.is_directory:
            self._folder(path)
        else:
            self._settled(path, isinstance(event, FileClosedEvent | FileMovedEvent))


class _OverflowListener(logging.Handler):
    """Hears what watchdog only writes to its log."""

    def __init__(self, overflowed: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._overflowed = overflowed

    def emit(self, record: logging.LogRecord) -> None:
        if "overflow" in record.getMessage().lower():
            self._overflowed()


class Observation:
    """A running observer over folders. Callbacks come from its threads and must only enqueue.

    `settled(path, finished)` is called for a file that was created, closed or moved into place
    (`finished`: nothing more is expected), `folder(path)` for a new folder, `overflowed()` after
    events were lost.
    """

    def __init__(
        self,
        settled: Callable[[bytes, bool], None],
        folder: Callable[[bytes], None],
        overflowed: Callable[[], None],
    ) -> None:
        self._handler = _Handler(settled, folder)
        self._listener = _OverflowListener(overflowed)
        self._refused: OSError | None = None
        self._observer: BaseObserver | None = None
        self._watches: dict[bytes, ObservedWatch] = {}
        self._lock = threading.Lock()
        for name in _LOGGERS:
            log = logging.getLogger(name)
            log.addHandler(self._listener)
            log.propagate = False
        try:
            self._observer = Observer()
        except OSError as error:  # no instance left (fs.inotify.max_user_instances)
            self._refused = error
        else:
            self._observer.start()

    def add(self, root: bytes) -> None:
        """Watch a folder and everything below it. Raises OSError where it cannot be watched."""
        if self._observer is None:
            raise self._refused or OSError("nothing can be watched")
        watch = self._observer.schedule(
            self._handler, os.fsdecode(root), recursive=True, event_filter=EVENTS
        )
        with self._lock:
            self._watches[root] = watch

    def remove(self, root: bytes) -> None:
        """Watch a folder no longer; nothing happens where it was not watched."""
        with self._lock:
            watch = self._watches.pop(root, None)
        if watch is not None and self._observer is not None:
            with contextlib.suppress(KeyError, OSError, RuntimeError):
                self._observer.unschedule(watch)

    def watched(self) -> frozenset[bytes] | None:
        """The folders that have a watch of their own; None where the system does not need them."""
        if sys.platform != "linux":
            return None
        found: set[bytes] = set()
        for emitter in self._emitters():
            group: Any = getattr(emitter, "_inotify", None)
            if group is None:
                continue
            found.update(_copied(group))
        return frozenset(found)

    def alive(self, root: bytes) -> bool:
        """False where the thread that watches `root` has ended."""
        with self._lock:
            watch = self._watches.get(root)
        return watch is not None and any(
            emitter.watch == watch and emitter.is_alive() for emitter in self._emitters()
        )

    def _emitters(self) -> list[EventEmitter]:
        return list(self._observer.emitters) if self._observer is not None else []

    def close(self) -> None:
        """Stop watching."""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join(timeout=10)
        for name in _LOGGERS:
            log = logging.getLogger(name)
            log.removeHandler(self._listener)
            log.propagate = True


def _copied(group: Any) -> list[bytes]:
    """The watched paths of one group; its own lock keeps them still while they are copied."""
    with group._lock:
        return list(group._active_callbacks_by_path)
