"""A filter over system calls for this process and its threads, assembled by hand.

A list of what is refused, not of what is allowed: libraries of a dozen formats may use whatever
only touches their own memory. Refused calls fail with an error code; they do not kill.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from functools import cache

from scanner.run.sandbox._syscalls import ABSENT, CHECKED, FILES, NETWORK, PROCESSES, SYSTEM

_ARCH = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_LOAD, _JEQ, _JGE, _JSET, _RET = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_X32 = 0x40000000
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CLONE_THREAD = 0x10000
_PR_SET_NAME, _PR_SET_VMA = 15, 0x53564D41
_ANY_PID = 0x7FFFFFFF  # above every process number: takes the place of the worker's own
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C

Line = tuple[int, int, int, int]  # code, jump if true, jump if false, value


def _refuse(number: int) -> Line:
    return _RET, 0, 0, _ERRNO | number


def _argument(index: int, high: bool = False) -> Line:
    """Loads one half of an argument (both architectures are little-endian)."""
    return _LOAD, 0, 0, 16 + 8 * index + (4 if high else 0)


def _only(call: int, body: list[Line]) -> list[Line]:
    """Runs `body` for one call number, whose last line decides; skips it for the others."""
    return [(_JEQ, 0, len(body), call), *body]


def _checked(calls: dict[str, int], pid: int) -> list[Line]:
    """The calls that are decided by their arguments."""
    lines: list[Line] = []
    for name, index in (("open", 1), ("openat", 2)):
        body = [
            _argument(index),
            (_JSET, 0, 1, _WRITES),
            _refuse(errno.EACCES),
            (_RET, 0, 0, _ALLOW),
        ]
        lines += _only(calls[name], body)
    clone = [_argument(0), (_JSET, 1, 0, _CLONE_THREAD), _refuse(errno.EPERM), (_RET, 0, 0, _ALLOW)]
    lines += _only(calls["clone"], clone)
    own = [_argument(0), (_JEQ, 1, 0, pid), _refuse(errno.EPERM), (_RET, 0, 0, _ALLOW)]
    lines += _only(calls["kill"], own) + _only(calls["tgkill"], own)
    prctl: list[Line] = [_argument(0), (_JEQ, 2, 0, _PR_SET_NAME), (_JEQ, 1, 0, _PR_SET_VMA)]
    prctl += [_refuse(errno.EPERM), (_RET, 0, 0, _ALLOW)]
    lines += _only(calls["prctl"], prctl)
    # A second argument of prlimit64 that is not NULL would set a limit.
    limits = [_argument(2), (_JEQ, 0, 2, 0), _argument(2, high=True), (_JEQ, 1, 0, 0)]
    limits += [_refuse(errno.EPERM), (_RET, 0, 0, _ALLOW)]
    lines += _only(calls["prlimit64"], limits)
    ioctl: list[Line] = [_argument(1), (_JEQ, 1, 0, _TIOCSTI), (_JEQ, 0, 1, _TIOCLINUX)]
    ioctl += [_refuse(errno.EPERM), (_RET, 0, 0, _ALLOW)]
    return lines + _only(calls["ioctl"], ioctl)


def program(machine: str, pid: int) -> list[Line]:
    """The filter for an architecture. Raises KeyError where there is no table for it."""
    column, arch = _ARCH[machine]
    lines: list[Line] = [
        (_LOAD, 0, 0, 4),
        (_JEQ, 1, 0, arch),
        (_RET, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
    ]
    if machine == "x86_64":  # the same calls under other numbers
        lines += [(_JGE, 0, 1, _X32), _refuse(errno.ENOSYS)]
    for table, code in (
        (NETWORK, errno.EACCES),
        (PROCESSES, errno.EPERM),
        (FILES, errno.EACCES),
        (SYSTEM, errno.EPERM),
        (ABSENT, errno.ENOSYS),
    ):
        for numbers in table.values():
            if numbers[column] >= 0:
                lines += _only(numbers[column], [_refuse(code)])
    present = {name: numbers[column] for name, numbers in CHECKED.items()}
    # A call that the architecture lacks gets a number that no call has.
    lines += _checked({name: at if at >= 0 else 0xFFFFFF for name, at in present.items()}, pid)
    return [*lines, (_RET, 0, 0, _ALLOW)]


@cache
def assembled(machine: str) -> bytes:
    """The filter as the kernel takes it, for the process _ANY_PID."""
    return b"".join(struct.pack("<HBBI", *line) for line in program(machine, _ANY_PID))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def install() -> bool:
    """Puts the filter over this process for good; False where the kernel or machine has none.

    no_new_privs must be set. From here on the process cannot undo it.
    """
    machine = platform.machine()
    if machine not in _ARCH or struct.calcsize("P") != 8:
        return False
    own, any_pid = (struct.pack("<HBBI", _JEQ, 1, 0, pid) for pid in (os.getpid(), _ANY_PID))
    raw = assembled(machine).replace(any_pid, own)
    held = ctypes.create_string_buffer(raw, len(raw))
    told = _Program(len(raw) // 8, ctypes.addressof(held))
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(told), 0, 0) == 0)
