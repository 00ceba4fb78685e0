"""The watched folders: which send events, which are polled, which are lost for now."""

# Paths are raw bytes here, which pathlib does not take.
# ruff: noqa: PTH112
from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from scanner.source.watched import shown
from scanner.watch.filesystem import (
    RootIdentity,
    file_system_type,
    identity,
    mounts,
    sends_events,
)
from scanner.watch.observe import Observation


@dataclass(slots=True)
class Root:
    """One watched folder. `standing` is None while it cannot be reached."""

    path: bytes
    standing: RootIdentity | None = None
    polled: bool = False


class Roots:
    """Keeps every root watched by events where that works, and says where it does not.

    `say(key, **values)` tells a person; keys are those of the messages table.
    """

    def __init__(
        self,
        paths: list[bytes],
        observation: Observation,
        say: Callable[..., None],
        *,
        force_poll: bool = False,
    ) -> None:
        self.all = [Root(path) for path in paths]
        self._observation = observation
        self._say = say
        self._force_poll = force_poll
        self.unwatched: set[bytes] = set()

    @property
    def present(self) -> list[bytes]:
        """The roots that can be reached."""
        return [root.path for root in self.all if root.standing is not None]

    @property
    def polled(self) -> list[bytes]:
        """The reachable roots that send no events."""
        return [root.path for root in self.all if root.standing is not None and root.polled]

    def check(self) -> list[bytes]:
        """Look at every root; gives those that must be walked: new, back, mounted anew."""
        changed: list[bytes] = []
        for root in self.all:
            now = identity(root.path)
            if now is None:
                if root.standing is not None:
                    self._observation.remove(root.path)
                    self._say("root_lost", path=shown(root.path))
                root.standing = None
                continue
            broken = not root.polled and not self._observation.alive(root.path)
            if now == root.standing and not broken:
                continue
            if root.standing is not None or broken:
                self._observation.remove(root.path)
            first, root.standing = root.standing is None, now
            self._watch(root)
            self._say("root_watched" if first else "root_changed", path=shown(root.path))
            changed.append(root.path)
        return changed

    def _watch(self, root: Root) -> None:
        kind = file_system_type(os.path.realpath(root.path), mounts())
        root.polled = self._force_poll or not sends_events(kind)
        if root.polled:
            self._say("polling_type", path=shown(root.path), kind=kind or "-")
            return
        try:
            self._observation.add(root.path)
        except OSError as error:
            root.polled = True
            self._say("polling_refused", path=shown(root.path), error=error.strerror or "")

    def note_unwatched(self, visited: set[bytes]) -> None:
        """Of folders just walked, keep those that have no watch, to be polled; say so once."""
        watched = self._observation.watched()
        if watched is None:
            return
        polled = tuple(root.path.rstrip(b"/") + b"/" for root in self.all if root.polled)
        missing = {
            path
            for path in visited
            if path not in watched and not (path.rstrip(b"/") + b"/").startswith(polled or (b"\0",))
        }
        before = len(self.unwatched)
        self.unwatched = {
            path for path in self.unwatched | missing if path not in watched and os.path.isdir(path)
        }
        if self.unwatched and not before:
            self._say("watch_limit", count=len(self.unwatched))

    def watched(self) -> frozenset[bytes]:
        """The folders that have a watch; empty where the system needs none."""
        return self._observation.watched() or frozenset()
