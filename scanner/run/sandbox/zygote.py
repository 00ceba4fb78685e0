"""The process that workers are forked from: everything imported, detectors opened, samples read.

It never sees a document. It forks a worker in a few milliseconds where a fresh interpreter would
take seconds, and tells the supervisor how each worker ended. It ends when the supervisor does.
"""

from __future__ import annotations

import gc
import mmap
import os
import select
import signal
import socket
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

from scanner.detect.base import Detector
from scanner.home import Home
from scanner.model.errors import LeakscanError
from scanner.run.sandbox import blackbox
from scanner.run.sandbox.frames import receive, send
from scanner.run.sandbox.warm import warm_talk, warm_up
from scanner.settings import Settings, load_settings


def detectors_of(home: Home, settings: Settings, names: list[str] | None) -> list[Detector]:
    """The detectors opened over a home: all of the catalogue, or those named "module:attribute"."""
    if names is None:
        import scanner.detect
        from scanner.catalogue import offers

        kinds = offers(scanner.detect, "DETECTOR")
    else:
        kinds = []
        for name in names:
            module, _, attribute = name.partition(":")
            kinds.append(getattr(import_module(module), attribute))
    opened = [kind.open(home, settings) for kind in kinds]
    return [detector for detector in opened if detector is not None]


def _told(error: Exception) -> str:
    """One line about an exception that nobody expected: its kind and place, without its text."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(last.filename).name}, line {last.lineno}"
    return f"the workers cannot be prepared: {type(error).__name__} in {place}"


def prepared(sock: socket.socket, config: Any) -> tuple[list[Detector], Settings] | None:
    """The detectors opened and everything imported; None where that failed, which is told."""
    try:
        settings = Settings.model_validate(config["settings"])
        detectors = detectors_of(Home(Path(config["home"])), settings, config["detectors"])
        warm_up()
        warm_talk()
    except LeakscanError as error:
        send(sock, b"F", [type(error).__name__, str(error)])
        return None
    except Exception as error:  # noqa: BLE001  told to the user as one line
        send(sock, b"F", ["LeakscanError", _told(error)])
        return None
    return detectors, settings


class Zygote:
    """The loop: forks on request, reports the dead."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._alive: dict[int, tuple[int, int]] = {}  # pidfd: (worker number, pid)
        self._detectors: list[Detector] = []
        self._settings = load_settings()

    def prepare(self) -> None:
        """Reads the configuration, imports and opens everything, says whether that worked."""
        message = receive(self._sock)
        made = prepared(self._sock, message[1]) if message is not None else None
        if made is None:
            raise SystemExit(0)
        self._detectors, self._settings = made
        gc.collect()
        gc.freeze()
        send(self._sock, b"Z", [len(self._detectors)])

    def serve(self) -> None:
        """Runs until the supervisor hangs up, then ends every worker."""
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        while True:
            for fd, _ in poll.poll():
                if fd == self._sock.fileno():
                    message = receive(self._sock)
                    if message is None:
                        self._end()
                        return
                    poll.register(self._fork(message[1], message[2]), select.POLLIN)
                else:
                    poll.unregister(fd)
                    self._bury(fd)

    def _fork(self, number: int, fds: list[int]) -> int:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            try:
                self._become_worker(fds, parent)
            finally:
                os._exit(0)
        for fd in fds:
            os.close(fd)
        pidfd = os.pidfd_open(pid)
        self._alive[pidfd] = (number, pid)
        send(self._sock, b"S", [number, pid], (pidfd,))
        return pidfd

    def _become_worker(self, fds: list[int], parent: int) -> None:
        from scanner.run.sandbox.worker import Worker

        talk, page, output = fds
        self._sock.close()
        for pidfd in self._alive:
            os.close(pidfd)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.close(output)
        recorder = mmap.mmap(page, blackbox.SIZE)
        os.close(page)
        sock = socket.socket(fileno=talk)
        Worker(sock, recorder, self._detectors, self._settings, parent).serve()

    def _bury(self, pidfd: int) -> None:
        number, pid = self._alive.pop(pidfd)
        _, status, usage = os.wait4(pid, 0)
        os.close(pidfd)
        told: list[Any] = [number, os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024]
        send(self._sock, b"X", told)

    def _end(self) -> None:
        for pidfd in self._alive:
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)


def main() -> None:
    """Runs the zygote on the socket whose descriptor is the first argument."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sock = socket.socket(fileno=int(sys.argv[1]))
    sock.setblocking(True)
    zygote = Zygote(sock)
    try:
        zygote.prepare()
        zygote.serve()
    except (BrokenPipeError, ConnectionResetError):
        zygote._end()


if __name__ == "__main__":
    main()
