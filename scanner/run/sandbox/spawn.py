"""Starting workers one by one, each an interpreter of its own: where forking is not safe (macOS).

One more worker than needed is kept on its way, so that a dead one is replaced without waiting for
a new interpreter to import everything.
"""

from __future__ import annotations

import mmap
import os
import signal
import socket
import subprocess
import sys
import tempfile

from scanner.home import Home
from scanner.run.sandbox import blackbox
from scanner.run.sandbox.frames import send
from scanner.run.sandbox.launch import Ended, Process, configuration, environment
from scanner.settings import Settings


class SpawnedProcess(Process):
    """A worker that is a child of this process."""

    child: subprocess.Popen[bytes] | None = None

    def poll(self) -> Ended | None:
        """How it ended, None while it lives."""
        if self.ended is None and self.child is not None:
            code = self.child.poll()
            if code is not None:
                self.ended = Ended(code)
        return self.ended

    def kill(self) -> None:
        """Ends it at once."""
        self.signal(signal.SIGKILL)

    def signal(self, number: int) -> None:
        """Sends it a signal, if it still lives."""
        if self.child is not None and self.poll() is None:
            self.child.send_signal(number)


class SpawnLauncher:
    """Starts interpreters; there is nothing between them and the supervisor."""

    def __init__(self, home: Home, settings: Settings, detectors: tuple[str, ...] | None) -> None:
        self._config = configuration(home, settings, detectors)
        self._numbers = 0
        self._left: list[SpawnedProcess] = []  # dropped, perhaps still ending
        self.ready = True
        self._spare = self._start()

    def fileno(self) -> int:
        """-1: news come over the workers' own sockets."""
        return -1

    def pump(self) -> bool:
        """True."""
        return True

    def relaunch(self) -> bool:
        """False: there is nothing to start over."""
        return False

    def spawn(self) -> Process:
        """The worker that is on its way; the next one is started."""
        process, self._spare = self._spare, self._start()
        return process

    def _start(self) -> SpawnedProcess:
        ours, theirs = socket.socketpair()
        with tempfile.TemporaryFile() as page:
            page.truncate(blackbox.SIZE)
            read_end, write_end = os.pipe()
            os.set_blocking(read_end, False)
            fds = (theirs.fileno(), page.fileno(), write_end)
            self._numbers += 1
            recorder = mmap.mmap(page.fileno(), blackbox.SIZE)
            process = SpawnedProcess(self._numbers, ours, recorder, read_end)
            process.child = subprocess.Popen(
                [sys.executable, "-P", "-m", "scanner.run.sandbox.lone", *map(str, fds)],
                pass_fds=fds,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        os.close(write_end)
        theirs.close()
        process.pid = process.child.pid
        send(ours, b"C", self._config)
        return process

    def forget(self, process: Process) -> None:
        """Keeps a process until it can be waited for."""
        process.kill()
        if isinstance(process, SpawnedProcess):
            self._left.append(process)
        self._left = [one for one in self._left if one.poll() is None]

    def close(self) -> None:
        """Ends all processes."""
        self._spare.kill()
        self._spare.close()
        for process in [*self._left, self._spare]:
            if process.child is not None:
                process.child.wait(5)
