"""The quarantine: a private folder that documents are moved into, and back out of.

The document is held by a descriptor: what is moved is what was examined, and where something
else was put under its name meanwhile, that is put back. Every step stands in manifest.jsonl
before it is done, so that a crash leaves no document unaccounted for.
"""

# Paths are raw bytes here, which pathlib does not take.
# ruff: noqa: PTH101, PTH108, PTH116, PTH118, PTH120
from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import secrets
import shutil
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from scanner.messages import message
from scanner.model.errors import UsageError
from scanner.source.watched import shown, state_of

NOTICE = b".leakscan-quarantine.txt"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One document in the manifest. `path` is its raw path, as hexadecimal digits.

    `state`: moving, held, cancelled (it was no longer there), restored.
    """

    id: str
    path: str
    state: str
    shown: str
    size: int
    sha256: str
    mode: int
    uid: int
    gid: int
    mtime_ns: int
    incidents: tuple[str, ...]
    at: str
    by: str = ""
    reason: str = ""


class Quarantine:
    """A quarantine folder, made (0700) where it is missing. Unfinished moves are settled first."""

    def __init__(self, folder: Path) -> None:
        if not hasattr(os, "O_NOFOLLOW"):
            raise UsageError("a quarantine needs Linux or macOS")
        self.folder = folder.absolute()
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.folder.chmod(0o700)
            self._entries = self._read()
            self._recover()
        except OSError as error:
            raise UsageError(
                f"the quarantine folder {self.folder} cannot be used: {error.strerror}"
            ) from None

    def entries(self) -> list[Entry]:
        """Every document that was ever put here, oldest first, each in its last state."""
        return list(self._entries.values())

    def released(self, path: bytes, sha256: str) -> bool:
        """True where a person put exactly this document back at this path."""
        return any(
            entry.state == "restored" and entry.path == path.hex() and entry.sha256 == sha256
            for entry in self._entries.values()
        )

    def take(
        self, path: bytes, signature: str, sha256: str, incidents: tuple[str, ...]
    ) -> Entry | None:
        """Move the document at `path` here, if it is still in the state `signature`.

        Gives None where it is gone or was changed (then it will be examined again). Raises
        OSError where it cannot be moved; it then stays where it was.
        """
        parent, name = os.path.split(path)
        parent_fd = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=parent_fd)
        except OSError as error:
            os.close(parent_fd)
            if error.errno in (errno.ENOENT, errno.ELOOP):
                return None
            raise
        try:
            status = os.fstat(fd)
            if state_of(status) != signature:
                return None
            entry = Entry(
                id=f"Q{datetime.now(UTC):%Y%m%d%H%M%S}-{secrets.token_hex(4)}",
                path=path.hex(),
                state="moving",
                shown=shown(path),
                size=status.st_size,
                sha256=sha256 or sha256_of(fd),
                mode=status.st_mode & 0o7777,
                uid=status.st_uid,
                gid=status.st_gid,
                mtime_ns=status.st_mtime_ns,
                incidents=incidents,
                at=datetime.now().astimezone().isoformat(timespec="seconds"),
            )
            self._write(entry)
            moved = self._move(parent_fd, name, fd, entry)
            entry = replace(entry, state="held" if moved else "cancelled")
            self._write(entry)
        finally:
            os.close(fd)
            os.close(parent_fd)
        return entry if moved else None

    def notice(self, entry: Entry) -> None:
        """Leave a notice beside where the document lay: what happened and whom to ask."""
        path = bytes.fromhex(entry.path) + NOTICE
        texts = [
            message("watch", "notice", lang, name=entry.shown, id=entry.id, at=entry.at)
            for lang in ("zh", "en")
        ]
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with contextlib.suppress(FileExistsError):
            fd = os.open(path, flags, 0o644)
            with os.fdopen(fd, "wb") as out:
                out.write("\n\n".join(texts).encode() + b"\n")

    def restore(
        self, entry_id: str, *, to: Path | None = None, by: str = "", reason: str = ""
    ) -> Path:
        """Put a document back where it lay (or at `to`), with its mode and times; gives its path.

        Raises UsageError where there is no such document, or something else lies there now.
        """
        entry = self._entries.get(entry_id)
        if entry is None or entry.state != "held":
            raise UsageError(f"there is no document {entry_id} in the quarantine {self.folder}")
        target = os.fsencode(to.absolute()) if to is not None else bytes.fromhex(entry.path)
        held = os.fsencode(self._held(entry))
        aside = target + b".leakscan-restore"
        try:
            Path(os.fsdecode(os.path.dirname(target))).mkdir(parents=True, exist_ok=True)
            _copy(held, aside)
            os.chmod(aside, entry.mode)
            if hasattr(os, "geteuid") and os.geteuid() == 0:
                os.chown(aside, entry.uid, entry.gid)
            os.utime(aside, ns=(entry.mtime_ns, entry.mtime_ns))
            # The decision stands in the manifest before the document can be seen again.
            self._write(replace(entry, state="restored", path=target.hex(), by=by, reason=reason))
            if not _put_back(aside, None, target, None):
                self._write(entry)
                raise UsageError(
                    f"{shown(target)} exists: move it away, or restore to another path"
                )
        except OSError as error:
            self._write(entry)
            raise UsageError(f"{shown(target)} cannot be restored: {error.strerror}") from None
        finally:
            with contextlib.suppress(OSError):
                os.unlink(aside)
        os.unlink(held)
        with contextlib.suppress(OSError):
            os.unlink(bytes.fromhex(entry.path) + NOTICE)
        return Path(os.fsdecode(target))

    def _held(self, entry: Entry) -> Path:
        return self.folder / f"{entry.id}.held"

    def _move(self, parent_fd: int, name: bytes, fd: int, entry: Entry) -> bool:
        """Move the held inode out of the parent; False where the name led to something else."""
        held = os.fsencode(self._held(entry))
        try:
            os.rename(name, held, src_dir_fd=parent_fd)
        except FileNotFoundError:
            return False
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            return self._move_across(parent_fd, name, fd, entry)
        if not os.path.samestat(os.stat(held, follow_symlinks=False), os.fstat(fd)):
            return not _put_back(held, None, name, parent_fd)
        os.chmod(held, 0o600)
        _sync_folder(self.folder)
        return True

    def _move_across(self, parent_fd: int, name: bytes, fd: int, entry: Entry) -> bool:
        """The same onto another file system: copied and synced first, then removed."""
        held, part, aside = self._held(entry), self._part(entry), _aside(entry)
        _copy(fd, os.fsencode(part))
        os.rename(name, aside, src_dir_fd=parent_fd, dst_dir_fd=parent_fd)
        there, before = os.stat(aside, dir_fd=parent_fd, follow_symlinks=False), os.fstat(fd)
        if not (os.path.samestat(there, before) and there.st_size == part.stat().st_size):
            _put_back(aside, parent_fd, name, parent_fd)
            part.unlink()
            return False
        part.rename(held)
        _sync_folder(self.folder)
        os.unlink(aside, dir_fd=parent_fd)
        return True

    def _part(self, entry: Entry) -> Path:
        return self.folder / f"{entry.id}.part"

    @property
    def _manifest(self) -> Path:
        return self.folder / "manifest.jsonl"

    def _write(self, entry: Entry) -> None:
        line = json.dumps(asdict(entry), ensure_ascii=True, sort_keys=True)
        fd = os.open(self._manifest, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(fd, "ab") as out:
            out.write(line.encode() + b"\n")
            out.flush()
            os.fsync(out.fileno())
        self._entries[entry.id] = entry

    def _read(self) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        if not self._manifest.exists():
            return entries
        for line in self._manifest.read_bytes().splitlines():
            with contextlib.suppress(ValueError, TypeError, KeyError):  # a line cut by a crash
                values = json.loads(line)
                entry = Entry(**{**values, "incidents": tuple(values["incidents"])})
                entries[entry.id] = entry
        return entries

    def _recover(self) -> None:
        """Settle what a crash left half done, so that each document lies in one place."""
        for entry in list(self._entries.values()):
            held, path = self._held(entry), bytes.fromhex(entry.path)
            aside = os.path.join(os.path.dirname(path), _aside(entry))
            if entry.state == "moving":
                if not held.exists() and os.path.lexists(aside):
                    _put_back(aside, None, path, None)
                if held.exists() and os.path.lexists(aside):
                    os.unlink(aside)
                self._part(entry).unlink(missing_ok=True)
                self._write(replace(entry, state="held" if held.exists() else "cancelled"))
            elif entry.state == "restored" and held.exists():
                if _same_content(path, entry.sha256):
                    held.unlink()
                else:
                    self._write(replace(entry, state="held"))


def _aside(entry: Entry) -> bytes:
    """The name that a document has in its own folder while it is moved to another file system."""
    return f".leakscan-{entry.id}".encode()


def _put_back(source: bytes, source_fd: int | None, target: bytes, target_fd: int | None) -> bool:
    """Give a file its name again unless something has it already; True where it was given."""
    try:
        os.link(source, target, src_dir_fd=source_fd, dst_dir_fd=target_fd, follow_symlinks=False)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        try:
            os.stat(target, dir_fd=target_fd, follow_symlinks=False)
        except FileNotFoundError:
            os.rename(source, target, src_dir_fd=source_fd, dst_dir_fd=target_fd)
            return True
        return False
    os.unlink(source, dir_fd=source_fd)
    return True


def _same_content(path: bytes, sha256: str) -> bool:
    with contextlib.suppress(OSError):
        return sha256_of(path) == sha256
    return False


def _copy(source: bytes | int, target: bytes) -> None:
    fd = os.open(source, os.O_RDONLY) if isinstance(source, bytes) else os.dup(source)
    out = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(fd, "rb") as reader, os.fdopen(out, "wb") as writer:
        reader.seek(0)
        shutil.copyfileobj(reader, writer, _CHUNK)
        writer.flush()
        os.fsync(writer.fileno())


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def sha256_of(path: bytes | int) -> str:
    """The SHA-256 of a file, or of what a descriptor holds, hex."""
    fd = os.dup(path) if isinstance(path, int) else os.open(path, os.O_RDONLY)
    with os.fdopen(fd, "rb") as source:
        source.seek(0)
        return hashlib.file_digest(source, "sha256").hexdigest()
