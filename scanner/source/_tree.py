"""Walking a tree by folder descriptors, so that no path is ever too long and no link is followed.

Each folder is listed whole, its files are told in the order of their names, then its folders are
entered. At most _HELD descriptors of the folders above stay open; the others are found again
through "..", and their identity is checked.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from scanner.model.document import Readers
from scanner.source._opening import open_real

_HELD = 64
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_FOLDER |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)

Ident = tuple[int, int]


@dataclass(slots=True)
class Seen:
    """One entry that is not a folder, or a folder that could not be entered (`error` set)."""

    names: list[bytes]
    stat: os.stat_result | None
    folder: int
    circle: Readers
    error: OSError | None = None
    loop: bool = False


@dataclass(slots=True)
class _Level:
    fd: int
    ident: Ident
    circle: Readers
    folders: list[bytes] = field(default_factory=list)  # still to enter, last first


class Tree:
    """One walk below one folder. `circle_of` narrows the readers of a folder's content."""

    def __init__(
        self,
        top: bytes,
        circle: Readers,
        circle_of: Callable[[int, os.stat_result, Readers], Readers],
        skips: Callable[[os.stat_result], bool],
    ) -> None:
        self._top = top
        self._circle = circle
        self._circle_of = circle_of
        self._skips = skips
        self._levels: list[_Level] = []
        self._names: list[bytes] = []

    def __iter__(self) -> Iterator[Seen]:
        """Everything below the top that is not an entered folder. Raises OSError for the top."""
        try:
            fd = open_real(self._top, _FOLDER)
            yield from self._enter(fd, self._circle)
            while self._levels:
                level = self._levels[-1]
                if level.folders:
                    yield from self._descend(level, level.folders.pop())
                else:
                    yield from self._leave()
        finally:
            for level in self._levels:
                if level.fd >= 0:
                    os.close(level.fd)
            self._levels.clear()

    def _enter(self, fd: int, above: Readers) -> Iterator[Seen]:
        """Lists a folder just opened and puts it on the stack."""
        here = os.fstat(fd)
        level = _Level(fd, (here.st_dev, here.st_ino), self._circle_of(fd, here, above))
        self._levels.append(level)
        if len(self._levels) > _HELD:
            far = self._levels[-1 - _HELD]
            if far.fd >= 0:
                os.close(far.fd)
                far.fd = -1
        if self._skips(here):
            yield Seen(self._names[:], here, -1, level.circle)
            return
        try:
            with os.scandir(fd) as entries:
                found = sorted(os.fsencode(entry.name) for entry in entries)
        except OSError as error:
            yield Seen(self._names[:], here, -1, level.circle, error)
            return
        for name in found:
            try:
                info = os.stat(name, dir_fd=fd, follow_symlinks=False)
            except OSError as error:
                yield Seen([*self._names, name], None, fd, level.circle, error)
                continue
            if stat.S_ISDIR(info.st_mode):
                level.folders.append(name)
            else:
                yield Seen([*self._names, name], info, fd, level.circle)
        level.folders.reverse()

    def _descend(self, level: _Level, name: bytes) -> Iterator[Seen]:
        self._names.append(name)
        try:
            fd = os.open(name, _FOLDER, dir_fd=level.fd)
        except OSError as error:
            yield Seen(self._names[:], None, -1, level.circle, error)
            self._names.pop()
            return
        info = os.fstat(fd)
        if any(above.ident == (info.st_dev, info.st_ino) for above in self._levels[-_HELD:]):
            os.close(fd)
            yield Seen(self._names[:], info, -1, level.circle, loop=True)
            self._names.pop()
            return
        yield from self._enter(fd, level.circle)

    def _leave(self) -> Iterator[Seen]:
        """Goes back to the folder above, reopening it where its descriptor was given up."""
        level = self._levels.pop()
        if level.fd >= 0 and self._levels and self._levels[-1].fd < 0:
            above = self._levels[-1]
            try:
                fd = os.open(b"..", _FOLDER, dir_fd=level.fd)
                info = os.fstat(fd)
                if (info.st_dev, info.st_ino) != above.ident:
                    os.close(fd)
                    raise OSError(errno.ESTALE, "the folder was moved during the walk")
                above.fd = fd
            except OSError as error:
                # Cannot go on from here: everything still waiting above is told as unreadable.
                yield from self._abandon(error)
        if level.fd >= 0:
            os.close(level.fd)
        if self._names:
            self._names.pop()

    def _abandon(self, error: OSError) -> Iterator[Seen]:
        for depth, above in enumerate(self._levels):
            if above.fd < 0:
                for name in reversed(above.folders):
                    yield Seen([*self._names[:depth], name], None, -1, above.circle, error)
                above.folders.clear()
