"""7z, RAR, CAB, ISO 9660, cpio, ar, LHA and xar archives, read as streams by libarchive."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any, BinaryIO

from scanner.extract._mailtext import decode
from scanner.extract._pulled import Ending, stream_of, watched
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Child, Gap, Piece
from scanner.model.errors import Unread

INSTALL = "install the system library libarchive (Debian: apt install libarchive13)"
_MAGIC: tuple[tuple[bytes, int, str], ...] = (
    (b"7z\xbc\xaf\x27\x1c", 0, "7zip"),
    (b"Rar!\x1a\x07\x00", 0, "rar"),
    (b"Rar!\x1a\x07\x01\x00", 0, "rar5"),
    (b"MSCF\0\0\0\0", 0, "cab"),
    (b"xar!\x00\x1c", 0, "xar"),
    (b"!<arch>\n", 0, "ar"),
    (b"070701", 0, "cpio"),
    (b"070702", 0, "cpio"),
    (b"070707", 0, "cpio"),
    (b"\xc7\x71", 0, "cpio"),
    (b"CD001", 32769, "iso9660"),
)
_LHA = re.compile(rb"..-lh[0-9dx]-", re.DOTALL)
_VOLUME = re.compile(r"\.(?:part0*([2-9]|[1-9]\d+)\.rar|r\d\d|7z\.\d{3}|zip\.\d{3}|rar\.\d{3})$")
_LOCKED = re.compile("encrypt|crypto|passphrase|password", re.IGNORECASE)
_EMBEDDED = ((b"7z\xbc\xaf\x27\x1c", "7zip"), (b"Rar!\x1a\x07\x00", "rar"))
_FOUND_IN = 4 << 20  # a self-extracting archive begins within so many bytes


def _kind(head: bytes, blob: Blob) -> str:
    """The name libarchive has for the format; empty where it is none of them."""
    for magic, offset, kind in _MAGIC:
        if offset == 0 and head.startswith(magic):
            if kind == "cpio":
                return kind if _is_cpio(head, magic) else ""
            return kind
        if offset and head[offset : offset + len(magic)] == magic:
            return kind
    return "lha" if _LHA.match(head[:7]) else ""


def _is_cpio(head: bytes, magic: bytes) -> bool:
    """True where the numbers that follow are written as the format has them."""
    if len(magic) == 2:
        return len(head) > 26 and 0 < int.from_bytes(head[20:22], "little") < 1024
    if magic == b"070707":
        return bool(re.fullmatch(rb"[0-7]{70}", head[6:76]))
    return bool(re.fullmatch(rb"[0-9A-Fa-f]{104}", head[6:110]))


def _inside_program(head: bytes, blob: Blob) -> str:
    """The format of an archive behind a program, empty where there is none."""
    if not head.startswith((b"MZ", b"\x7fELF")) or blob.size < 0:
        return ""
    data = blob.head(min(_FOUND_IN, blob.size))
    return next((kind for magic, kind in _EMBEDDED if magic in data), "")


def _claims(head: bytes, blob: Blob, name: str) -> int:
    if _kind(head, blob):
        return 92
    if _inside_program(head, blob):
        return 70
    return 35 if _VOLUME.search(name.lower()) else 0


class _Cursor(io.RawIOBase):
    """A reader of a blob with a place of its own; counts what it passed."""

    def __init__(self, blob: Blob) -> None:
        super().__init__()
        self._blob = blob
        self._at = 0
        self.taken = 0

    def readinto(self, buffer: Any) -> int:
        """How many bytes were put into the buffer."""
        data = self._blob.at(self._at, len(buffer))
        self._at += len(data)
        self.taken += len(data)
        buffer[: len(data)] = data
        return len(data)

    def seekable(self) -> bool:
        """True."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """The new place."""
        base = (0, self._at, self._blob.size)[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """The place."""
        return self._at


def _library() -> Any:
    """The module libarchive; raises Unread where the system library is missing."""
    if sys.platform.startswith("linux"):  # or else a helper program would be run to find it
        os.environ.setdefault("LIBARCHIVE", "libarchive.so.13")
    try:
        import libarchive
    except (ImportError, OSError, AttributeError, TypeError):
        raise Unread("missing-library:libarchive", INSTALL) from None
    return libarchive


class Reading:
    """One pass over an archive; the entry it stands at can be read once."""

    def __init__(
        self, blob: Blob, kind: str, budget: Budget, passphrase: str = "", packing: str = "none"
    ) -> None:
        self._library = _library()
        self._stack = ExitStack()
        self.cursor = _Cursor(blob)
        self.budget = budget
        buffered: Any = self.cursor
        reader = self._library.read.stream_reader(
            buffered, kind, packing, 65536, passphrase or None
        )
        self._archive = self._stack.enter_context(_quiet(reader))
        self.index = -1
        self.entries = iter(self._archive)
        self.touched = False

    def next(self) -> Any:
        """The next entry; None at the end."""
        try:
            entry = next(self.entries, None)
        except self._library.ArchiveError as error:
            raise _unread(error) from None
        self.index += 1
        self.touched = False
        return entry

    def chunks(self, entry: Any) -> Iterator[bytes]:
        """The bytes of the entry it stands at."""
        self.touched = True
        try:
            yield from entry.get_blocks(65536)
        except self._library.ArchiveError as error:
            raise _unread(error) from None

    def close(self) -> None:
        """Give the library's memory back."""
        self._stack.close()


