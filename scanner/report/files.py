"""Report files: written beside their final name, made durable, then renamed into place."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from scanner.model.errors import ReportError


def check_writable(path: Path, *more: Path) -> None:
    """Raises ReportError where a report could not be written here; leaves nothing behind."""
    for one in (path, *more):
        try:
            with suppress(FileNotFoundError):
                one.lstat()  # refuses names that the system cannot have
            if one.is_dir():
                raise ReportError(f"the report {one} cannot be written: it is a folder")
            if one.exists() and not one.is_file():
                raise ReportError(f"the report {one} cannot be written: it is no regular file")
            if not one.parent.is_dir():
                raise ReportError(
                    f"the report {one} cannot be written: there is no folder {one.parent}"
                )
            probe = _beside(one)
            os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            probe.unlink()
        except (OSError, ValueError) as error:
            raise _failed(one, error) from None


def _failed(path: Path, error: OSError | ValueError) -> ReportError:
    said = error.strerror if isinstance(error, OSError) else str(error)
    return ReportError(f"the report {path} cannot be written ({said}): choose another place for it")


def _beside(path: Path) -> Path:
    return path.with_name(f".leakscan-{secrets.token_hex(6)}.tmp")


class Sink:
    """A file being written: counts, and hashes what goes in."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()

    def write(self, data: bytes) -> None:
        """Write all of `data`."""
        self._stream.write(data)
        self._hash.update(data)

    @property
    def sha256(self) -> str:
        """The hash, hex, of what was written."""
        return self._hash.hexdigest()


@contextmanager
def replacing(*paths: Path) -> Iterator[tuple[Sink, ...]]:
    """Files to write that take their names, in this order, only when all of them are whole.

    Where anything fails, none of them is left behind and older files stay as they were.
    Raises ReportError where the system refuses.
    """
    temporary = [_beside(path) for path in paths]
    streams: list[BinaryIO] = []
    try:
        for one in temporary:
            fd = os.open(one, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            streams.append(os.fdopen(fd, "wb", buffering=1 << 20))
        yield tuple(Sink(stream) for stream in streams)
        for stream in streams:
            stream.flush()
            os.fsync(stream.fileno())
            stream.close()
        for one, path in zip(temporary, paths, strict=True):
            one.replace(path)
        _sync_folder(paths[0].parent)
    except OSError as error:
        raise _failed(paths[0], error) from None
    finally:
        for stream in streams:
            _close(stream)
        for one in temporary:
            one.unlink(missing_ok=True)


def _close(stream: BinaryIO) -> None:
    try:
        stream.close()
    except OSError:  # told already by the failure that led here
        return


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
