"""Opening a document once, by its real path, through no link, regular files only."""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import sys
import time

from scanner.model.document import Document
from scanner.model.errors import Unread

_NR_OPENAT2 = 437
_NO_MAGICLINKS, _NO_SYMLINKS, _BENEATH = 0x02, 0x04, 0x08
_PASSING = frozenset(
    {errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EBUSY, errno.EINTR, errno.ENFILE, errno.EMFILE}
)
PAUSES = (0.05, 0.2)  # seconds before another try
_CHUNK = 2048  # bytes of path resolved at once, below PATH_MAX
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)


class _OpenHow(ctypes.Structure):
    _fields_ = (
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    )


_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_openat2_missing = _libc is None


def unreadable(error: OSError) -> Unread:
    """The reason code of a refusal by the system: unreadable:EACCES; a link is `link`."""
    code = errno.errorcode.get(error.errno or 0, "EIO")
    if code == "ELOOP":
        return Unread("link")
    return Unread(f"unreadable:{code}")


def _openat2(base: int, name: bytes, flags: int) -> int:
    how = _OpenHow(flags, 0, _BENEATH | _NO_SYMLINKS | _NO_MAGICLINKS)
    assert _libc is not None
    while True:
        fd = _libc.syscall(_NR_OPENAT2, base, name, ctypes.byref(how), ctypes.sizeof(how))
        if fd >= 0:
            return int(fd)
        code = ctypes.get_errno()
        if code not in (errno.EINTR, errno.EAGAIN):
            raise OSError(code, os.strerror(code))


def _by_component(base: int, parts: list[bytes], flags: int) -> int:
    """The same where the kernel has no openat2: one component at a time, none of them a link."""
    held = os.dup(base)
    try:
        for part in parts[:-1]:
            step = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=held)
            os.close(held)
            held = step
        return os.open(parts[-1], flags | os.O_NOFOLLOW, dir_fd=held)
    except NotADirectoryError as error:
        raise OSError(errno.ELOOP, error.strerror) from None
    finally:
        os.close(held)


def _first_chunk(parts: list[bytes]) -> int:
    """How many leading components to resolve at once: the path of them stays below _CHUNK."""
    length = 0
    for count, part in enumerate(parts[:-1]):
        length += len(part) + 1
        if length > _CHUNK:
            return max(1, count)
    return len(parts) - 1


def _resolve(base: int, parts: list[bytes], flags: int) -> int:
    global _openat2_missing
    if not _openat2_missing:
        try:
            return _openat2(base, b"/".join(parts) or b".", flags)
        except OSError as error:
            if error.errno not in (errno.ENOSYS, errno.EPERM):
                raise
            _openat2_missing = _openat2_missing or error.errno == errno.ENOSYS
    return _by_component(base, parts or [b"."], flags)


def open_beneath(base: int, path: bytes, flags: int = _FLAGS) -> int:
    """A descriptor of `path` under the folder `base`, through no link. Raises OSError."""
    parts = [part for part in path.split(b"/") if part not in (b"", b".")]
    if b".." in parts:
        raise OSError(errno.ELOOP, "a path that climbs")
    held = os.dup(base)
    try:
        while sum(map(len, parts)) + len(parts) > _CHUNK and len(parts) > 1:
            size = _first_chunk(parts)
            step = _resolve(held, parts[:size], os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            os.close(held)
            held, parts = step, parts[size:]
        return _resolve(held, parts, flags)
    finally:
        os.close(held)


def open_real(path: bytes, flags: int = _FLAGS) -> int:
    """A descriptor of an absolute real path, through no link at any level. Raises OSError."""
    if os.open not in os.supports_dir_fd:
        return os.open(path, flags)
    root = os.open(b"/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return open_beneath(root, path, flags)
    finally:
        os.close(root)


def _patiently(path: bytes) -> int:
    """Opens a path, trying again where the refusal may pass (a network share that hiccups)."""
    for pause in PAUSES:
        try:
            return open_real(path)
        except OSError as error:
            if error.errno not in _PASSING:
                raise
        time.sleep(pause)
    return open_real(path)


def open_document(document: Document) -> int:
    """A read-only descriptor of a document's bytes; the caller closes it.

    The path is opened through no link and must be a regular file. Raises Unread with `link`,
    `special` or `unreadable:<errno>`.
    """
    if document.path is None:
        raise Unread("unreadable:ENOENT", "this document has no local path")
    try:
        fd = _patiently(document.path)
        mode = os.fstat(fd).st_mode
    except OSError as error:
        if error.errno in (errno.ENXIO, errno.ENODEV):
            raise Unread("special") from None
        raise unreadable(error) from None
    if not stat.S_ISREG(mode):
        os.close(fd)
        raise Unread("special")
    return fd
