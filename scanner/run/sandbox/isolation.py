"""Closing the doors of a worker process, and saying which are closed.

Every door is tried by itself; what the system lacks stays open and is told. `level` sums up:

    full      reads only its own code, no writes, no network, no new process, memory capped
    partial   some of these
    limits    resource limits and a process of its own
    process   a process of its own
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Any

from scanner.settings import Settings

Report = dict[str, Any]
DOORS = ("memory_cap", "no_writes", "no_reads", "no_network", "no_processes")


def close_doors(settings: Settings, parent: int) -> Report:
    """Closes what this system can close; what is in force in this process from now on."""
    report: Report = {"platform": sys.platform, "worker_memory_mib": settings.worker_memory_mib}
    if sys.platform == "linux":
        _close_linux(settings, parent, report)
    elif os.name == "posix":
        _close_posix(settings, report)
    report["level"] = _level(report)
    return report


def _close_linux(settings: Settings, parent: int, report: Report) -> None:
    from scanner.run.sandbox import _landlock, _linux, _seccomp

    roots = _landlock.code_roots()
    report["oom_first"] = _linux.first_for_the_killer()
    report["network_namespace"] = _linux.leave_network()
    report["no_new_privs"] = _linux.no_new_privileges()
    report["landlock"] = _landlock.restrict(roots)
    report["no_capabilities"] = _linux.drop_capabilities()
    report["dies_with_parent"] = _linux.die_with(parent)
    report["no_dumps"] = _linux.no_dumps()
    report["memory_cap"] = _linux.limit_memory(settings.worker_memory_mib)
    report["file_limits"] = _linux.limit_files()
    report["seccomp"] = _seccomp.install()
    report["no_processes"] = report["seccomp"]
    report.update(_tried())


def _close_posix(settings: Settings, report: Report) -> None:
    """MacOS and the BSDs: resource limits; the kernel's own sandbox has no documented interface."""
    from scanner.run.sandbox import _linux

    report["memory_cap"] = _linux.limit_memory(settings.worker_memory_mib)
    report["file_limits"] = _linux.limit_files()


def _tried() -> Report:
    """Whether reading, writing and connecting are refused: tried, not assumed."""
    return {
        "no_reads": _refused(lambda: os.open("/etc/passwd", os.O_RDONLY)),
        "no_writes": _refused(lambda: os.open(_probe(), os.O_WRONLY | os.O_CREAT, 0o600)),
        "no_network": _refused(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).detach()),
    }


def _probe() -> Path:
    return Path(os.devnull).parent / "shm" / f"leakscan-probe-{os.getpid()}"


def _refused(attempt: Any) -> bool:
    try:
        fd = attempt()
    except PermissionError:
        return True
    except OSError:
        return False
    os.close(fd)
    _probe().unlink(missing_ok=True)
    return False


def _level(report: Report) -> str:
    closed = [bool(report.get(door)) for door in DOORS]
    if all(closed):
        return "full"
    if report.get("memory_cap") and not any(closed[1:]):
        return "limits"
    return "partial" if any(closed) else "process"
