"""Owner, readers and times of a file from its inode, its parents and its access list."""

# Paths are raw bytes here, which pathlib does not take.
# ruff: noqa: PTH116, PTH120
from __future__ import annotations

import errno
import os
import struct
from datetime import datetime
from functools import lru_cache

from scanner.model.document import Channel, Provenance, Readers

ACL_NAME = "system.posix_acl_access"
_NO_ACL = {errno.ENOTSUP, errno.ENOSYS, errno.EOPNOTSUPP}
_USER, _GROUP_OBJ, _GROUP, _MASK = 2, 4, 8, 16
_READ = 4


@lru_cache(maxsize=4096)
def owner_name(uid: int) -> str:
    """The account name of a user id, the number itself where there is none."""
    try:
        import pwd

        return pwd.getpwuid(uid).pw_name
    except (ImportError, KeyError):
        return str(uid)


def signature(stat: os.stat_result) -> str:
    """Changes when the content may have changed: size, mtime, ctime, inode."""
    return f"{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ctime_ns}:{stat.st_ino}"


def modified_at(stat: os.stat_result) -> datetime | None:
    """The time of the last change, with the local zone; None where the clock value is no date."""
    try:
        return datetime.fromtimestamp(stat.st_mtime).astimezone()
    except (OverflowError, OSError, ValueError):
        return None


class AccessLists:
    """Reads POSIX access lists, asking no file system twice that has none."""

    def __init__(self) -> None:
        self._without: set[int] = set()

    def raw(self, path: bytes | int, device: int) -> bytes:
        """The access list of a path (never through a link), empty where it has none."""
        if device in self._without or not hasattr(os, "getxattr"):
            return b""
        try:
            if isinstance(path, int):
                return os.getxattr(path, ACL_NAME)
            return os.getxattr(path, ACL_NAME, follow_symlinks=False)
        except OSError as error:
            if error.errno in _NO_ACL:
                self._without.add(device)
            return b""


def _acl_grants(acl: bytes, bit: int) -> bool:
    """True where an access list gives `bit` to a group or to a named user beside the owner."""
    entries = [struct.unpack_from("<HHI", acl, at) for at in range(4, len(acl) - 7, 8)]
    mask = next((perm for tag, perm, _ in entries if tag == _MASK), 7)
    return any(tag in (_USER, _GROUP_OBJ, _GROUP) and perm & mask & bit for tag, perm, _ in entries)


def passable(stat: os.stat_result, acl: bytes) -> Readers:
    """Who may pass through a folder: EVERYONE, GROUP or PRIVATE."""
    if stat.st_mode & 0o001:
        return Readers.EVERYONE
    through = _acl_grants(acl, 1) if acl else bool(stat.st_mode & 0o010)
    return Readers.GROUP if through else Readers.PRIVATE


_RANK = {Readers.PRIVATE: 0, Readers.GROUP: 1, Readers.EVERYONE: 2}


def narrower(one: Readers, other: Readers) -> Readers:
    """The smaller of two circles."""
    return one if _RANK[one] <= _RANK[other] else other


def readers_of(stat: os.stat_result, acl: bytes, parents: Readers) -> Readers:
    """Who can read a file whose parents let `parents` through."""
    if stat.st_mode & 0o004:
        own = Readers.EVERYONE
    elif _acl_grants(acl, _READ) if acl else stat.st_mode & 0o040:
        own = Readers.GROUP
    else:
        own = Readers.PRIVATE
    return narrower(own, parents)


def parents_of(path: bytes, lists: AccessLists) -> Readers:
    """Who can pass every folder above a real path."""
    circle = Readers.EVERYONE
    parent = os.path.dirname(path)
    while True:
        try:
            stat = os.stat(parent)
        except OSError:
            return Readers.UNKNOWN if circle is Readers.EVERYONE else circle
        circle = narrower(circle, passable(stat, lists.raw(parent, stat.st_dev)))
        above = os.path.dirname(parent)
        if above == parent:
            return circle
        parent = above


def provenance(stat: os.stat_result, acl: bytes, parents: Readers, channel: Channel) -> Provenance:
    """Where a file comes from. Without POSIX modes (Windows) owner and readers stay unknown."""
    if os.name != "posix":
        return Provenance(channel, "", Readers.UNKNOWN, modified_at(stat))
    readers = Readers.UNKNOWN if parents is Readers.UNKNOWN else readers_of(stat, acl, parents)
    return Provenance(channel, owner_name(stat.st_uid), readers, modified_at(stat))