def _quiet(reader: Any) -> Any:
    import logging

    logging.getLogger("libarchive").setLevel(logging.CRITICAL)
    return reader


def _unread(error: Exception) -> Unread:
    text = str(error)
    if _LOCKED.search(text):
        return Unread("encrypted")
    if "unsupported" in text.lower() or "not supported" in text.lower():
        return Unread("unsupported:method", "a compression the library does not know")
    return Unread("damaged", "the archive breaks off")


def _name(entry: Any, number: int) -> str:
    from libarchive import ffi

    raw = ffi.entry_pathname(entry._entry_p)
    if raw:
        return decode(raw)
    try:
        return str(entry.pathname or f"member {number}")
    except (UnicodeDecodeError, ValueError):
        return f"member {number}"


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    head = blob.head(65536)
    kind = _kind(head, blob) or _inside_program(head, blob)
    if not kind:
        raise Unread("volume", "a further part of a split archive")
    volume = _is_volume(kind, head)
    passwords = ("", *budget.limits.passwords) if kind in ("rar", "rar5", "7zip") else ("",)
    reading = Reading(blob, kind, budget, passwords[-1])
    try:
        yield from _members(blob, kind, reading, budget)
    except Unread as stopped:
        if volume and stopped.reason == "damaged":
            raise Unread("volume", "goes on in another part") from None
        raise
    finally:
        reading.close()
    if volume:
        yield Gap("volume", "", "one part of a split archive")


def _members(blob: Blob, kind: str, reading: Reading, budget: Budget) -> Iterator[Piece]:
    while (entry := reading.next()) is not None:
        budget.check_time()
        if entry.isdir or entry.issym or entry.islnk:
            continue
        number = reading.index + 1
        name = _name(entry, number)
        if kind == "ar" and name in ("/", "//", "/SYM64/"):
            continue
        ending = Ending()
        open_it = partial(_open, blob, kind, reading, entry, reading.index, ending, budget)
        yield Child(name, open_it, entry.size if entry.size is not None else -1)
        if ending.reason:
            yield Gap(ending.reason, name, ending.detail)


def _open(
    blob: Blob,
    kind: str,
    reading: Reading,
    entry: Any,
    index: int,
    ending: Ending,
    budget: Budget,
) -> BinaryIO:
    """The bytes of an entry: at once where the pass stands at it, else by a pass of its own."""
    if reading.index == index and not reading.touched:
        chunks = reading.chunks(entry)
        taken = reading.cursor
    else:
        again = Reading(blob, kind, budget)
        taken = again.cursor
        chunks = _later(again, index)
    return stream_of(watched(chunks, budget, lambda: taken.taken, ending))


def _later(reading: Reading, index: int) -> Iterator[bytes]:
    try:
        entry = reading.next()
        while reading.index < index and entry is not None:
            entry = reading.next()
        if entry is not None:
            yield from reading.chunks(entry)
    finally:
        reading.close()


def _is_volume(kind: str, head: bytes) -> bool:
    """True where the header says that the archive is split over several files."""
    if kind == "rar" and head.startswith(b"Rar!\x1a\x07\x00"):
        return bool(int.from_bytes(head[10:12], "little") & 1)
    if kind == "rar5" and len(head) > 20:
        return _rar5_volume(head)
    if kind == "cab" and len(head) > 32:
        return bool(int.from_bytes(head[30:32], "little") & 3)
    return False


def _rar5_volume(head: bytes) -> bool:
    at, numbers = 12, []
    for _ in range(5):  # header size, type, flags, (extra size) or archive flags
        value = shift = 0
        while at < len(head):
            byte = head[at]
            value |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if not byte & 0x80:
                break
        numbers.append(value)
    if numbers[1] != 1:
        return False
    return bool((numbers[4] if numbers[2] & 1 else numbers[3]) & 1)


FORMAT = Format(
    "archive",
    _claims,
    _read,
    ("7z", "rar", "cab", "iso", "cpio", "ar", "deb", "lha", "lzh", "xar", "exe"),
)
