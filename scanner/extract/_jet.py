"""Access databases (Jet 4, ACE): pages, table definitions, rows, long values."""

from __future__ import annotations

import datetime
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from scanner.extract.base import Blob

PAGE = 4096
_DATA, _TABLE = 1, 2
_MOST_COLUMNS = 1024
_EPOCH = datetime.datetime(1899, 12, 30)
_LONGEST = 64 << 20
_BOOL, _BYTE, _SHORT, _LONG, _MONEY, _FLOAT, _DOUBLE, _TIME = range(1, 9)
_BINARY, _TEXT, _OLE, _MEMO = 9, 10, 11, 12
_WIDE_LONG = 19


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table definition."""

    name: str
    kind: int
    number: int
    variable: int
    fixed: bool
    start: int
    length: int


@dataclass(slots=True)
class Definition:
    """A table: its columns, and the pages that hold its rows."""

    page: int
    columns: list[Column]
    pages: list[int] = field(default_factory=list)
    told: int = 0  # how many rows the definition tells of


class Database:
    """The tables of a database in a blob."""

    def __init__(self, blob: Blob) -> None:
        self._blob = blob
        self.tables: dict[int, Definition] = {}
        self.odd = 0
        owners: dict[int, list[int]] = {}
        for number in range(1, blob.size // PAGE):
            head = blob.at(number * PAGE, 8)
            if head[0] == _DATA and head[4:8] != b"LVAL":
                owners.setdefault(int.from_bytes(head[4:8], "little"), []).append(number)
            elif head[0] > 9:
                self.odd += 1
        for owner, pages in owners.items():
            if 0 < owner < blob.size // PAGE and (columns := self._columns(owner)):
                told = int.from_bytes(blob.at(owner * PAGE + 16, 4), "little")
                self.tables[owner] = Definition(owner, columns, pages, told)

    @property
    def locked(self) -> bool:
        """True where most pages are of no known kind."""
        return self.odd * 2 > max(1, self._blob.size // PAGE)

    def _definition(self, page: int) -> bytes:
        """The bytes of a table definition over its pages."""
        data = self._blob.at(page * PAGE, PAGE)
        seen = {page}
        following = int.from_bytes(data[4:8], "little")
        while data[:1] == b"\x02" and following and following not in seen and len(seen) < 64:
            seen.add(following)
            more = self._blob.at(following * PAGE, PAGE)
            data += more[8:]
            following = int.from_bytes(more[4:8], "little")
        return data

    def _columns(self, page: int) -> list[Column]:
        data = self._definition(page)
        if data[:1] != b"\x02" or len(data) < 63:
            return []
        count = struct.unpack_from("<H", data, 45)[0]
        indexes = struct.unpack_from("<I", data, 51)[0]
        at = 63 + indexes * 12
        names = at + count * 25
        if not 0 < count <= _MOST_COLUMNS or names > len(data):
            return []
        found = []
        for number in range(count):
            entry = data[at + number * 25 : at + number * 25 + 25]
            size = struct.unpack_from("<H", data, names)[0] if names + 2 <= len(data) else 0
            name = data[names + 2 : names + 2 + size].decode("utf-16-le", "replace")
            names += 2 + size
            column, variable = struct.unpack_from("<HH", entry, 5)
            start, length = struct.unpack_from("<HH", entry, 21)
            fixed = bool(entry[15] & 1)
            found.append(Column(name, entry[0], column, variable, fixed, start, length))
        return found

    def rows(self, table: Definition) -> Iterator[list[bytes | str]]:
        """The rows: text where the value is text, bytes where it is a stored object."""
        for page in table.pages:
            data = self._blob.at(page * PAGE, PAGE)
            for row in _slots(data, deleted=False):
                yield self._cells(row, table.columns)

    def _cells(self, row: bytes, columns: list[Column]) -> list[bytes | str]:
        if len(row) < 4:
            return []
        told = struct.unpack_from("<H", row)[0]
        mask_at = len(row) - (told + 7) // 8
        if not 0 < told <= _MOST_COLUMNS or mask_at < 4:
            return []
        mask = int.from_bytes(row[mask_at:], "little")
        variables = struct.unpack_from("<H", row, mask_at - 2)[0]
        has_table = any(not column.fixed for column in columns)
        cells: list[bytes | str] = []
        for column in columns:
            present = bool(mask >> column.number & 1) and column.number < told
            if column.kind == _BOOL:
                cells.append("1" if present else "0")
            elif not present:
                cells.append("")
            elif column.fixed:
                raw = row[2 + column.start : 2 + column.start + column.length]
                cells.append(_fixed(column.kind, raw))
            elif has_table and column.variable < variables:
                place = mask_at - 4 - 2 * column.variable
                if place < 2:
                    cells.append("")
                    continue
                begin, end = struct.unpack_from("<H", row, place)[0], 0
                end = struct.unpack_from("<H", row, place - 2)[0]
                cells.append(self._variable(column.kind, row[begin:end]))
            else:
                cells.append("")
        return cells

    def _variable(self, kind: int, raw: bytes) -> bytes | str:
        if kind == _TEXT:
            return unpacked(raw)
        if kind == _MEMO:
            return unpacked(self._long(raw))
        if kind == _OLE:
            return self._long(raw)
        return raw if kind == _BINARY else _fixed(kind, raw)

    def _long(self, raw: bytes) -> bytes:
        """A long value: inside the row, on one page, or over a chain of pages."""
        if len(raw) < 12:
            return b""
        told, place = struct.unpack_from("<II", raw)
        length = min(told & 0x3FFFFFFF, _LONGEST)
        if told & 0x80000000:
            return raw[12 : 12 + length]
        if told & 0x40000000:
            return self._slot(place)[:length]
        out = bytearray()
        seen: set[int] = set()
        while place and place not in seen and len(out) < length:
            seen.add(place)
            data = self._slot(place)
            if len(data) < 4:
                break
            place = struct.unpack_from("<I", data)[0]
            out += data[4:]
        return bytes(out[:length])

    def _slot(self, place: int) -> bytes:
        page, number = place >> 8, place & 0xFF
        slots = _slots(self._blob.at(page * PAGE, PAGE), deleted=True)
        return next((row for at, row in enumerate(slots) if at == number), b"")


def _slots(data: bytes, deleted: bool) -> Iterator[bytes]:
    """The rows of a data page; with `deleted`, a place for each, to be counted."""
    if len(data) < PAGE or data[0] != _DATA:
        return
    count = struct.unpack_from("<H", data, 12)[0]
    end = PAGE
    for number in range(min(count, (PAGE - 14) // 2)):
        told = struct.unpack_from("<H", data, 14 + 2 * number)[0]
        start = told & 0x1FFF
        body = data[start:end] if start <= end else b""
        end = start or end
        if deleted or not told & 0x4000:
            yield body


def unpacked(raw: bytes) -> str:
    """Text of a column, whose Latin letters may be packed into one byte each."""
    if raw[:2] != b"\xff\xfe":
        return raw.decode("utf-16-le", "replace").rstrip("\0")
    out: list[str] = []
    packed = True
    at = 2
    while at < len(raw):
        stop = raw.find(b"\0", at) if packed else _wide_end(raw, at)
        stop = len(raw) if stop < 0 else stop
        piece = raw[at:stop]
        out.append(piece.decode("latin-1") if packed else piece.decode("utf-16-le", "replace"))
        at, packed = stop + 1, not packed
    return "".join(out)


def _wide_end(raw: bytes, at: int) -> int:
    """Where a run of two-byte letters ends: at a zero in the place of a first byte."""
    for place in range(at, len(raw), 2):
        if raw[place] == 0:
            return place
    return -1


def _fixed(kind: int, raw: bytes) -> str:
    layouts = {_BYTE: "<B", _SHORT: "<h", _LONG: "<i", _FLOAT: "<f", _DOUBLE: "<d",
               _TIME: "<d", _MONEY: "<q", _WIDE_LONG: "<q"}  # fmt: skip
    layout = layouts.get(kind)
    if layout is None or len(raw) < struct.calcsize(layout):
        return raw.decode("utf-16-le", "replace").rstrip("\0 ") if kind == _TEXT else ""
    value = struct.unpack_from(layout, raw)[0]
    if kind == _TIME:
        try:
            moment = _EPOCH + datetime.timedelta(days=value)
        except (OverflowError, ValueError):
            return ""
        return moment.isoformat(" ", "seconds").removesuffix(" 00:00:00")
    if kind == _MONEY:
        value /= 10000
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e17:
        return str(int(value))
    return str(value)
