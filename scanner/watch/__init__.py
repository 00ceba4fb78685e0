"""Watches folders in real time."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from scanner.home import Home
from scanner.messages import message
from scanner.model.errors import UsageError
from scanner.run.health import HealthServer
from scanner.run.live import PipelineLike
from scanner.settings import Settings
from scanner.watch.options import Options
from scanner.watch.service import Watcher
from scanner.watch.writers import ignore_lease_signal

__all__ = ["Options", "watch"]


def watch(
    home: Home,
    settings: Settings,
    paths: Sequence[Path],
    *,
    pipeline_factory: Callable[[], PipelineLike],
    options: Options | None = None,
    stop: threading.Event | None = None,
) -> int:
    """Watch folders until SIGTERM, SIGINT or `stop`; gives 0.

    `pipeline_factory` opens a pipeline over the home; it is called again when the registry
    changes. Raises UsageError where a path is no folder or another watch has the home.
    """
    options = options or Options()
    stop = stop or threading.Event()
    folders = _folders(paths)
    ignore_lease_signal()
    with _alone(home):
        watcher = Watcher(home, settings, folders, pipeline_factory, options, stop.is_set)
        server = None
        if options.metrics_port is not None:
            server = HealthServer(watcher.health, watcher.healthy, options.metrics_port)
        with _stopping(stop.set, watcher.queue.wake):
            try:
                watcher.run()
            finally:
                if server is not None:
                    server.close()
    return 0


def _folders(paths: Sequence[Path]) -> list[bytes]:
    """The real paths of the folders, those inside another one left out."""
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            raise UsageError(message("watch", "no_folder", path=path))
        found.append(path.resolve())
    outer = [
        path
        for path in dict.fromkeys(found)
        if not any(other != path and path.is_relative_to(other) for other in found)
    ]
    return [bytes(path) for path in outer]


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """Holds the watcher's lock, which the system gives back when the process ends in any way."""
    home.watch.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (home.watch / "lock").open("a") as lock:
        if not _lock(lock):
            raise UsageError(message("watch", "busy", home=home.root))
        yield


def _lock(lock: IO[str]) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows: the journal's own locks keep two watches apart
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextmanager
def _stopping(*stops: Callable[[], None]) -> Iterator[None]:
    """Calls every one of `stops` on SIGTERM and SIGINT; a second SIGINT interrupts at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def asked(number: int, frame: object) -> None:
        for stop in stops:
            stop()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in before:
        signal.signal(number, asked)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
