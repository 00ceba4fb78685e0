"""A worker that was started by itself: `python -m scanner.run.sandbox.lone SOCKET PAGE OUTPUT`."""

from __future__ import annotations

import mmap
import os
import signal
import socket
import sys

from scanner.run.sandbox import blackbox
from scanner.run.sandbox.frames import receive
from scanner.run.sandbox.worker import Worker
from scanner.run.sandbox.zygote import prepared


def main() -> None:
    """Prepares itself as told over the socket, then works."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    talk, page, output = map(int, sys.argv[1:4])
    sock = socket.socket(fileno=talk)
    message = receive(sock)
    made = prepared(sock, message[1]) if message is not None else None
    if made is None:
        return
    detectors, settings = made
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    recorder = mmap.mmap(page, blackbox.SIZE)
    os.close(page)
    Worker(sock, recorder, detectors, settings, os.getppid()).serve()


if __name__ == "__main__":
    main()
