"""Whether anyone has a file open for writing, as far as the system tells."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading

_F_SETLEASE = 1024  # fcntl.h, Linux


def ignore_lease_signal() -> None:
    """Let a writer who arrives while the lease is held not end this process.

    Called once from the main thread before `has_writer` is used.
    """
    if sys.platform == "linux" and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGIO, signal.SIG_IGN)


def lease_usable() -> bool:
    """True where the lease signal is ignored, so that asking is safe."""
    return sys.platform == "linux" and signal.getsignal(signal.SIGIO) is signal.SIG_IGN


def has_writer(path: bytes) -> bool | None:
    """True where another process writes the file, False where none does, None where unknown.

    Asks for a read lease and gives it back at once. Unknown: another system, a file of another
    owner without the right to ask, a file system without leases. Raises OSError where the file
    cannot be opened.
    """
    if sys.platform != "linux" or not lease_usable():
        return None
    import fcntl

    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.fcntl(fd, _F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return True if error.errno == errno.EAGAIN else None
    else:
        fcntl.fcntl(fd, _F_SETLEASE, fcntl.F_UNLCK)
        return False
    finally:
        os.close(fd)
