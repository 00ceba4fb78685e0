"""Starting workers: from a zygote where the system can fork safely."""

from __future__ import annotations

import contextlib
import mmap
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import scanner.model.errors
from scanner.home import Home
from scanner.model.errors import LeakscanError
from scanner.run.sandbox import blackbox
from scanner.run.sandbox.frames import Inbox, send
from scanner.settings import Settings

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def environment() -> dict[str, str]:
    """The environment of a worker: this one's, the same places for modules, one thread."""
    paths = [str(Path(entry or ".").absolute()) for entry in sys.path]
    return {**os.environ, **dict.fromkeys(ONE_THREAD, "1"), "PYTHONPATH": os.pathsep.join(paths)}


def configuration(
    home: Home, settings: Settings, detectors: tuple[str, ...] | None
) -> dict[str, Any]:
    """What a worker is told before its first document."""
    return {
        "home": str(home.root),
        "settings": settings.model_dump(mode="json"),
        "detectors": None if detectors is None else list(detectors),
    }


def failure(told: Any) -> LeakscanError:
    """The error that kept a worker from being prepared."""
    kind = getattr(scanner.model.errors, str(told[0]), LeakscanError)
    return kind(told[1]) if issubclass(kind, LeakscanError) else LeakscanError(told[1])


MAX_LAUNCHES = 4


@dataclass(slots=True)
class Ended:
    """How a worker process ended: exit code (negative: signal) and peak memory in bytes."""

    code: int
    peak: int = 0


class Process:
    """A worker process as the supervisor holds it."""

    def __init__(self, number: int, sock: socket.socket, page: mmap.mmap, output: int) -> None:
        self.number = number
        self.sock = sock
        self.page = page
        self.output = output  # what it writes to stdout and stderr, never shown raw
        self.pid = 0
        self.pidfd = -1
        self.ended: Ended | None = None
        self._doomed = False
        self._closed = False

    def started(self, pid: int, pidfd: int) -> None:
        """The zygote says who it is."""
        self.pid, self.pidfd = pid, pidfd
        if self._doomed or self._closed:
            self.kill()
        if self._closed:
            self.close()

    def poll(self) -> Ended | None:
        """How it ended, None where that is not known yet."""
        return self.ended

    def kill(self) -> None:
        """Ends it at once."""
        self._doomed = True
        self.signal(signal.SIGKILL)

    def signal(self, number: int) -> None:
        """Sends it a signal, if it still lives."""
        if self.pidfd >= 0 and self.ended is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, number)

    def close(self) -> None:
        """Gives back what the supervisor held for it."""
        self._closed = True
        self.sock.close()
        for fd in (self.output, self.pidfd):
            if fd >= 0:
                os.close(fd)
        self.output = self.pidfd = -1
        self.page.close()


class Launcher(Protocol):
    """What starts workers and knows how they ended."""

    ready: bool

    def fileno(self) -> int:
        """The descriptor that tells of news, -1 where there is none."""

    def pump(self) -> bool:
        """Takes the news in; False where the launcher is gone. Raises LeakscanError."""

    def spawn(self) -> Process:
        """A worker on its way. Raises OSError."""

    def forget(self, process: Process) -> None:
        """Nobody waits for the end of this process any more."""

    def relaunch(self) -> bool:
        """Starts over; False where that is hopeless."""

    def close(self) -> None:
        """Ends all processes."""


class ZygoteLauncher:
    """Asks the zygote for workers and hears from it how they ended."""

    def __init__(self, home: Home, settings: Settings, detectors: tuple[str, ...] | None) -> None:
        self._config = configuration(home, settings, detectors)
        self._processes: dict[int, Process] = {}
        self._numbers = 0
        self._inbox = Inbox()
        self._fds: list[int] = []
        self.ready = False
        self.launches = 0
        self._start()

    def _start(self) -> None:
        self.launches += 1
        ours, theirs = socket.socketpair()
        fd = theirs.fileno()
        command = [sys.executable, "-P", "-m", "scanner.run.sandbox.zygote", str(fd)]
        self._process = subprocess.Popen(
            command,
            pass_fds=(fd,),
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        self._sock = ours
        send(ours, b"C", self._config)

    def relaunch(self) -> bool:
        """A new zygote for one that died, with all its workers; False after too many."""
        self.close()
        if not self.ready or self.launches >= MAX_LAUNCHES:
            return False
        for process in self._processes.values():
            process.ended = process.ended or Ended(-signal.SIGKILL)
        self._processes.clear()
        self._inbox = Inbox()
        self.ready = False
        self._start()
        return True

    def fileno(self) -> int:
        """The descriptor that tells of news."""
        return self._sock.fileno()

    def spawn(self) -> Process:
        """A worker on its way; it says hello on its socket when it is ready."""
        ours, theirs = socket.socketpair()
        page = os.memfd_create("leakscan-recorder", os.MFD_CLOEXEC)
        os.ftruncate(page, blackbox.SIZE)
        read_end, write_end = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        os.set_blocking(write_end, True)
        self._numbers += 1
        process = Process(self._numbers, ours, mmap.mmap(page, blackbox.SIZE), read_end)
        self._processes[process.number] = process
        try:
            send(self._sock, b"F", process.number, (theirs.fileno(), page, write_end))
        except OSError:
            self._processes.pop(process.number)
            process.close()
            raise
        finally:
            theirs.close()
            os.close(page)
            os.close(write_end)
        return process

    def pump(self) -> bool:
        """Takes the news in; False where the zygote is gone. Raises LeakscanError if it says so."""
        data, fds, _, _ = socket.recv_fds(self._sock, 1 << 16, 64)
        self._fds.extend(fds)
        if not data:
            return False
        self._inbox.add(data)
        while (message := self._inbox.next()) is not None:
            self._hear(*message)
        return True

    def _hear(self, letter: bytes, value: Any) -> None:
        if letter == b"Z":
            self.ready = True
        elif letter == b"F":
            raise failure(value)
        elif letter == b"S":
            process = self._processes.get(value[0])
            pidfd = self._fds.pop(0)
            if process is None:
                os.close(pidfd)
            else:
                process.started(value[1], pidfd)
        elif letter == b"X":
            process = self._processes.pop(value[0], None)
            if process is not None:
                process.ended = Ended(value[1], value[2])

    def forget(self, process: Process) -> None:
        """The supervisor no longer waits for its end."""
        if process.pidfd >= 0:
            self._processes.pop(process.number, None)

    def close(self) -> None:
        """Hangs up: the zygote ends every worker and itself."""
        self._sock.close()
        for fd in self._fds:
            os.close(fd)
        self._fds.clear()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
