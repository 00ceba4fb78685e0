"""Landlock: this process may read the code it runs and nothing else of the file system."""

from __future__ import annotations

import ctypes
import os
import site
import struct
import sys
import sysconfig
from functools import cache
from pathlib import Path

from scanner.resources import patterns_dir

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same numbers on every architecture
_VERSION_FLAG, _PATH_BENEATH = 1, 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # how many file rights an ABI knows
_SYSTEM = (
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/os-release",
    "/usr/share/zoneinfo",
    "/usr/share/fonts",
    "/dev/null",
    "/dev/urandom",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
)


@cache
def code_roots() -> list[Path]:
    """The folders of the program, its libraries and the interpreter, for reading only."""
    package = Path(__file__).resolve().parents[2]
    roots = {package, patterns_dir()}
    roots |= {
        Path(sysconfig.get_paths()[name]) for name in ("stdlib", "platstdlib", "purelib", "platlib")
    }
    roots |= {Path(folder) for folder in site.getsitepackages()}
    for prefix in (sys.prefix, sys.base_prefix):
        roots |= {Path(prefix) / "lib", Path(prefix) / "lib64"}
    roots |= {Path(name) for name in _SYSTEM}
    return sorted({root.resolve() for root in roots if root.exists()})


def abi() -> int:
    """The version of Landlock in this kernel, 0 where it has none or it is off."""
    if sys.platform != "linux":
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    return max(0, int(libc.syscall(_CREATE, None, 0, _VERSION_FLAG)))


def restrict(roots: list[Path]) -> int:
    """Closes the file system but for reading under `roots`; the ABI in force, 0 where none is.

    From ABI 4 on TCP is closed too, from 6 on signals and abstract sockets to other processes.
    no_new_privs must be set.
    """
    version = abi()
    if not version:
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    attributes = struct.pack("<Q", (1 << _RIGHTS.get(version, 16)) - 1)
    if version >= 4:
        attributes += struct.pack("<Q", 0b11)
    if version >= 6:
        attributes += struct.pack("<Q", 0b11)
    ruleset = libc.syscall(_CREATE, attributes, ctypes.c_size_t(len(attributes)), 0)
    if ruleset < 0:
        return 0
    try:
        for root in roots:
            _allow(libc, ruleset, root)
        return version if libc.syscall(_RESTRICT, ruleset, 0) == 0 else 0
    finally:
        os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, root: Path) -> None:
    rights = _READ_FILE | (_READ_DIR if root.is_dir() else 0)
    try:
        fd = os.open(root, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        libc.syscall(_ADD, ruleset, _PATH_BENEATH, struct.pack("<Qi", rights, fd), 0)
    finally:
        os.close(fd)
