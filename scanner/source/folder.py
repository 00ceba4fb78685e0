"""Documents of local files and folders: every regular file, or the reason why not.

    for seen in walk(["/mnt/share"]):
        Document | Unwalked

The walk is sorted and repeatable, follows no link, and needs no path to be short. A link that
leads to something else inside the walked folders is passed over in silence, because its target is
seen under its own name; every other link, special file and refused folder is told as Unwalked.
"""

# Paths are raw bytes here, which pathlib does not take.
# ruff: noqa: PTH100, PTH114, PTH116, PTH118
from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from scanner.model.document import Channel, Document, Provenance, Readers
from scanner.source._mounts import pseudo_devices
from scanner.source._names import display, raw_name
from scanner.source._opening import open_document, unreadable
from scanner.source._provenance import (
    AccessLists,
    narrower,
    parents_of,
    passable,
    provenance,
    signature,
)
from scanner.source._tree import Seen, Tree

__all__ = ["Found", "Unwalked", "display", "document_of", "open_document", "signature_of", "walk"]

_FD_WALK = os.scandir in os.supports_fd and os.open in os.supports_dir_fd


@dataclass(frozen=True, slots=True)
class Unwalked:
    """Something that was seen and is no document: `reason` is a code of scanner.model.outcome."""

    uri: str
    reason: str
    path: bytes | None = None
    size: int = -1
    detail: str = ""
    provenance: Provenance = field(default_factory=Provenance)


Found = Document | Unwalked


def walk(
    paths: Iterable[str | bytes | os.PathLike[str]], channel: Channel = Channel.DISK
) -> Iterator[Found]:
    """Every document under the given files and folders, each real file path once."""
    yield from _Walk(channel, [raw_name(path) for path in paths]).run()


def document_of(path: str | bytes | os.PathLike[str], channel: Channel = Channel.CHECK) -> Found:
    """One file as a document; a link given by name is followed."""
    given = raw_name(path)
    walker = _Walk(channel, [given])
    return walker.file(os.path.abspath(given), os.path.realpath(given))


def signature_of(document: Document) -> str:
    """The signature that the document has now, empty where it is gone."""
    try:
        return signature(os.lstat(document.path)) if document.path is not None else ""
    except OSError:
        return ""


class _Walk:
    """One call of walk: its roots, and what it learned about the file systems on the way."""

    def __init__(self, channel: Channel, given: list[bytes]) -> None:
        self._channel = channel
        self._roots = {os.path.abspath(path): os.path.realpath(path) for path in given}
        self._reals = sorted(set(self._roots.values()))
        self._lists = AccessLists()
        self._pseudo = pseudo_devices()

    def run(self) -> Iterator[Found]:
        """All roots in the order given, a root inside an earlier one left out."""
        done: list[bytes] = []
        for shown, real in self._roots.items():
            if any(_inside(real, root) for root in done):
                continue
            done.append(real)
            others = [root for root in done[:-1] if _inside(root, real)]
            for found in self._root(shown, real):
                if not any(found.path and _inside(found.path, root) for root in others):
                    yield found

    def _root(self, shown: bytes, real: bytes) -> Iterator[Found]:
        try:
            info = os.stat(real, follow_symlinks=False)
        except OSError as error:
            yield self._refused(shown, real, error)
            return
        if not stat.S_ISDIR(info.st_mode):
            yield self.file(shown, real)
        elif info.st_dev in self._pseudo:
            yield Unwalked(display(shown), "special", real)
        elif _FD_WALK:
            yield from self._tree(shown, real)
        else:
            yield from self._plain(shown, real)

    def file(self, shown: bytes, real: bytes) -> Found:
        """One file given by name."""
        try:
            info = os.stat(real, follow_symlinks=False)
        except OSError as error:
            return self._refused(shown, real, error)
        circle = parents_of(real, self._lists) if os.name == "posix" else Readers.UNKNOWN
        return self._told(shown, real, info, real, circle)

    def _tree(self, shown: bytes, real: bytes) -> Iterator[Found]:
        above = parents_of(real, self._lists)
        tree = Tree(real, above, self._circle, lambda info: info.st_dev in self._pseudo)
        try:
            for seen in tree:
                found = self._seen(shown, real, seen)
                if not (seen.stat and found.path and self._quiet_link(found.path, seen.stat)):
                    yield found
        except OSError as error:
            yield self._refused(shown, real, error)

    def _seen(self, shown: bytes, real: bytes, seen: Seen) -> Found:
        inner = b"/".join(seen.names)
        path = real.rstrip(b"/") + b"/" + inner if inner else real
        name = shown.rstrip(b"/") + b"/" + inner if inner else shown
        if seen.error is not None:
            return self._refused(name, path, seen.error)
        if seen.loop:
            return Unwalked(display(name), "link", path, detail="a folder inside itself")
        assert seen.stat is not None
        if seen.folder < 0:
            return Unwalked(display(name), "special", path)
        near = b"/proc/self/fd/%d/%s" % (seen.folder, seen.names[-1])
        return self._told(name, path, seen.stat, near, seen.circle)

    def _circle(self, fd: int, info: os.stat_result, above: Readers) -> Readers:
        """Who may reach what lies in an opened folder."""
        if above is Readers.UNKNOWN:
            return above
        return narrower(above, passable(info, self._lists.raw(fd, info.st_dev)))

    def _plain(self, shown: bytes, real: bytes) -> Iterator[Found]:
        """The walk by paths, where the system knows no folder descriptors (Windows)."""
        refused: list[OSError] = []
        for folder, folders, names in os.walk(real, onerror=refused.append):
            folders.sort()
            tail = folder[len(real) :]
            links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
            for name in sorted([*names, *links]):
                path, told = os.path.join(folder, name), os.path.join(shown + tail, name)
                try:
                    info = os.stat(path, follow_symlinks=False)
                except OSError as error:
                    yield self._refused(told, path, error)
                    continue
                if not self._quiet_link(path, info):
                    yield self._told(told, path, info, path, Readers.UNKNOWN)
        for refusal in refused:
            path = os.fsencode(refusal.filename)
            yield self._refused(shown + path[len(real) :], path, refusal)

    def _told(
        self, shown: bytes, path: bytes, info: os.stat_result, near: bytes, circle: Readers
    ) -> Found:
        uri = display(shown)
        if stat.S_ISLNK(info.st_mode):
            return Unwalked(uri, "link", path)
        acl = b""
        if circle is not Readers.UNKNOWN and not info.st_mode & 0o004:
            acl = self._lists.raw(near, info.st_dev)
        where = provenance(info, acl, circle, self._channel)
        if not stat.S_ISREG(info.st_mode) or info.st_dev in self._pseudo:
            return Unwalked(uri, "special", path, provenance=where)
        return Document(uri, path, info.st_size, where, signature(info))

    def _quiet_link(self, path: bytes, info: os.stat_result) -> bool:
        """True for a link whose target is walked under its own name."""
        if not stat.S_ISLNK(info.st_mode):
            return False
        try:
            target = os.path.realpath(path, strict=True)
        except OSError:
            return False
        return any(_inside(target, root) for root in self._reals)

    def _refused(self, shown: bytes, path: bytes, error: OSError) -> Unwalked:
        return Unwalked(display(shown), unreadable(error).reason, path)


def _inside(path: bytes, root: bytes) -> bool:
    separator = os.fsencode(os.sep)
    return path == root or path.startswith(root.rstrip(separator) + separator)
