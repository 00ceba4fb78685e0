"""tar: members read in place, whatever their headers claim (ustar, GNU, pax, sparse)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO

from scanner.extract._pulled import CHUNK, stream_of
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Child, Gap, Piece
from scanner.model.errors import Unread

BLOCK = 512
EXTENDED_BYTES = 1 << 20
_NO_DATA = frozenset((b"1", b"2", b"3", b"4", b"5", b"6", b"D", b"V", b"M"))


class _Passing:
    """A blob of unknown size, read once from front to back."""

    size = 1 << 62

    def __init__(self, blob: Blob) -> None:
        self._stream = blob.stream()
        self._at = 0
        self.ended = False

    def at(self, offset: int, count: int) -> bytes:
        """`count` bytes from `offset`, which must not lie behind what was read."""
        if offset < self._at:
            raise Unread("limit:bytes", "too large to be held in memory")
        while self._at < offset and self._take(min(CHUNK, offset - self._at)):
            pass
        out = bytearray()
        while len(out) < count and (piece := self._take(count - len(out))):
            out += piece
        return bytes(out)

    def short(self, offset: int) -> bool:
        """True where the end came before `offset`."""
        self.at(max(offset, self._at), 1)
        return self.ended and self._at < offset

    def _take(self, count: int) -> bytes:
        piece = self._stream.read(count)
        self._at += len(piece)
        self.ended = self.ended or not piece
        return piece


_Source = Blob | _Passing


def _number(raw: bytes) -> int:
    """An octal or GNU base-256 number; -1 where it is neither, or negative."""
    if raw[:1] in (b"\x80", b"\xff"):
        value = int.from_bytes(raw[1:], "big")
        return -1 if raw[:1] == b"\xff" else value
    text = raw.strip(b" \0")
    try:
        return int(text, 8) if text else 0
    except ValueError:
        return -1


def _valid(block: bytes) -> bool:
    """True where the checksum of a header is right."""
    if len(block) < BLOCK or not block[0]:
        return False
    told = _number(block[148:156])
    if told <= 0:  # no number, or none that a header can sum up to
        return False
    rest = block[:148] + b" " * 8 + block[156:]
    if told == sum(rest):
        return True
    return told == sum(byte - 256 if byte > 127 else byte for byte in rest)


def _claims(head: bytes, blob: Blob, name: str) -> int:
    if len(head) < BLOCK or not _valid(head[:BLOCK]):
        return 0
    return 95 if head[257:262] == b"ustar" else 70


def _text(raw: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "backslashreplace")


@dataclass(slots=True)
class _Member:
    name: str
    size: int
    start: int
    kind: bytes


@dataclass(slots=True)
class _Pending:
    """What the headers before a member say about it."""

    name: str = ""
    size: int = -1
    everywhere: dict[str, str] = field(default_factory=dict)


def _pax(data: bytes) -> dict[str, str]:
    """The records of a pax header, as far as they are well formed."""
    found: dict[str, str] = {}
    at = 0
    while at < len(data):
        digits, space, _ = data[at : at + 20].partition(b" ")
        if not space or not digits.isdigit() or int(digits) <= len(digits) + 1:
            break
        record = data[at + len(digits) + 1 : at + int(digits) - 1]
        key, _, value = record.partition(b"=")
        found[_text(key)] = _text(value)
        at += int(digits)
    return found


def _apply(values: dict[str, str], pending: _Pending) -> None:
    pending.name = values.get("GNU.sparse.name", values.get("path", pending.name))
    size = values.get("size", "")
    if size.isdigit() and len(size) < 20:
        pending.size = int(size)


def _extension(blob: _Source, kind: bytes, start: int, size: int, pending: _Pending) -> Gap | None:
    """Take a header that describes the next member; a gap where it is absurdly large."""
    if size > EXTENDED_BYTES:
        return Gap("limit:bytes", "", f"a header of {size} bytes")
    data = blob.at(start, size)
    if kind == b"L":
        pending.name = _text(data.rstrip(b"\0"))
    elif kind == b"g":
        pending.everywhere.update(_pax(data))
    elif kind != b"K":
        _apply(_pax(data), pending)
    return None


def _resync(blob: _Source, at: int) -> int:
    """The offset of the next valid header; the size of the blob where there is none."""
    while at < blob.size:
        data = blob.at(at, 1 << 20)
        for offset in range(0, len(data) - BLOCK + 1, BLOCK):
            if data[offset] and _valid(data[offset : offset + BLOCK]):
                return at + offset
        at += max(BLOCK, len(data) // BLOCK * BLOCK)
    return blob.size


def _sparse_blocks(blob: _Source, header: bytes, start: int) -> int:
    """Where the data of an old GNU sparse member begins, behind its further maps."""
    more = header[482:483]
    while more and more != b"\0":
        block = blob.at(start, BLOCK)
        start += BLOCK
        more = block[504:505]
    return start


def _members(blob: _Source, budget: Budget) -> Iterator[_Member | Gap]:
    at = 0
    pending = _Pending()
    while len(header := blob.at(at, BLOCK)) == BLOCK:
        budget.check_time()
        start = at + BLOCK
        if not header.strip(b"\0"):
            at = start
            continue
        kind = header[156:157]
        extension = kind in (b"L", b"K", b"x", b"g", b"X")
        size = _number(header[124:136])
        if pending.size >= 0 and not extension:
            size = pending.size
        if not _valid(header) or size < 0:
            yield Gap("damaged", f"offset {at}", "not a valid member header")
            if isinstance(blob, _Passing):
                return
            at = _resync(blob, start)
            pending = _Pending(everywhere=pending.everywhere)
            continue
        if extension:
            if gap := _extension(blob, kind, start, size, pending):
                yield gap
        else:
            if kind == b"S":
                start = _sparse_blocks(blob, header, start)
            member = _member(header, kind, size, start, pending)
            yield member
            size = member.size
            pending = _Pending(everywhere=pending.everywhere)
        at = start + -(-size // BLOCK) * BLOCK
    if at > blob.size or (isinstance(blob, _Passing) and blob.short(at)):
        yield Gap("damaged", "", "ends before its last member")


def _member(header: bytes, kind: bytes, size: int, start: int, pending: _Pending) -> _Member:
    """The member that a header and those before it tell of."""
    if pending.everywhere and not pending.name:
        _apply(pending.everywhere, pending)
    own = header[:100].split(b"\0")[0]
    prefix = header[345:500].split(b"\0")[0] if header[257:263] == b"ustar\0" else b""
    name = pending.name or _text(prefix + b"/" + own if prefix else own)
    return _Member(name, 0 if kind in _NO_DATA else size, start, kind)


def _open(blob: _Source, start: int, size: int) -> BinaryIO:
    def chunks() -> Iterator[bytes]:
        at, end = start, start + size
        while at < end and (data := blob.at(at, min(1 << 18, end - at))):
            at += len(data)
            yield data

    return stream_of(chunks())


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    source = _Passing(blob) if blob.size < 0 else blob
    for member in _members(source, budget):
        if isinstance(member, Gap):
            yield member
        elif member.kind not in _NO_DATA and (member.size or not member.name.endswith("/")):
            size = max(0, min(member.size, source.size - member.start))
            yield Child(member.name, partial(_open, source, member.start, size), member.size)


FORMAT = Format("tar", _claims, _read, ("tar", "tgz", "tbz2", "txz"), streams=True)
