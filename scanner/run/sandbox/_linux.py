"""Small Linux doors: limits, capabilities, network namespace, death with the parent, dumps."""

from __future__ import annotations

import ctypes
import os
import signal
import struct
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS, _PR_GET_NO_NEW_PRIVS = 1, 4, 38, 39
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_CAPABILITY_VERSION_3 = 0x20080522
MAX_FILES = 256


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def limit_memory(mebibytes: int) -> bool:
    """Caps the memory a process may write to."""
    import resource

    return _limit(resource.RLIMIT_DATA, mebibytes << 20)


def limit_files() -> bool:
    """No file may grow, no core may be written, few descriptors may be open."""
    import resource

    wanted = (
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, MAX_FILES),
    )
    done = [_limit(kind, value) for kind, value in wanted]
    return all(done)


def _limit(kind: int, value: int) -> bool:
    import resource

    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    try:
        resource.setrlimit(kind, (value, value))
    except (OSError, ValueError):
        return False
    return True


def first_for_the_killer() -> bool:
    """Where the system runs out of memory, this process goes first."""
    try:
        Path("/proc/self/oom_score_adj").write_text("1000")
    except OSError:
        return False
    return True


def leave_network() -> bool:
    """Moves the process into a network namespace with no interface; False where not allowed."""
    libc = _libc()
    if os.geteuid() == 0 and libc.unshare(_CLONE_NEWNET) == 0:
        return True
    return bool(libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0)


def no_new_privileges() -> bool:
    """No program this process could start would have more rights."""
    libc = _libc()
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return bool(libc.prctl(_PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)


def drop_capabilities() -> bool:
    """Gives up every capability, root's too."""
    header = struct.pack("<Ii", _CAPABILITY_VERSION_3, 0)
    return bool(_libc().capset(header, bytes(24)) == 0)


def die_with(parent: int) -> bool:
    """This process ends when its parent does."""
    done = _libc().prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) == 0
    if os.getppid() != parent:
        os._exit(0)
    return bool(done)


def no_dumps() -> bool:
    """Other processes of the user cannot look into this one's memory."""
    return bool(_libc().prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
