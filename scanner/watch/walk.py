"""Walks that find what no event told of: after a start, an overflow, a lost mount, by polling."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_KEPT = 1000


@dataclass(slots=True)
class Walk:
    """Every regular file in some folders, step by step, without following links.

    `skip` says which folders to leave out, `descend` into which of the folders below to go.
    `on_folder` is told of each folder before it is read. After the end, `folders` and `files`
    count what was seen, `unreadable` holds folders that could not be read.
    """

    roots: list[bytes]
    skip: Callable[[bytes], bool]
    descend: Callable[[bytes], bool] = lambda path: True
    on_folder: Callable[[bytes], None] = lambda path: None
    folders: int = 0
    files: int = 0
    unreadable: list[bytes] = field(default_factory=list)

    def __iter__(self) -> Iterator[tuple[bytes, os.stat_result]]:
        stack = list(reversed(self.roots))
        begun: set[bytes] = set(self.roots)
        while stack:
            folder = stack.pop()
            if self.skip(folder):
                continue
            self.folders += 1
            self.on_folder(folder)
            entries = self._entries(folder)
            below: list[bytes] = []
            for entry in entries:
                try:
                    if entry.is_dir(follow_symlinks=False):
                        below.append(entry.path)
                        continue
                    status = entry.stat(follow_symlinks=False)
                except OSError:
                    continue  # gone between listing and looking
                if stat.S_ISREG(status.st_mode):
                    self.files += 1
                    yield entry.path, status
            wanted = [path for path in below if path not in begun and self.descend(path)]
            stack.extend(reversed(wanted))

    def _entries(self, folder: bytes) -> list[os.DirEntry[bytes]]:
        try:
            with os.scandir(folder) as listing:
                return sorted(listing, key=lambda entry: entry.name)
        except OSError:
            if len(self.unreadable) < _KEPT:
                self.unreadable.append(folder)
            return []
