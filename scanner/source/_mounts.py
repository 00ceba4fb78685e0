"""File systems whose files are no documents: what the kernel shows of itself."""

from __future__ import annotations

import os
from pathlib import Path

_PSEUDO = frozenset(
    {
        "autofs",
        "binfmt_misc",
        "bpf",
        "cgroup",
        "cgroup2",
        "configfs",
        "debugfs",
        "devpts",
        "devtmpfs",
        "efivarfs",
        "fusectl",
        "hugetlbfs",
        "mqueue",
        "nsfs",
        "proc",
        "pstore",
        "rpc_pipefs",
        "securityfs",
        "selinuxfs",
        "sysfs",
        "tracefs",
    }
)


def pseudo_devices() -> frozenset[int]:
    """The device numbers of mounted file systems that hold no documents; empty off Linux."""
    try:
        lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:
        return frozenset()
    found = set()
    for line in lines:
        fields = line.split(b" ")
        kind = fields[fields.index(b"-") + 1].decode("ascii", "replace")
        if kind in _PSEUDO:
            major, _, minor = fields[2].partition(b":")
            found.add(os.makedev(int(major), int(minor)))
    return frozenset(found)
