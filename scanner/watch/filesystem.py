"""Which file systems tell of changes, and what a watched root is mounted on."""

# Paths are raw bytes here, which pathlib does not take.
# ruff: noqa: PTH116
from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

# Changes made by another machine, or behind a FUSE file system, raise no event here.
_SILENT = frozenset(
    {
        "9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "fuse", "gfs2", "glusterfs",
        "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "prl_fs", "smb3", "smbfs",
        "vboxsf", "virtiofs", "vmhgfs",
    }
)  # fmt: skip
_MOUNTS = Path("/proc/self/mountinfo")
_OCTAL = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted file system: where, and of what type."""

    point: bytes
    type: str


def mounts(table: bytes | None = None) -> list[Mount]:
    """The mounted file systems, from the text of /proc/self/mountinfo; empty without one."""
    if table is None:
        try:
            table = _MOUNTS.read_bytes()
        except OSError:
            return []
    found = []
    for line in table.splitlines():
        left, separator, right = line.partition(b" - ")
        fields = left.split(b" ")
        if separator and len(fields) > 4 and right:
            point = _OCTAL.sub(lambda m: bytes([int(m[1], 8)]), fields[4])
            found.append(Mount(point, right.split(b" ")[0].decode("ascii", "replace")))
    return found


def file_system_type(path: bytes, table: list[Mount]) -> str:
    """The type of the file system that `path` lies on; "" where the table does not say."""
    best = Mount(b"", "")
    for mount in table:
        point = mount.point.rstrip(b"/")
        inside = path == mount.point or path.startswith(point + b"/")
        if inside and len(mount.point) >= len(best.point):
            best = mount
    return best.type


def sends_events(kind: str) -> bool:
    """False where changes on a file system of this type may raise no event here."""
    return kind.partition(".")[0] not in _SILENT


@dataclass(frozen=True, slots=True)
class RootIdentity:
    """What stands at a watched root: it changes when something else is mounted there."""

    device: int
    inode: int


def identity(path: bytes) -> RootIdentity | None:
    """What stands at `path` now, None where nothing can be reached."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return RootIdentity(status.st_dev, status.st_ino)
