"""Workbooks of the zip kind with binary parts: XLSB."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator

from scanner.extract import _biff, _cells, _flow, _raw, _zipkind
from scanner.extract._flow import Flow, one_line
from scanner.extract._opc import Package
from scanner.extract._sheet import Strings
from scanner.extract.base import Blob, Budget, Format
from scanner.extract.xlsx import around_sheet
from scanner.model.content import Kind, Layout, Piece, Segment
from scanner.model.errors import Unread

_CODES = re.compile(r'&(?:"[^"]*"|[A-Z]|\d+|&)', re.IGNORECASE)
_ERRORS = {
    0: "#NULL!",
    7: "#DIV/0!",
    15: "#VALUE!",
    23: "#REF!",
    29: "#NAME?",
    36: "#NUM!",
    42: "#N/A",
}
_RAW_PARTS = re.compile(
    r"^xl/(connections|externallinks/|pivot|querytables/|tables/|model/).*\.bin$"
)
_LONGEST = 1 << 24


def claims(head: bytes, blob: Blob, name: str) -> int:
    """95 for a package with the binary part of a workbook."""
    return 95 if _zipkind.kind(head, blob) == "xlsb" else 0


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    """Every sheet, shown or hidden, as a table; then what stands around the cells."""
    package = Package(blob, budget)
    book = _Book(package)
    for part, label, kind in book.sheets:
        yield from _sheet(package, book, part, label, kind)
        yield from around_sheet(package, part, label)
    yield from _flow.listed(
        (label.partition("sheet ")[2] for _, label, _ in book.sheets), "sheet names"
    )
    for part in package.names(r"^xl/comments\d*\.bin$"):
        yield from _flow.listed(_comments(package, part), "comments", Kind.HIDDEN)
    yield from _flow.listed(book.strings.unused(), "unused strings", Kind.HIDDEN)
    yield from _flow.listed(book.names, "defined names", Kind.HIDDEN)
    for part in package.names():
        if _RAW_PARTS.search(part):
            yield from _flow.listed(_raw.strings(package.data(part)), part, Kind.RAW)
    package.read.update(package.names(r"^xl/[^/]*\.bin$|^xl/worksheets/binaryindex"))
    yield from package.properties()
    yield from package.external()
    yield from package.rest()
    yield from package.all_gaps()


def _records(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Number and body of each record of a part that comes in chunks."""
    rest = b""
    for chunk in chunks:
        rest += chunk
        at = 0
        while (found := _head(rest, at)) is not None:
            number, start, length = found
            if length > _LONGEST:
                raise Unread("damaged", "a record is too long")
            if start + length > len(rest):
                break
            yield number, rest[start : start + length]
            at = start + length
        rest = rest[at:]
    if rest:
        raise Unread("damaged", "a record is cut off")


def _head(data: bytes, at: int) -> tuple[int, int, int] | None:
    if at + 2 > len(data):
        return None
    number = data[at]
    at += 1
    if number & 0x80:
        number = (number & 0x7F) | (data[at] & 0x7F) << 7
        at += 1
    length = 0
    for step in range(4):
        if at >= len(data):
            return None
        length |= (data[at] & 0x7F) << 7 * step
        at += 1
        if not data[at - 1] & 0x80:
            break
    return number, at, length


def _text(body: bytes, at: int) -> tuple[str, int]:
    """A string with its length before it, and where it ends."""
    if at + 4 > len(body):
        return "", len(body)
    count = struct.unpack_from("<I", body, at)[0]
    if count == 0xFFFFFFFF:
        return "", at + 4
    end = at + 4 + count * 2
    return body[at + 4 : end].decode("utf-16-le", "replace"), end


def _part(package: Package, name: str) -> Iterator[tuple[int, bytes]]:
    member = package.archive.find(name)
    if member is None:
        return
    package.read.add(name)
    try:
        yield from _records(package.archive.chunks(member, count=True))
    except Unread as error:
        package.note(error, name)


def _comments(package: Package, part: str) -> Iterator[str]:
    for number, body in _part(package, part):
        if number == 637:
            yield _text(body, 1)[0]
        elif number == 632:
            yield _text(body, 0)[0]


class _Book:
    """Sheets in their order, styles, strings and names of a workbook."""

    def __init__(self, package: Package) -> None:
        self.strings = Strings()
        self.names: list[str] = []
        self.sheets: list[tuple[str, str, Kind]] = []
        self.formats = _cells.Formats()
        main = (package.linked("", "officeDocument") or ["xl/workbook.bin"])[0]
        targets = {link.ident: link.target for link in package.links(main)}
        for number, body in _part(package, main):
            if number == 156:
                self._told(body, targets)
            elif number == 153 and body:
                self.formats.since_1904 = bool(body[0] & 1)
            elif number == 39:
                self.names.append(_text(body, 9)[0])
        for part in package.names(r"^xl/styles\.bin$"):
            self._styles(package, part)
        for part in package.names(r"^xl/sharedstrings\.bin$"):
            for number, body in _part(package, part):
                if number == 19:
                    self.strings.texts.append(_text(body, 1)[0])
        known = {part for part, _, _ in self.sheets}
        for part in package.names(r"^xl/(worksheets|macrosheets|dialogsheets)/sheet[^/]*\.bin$"):
            if part not in known:
                self.sheets.append((part, f"sheet {part.rpartition('/')[2][:-4]}", Kind.HIDDEN))

    def _told(self, body: bytes, targets: dict[str, str]) -> None:
        state = struct.unpack_from("<I", body)[0]
        ident, at = _text(body, 8)
        name = _text(body, at)[0]
        kind = Kind.HIDDEN if state else Kind.BODY
        if ident in targets:
            self.sheets.append(
                (targets[ident], f"{'hidden sheet' if state else 'sheet'} {name}", kind)
            )

    def _styles(self, package: Package, part: str) -> None:
        codes: dict[int, str] = {}
        inside = False
        for number, body in _part(package, part):
            if number == 44 and len(body) > 6:
                codes[struct.unpack_from("<H", body)[0]] = _text(body, 2)[0]
            elif number in (617, 618):
                inside = number == 617
            elif number == 47 and inside and len(body) >= 4:
                ident = struct.unpack_from("<H", body, 2)[0]
                self.formats.add(ident, codes.get(ident, ""))


def _sheet(package: Package, book: _Book, part: str, label: str, kind: Kind) -> Iterator[Piece]:
    out: list[Segment] = []
    flow = Flow(out, label, kind, Layout.TABLE)
    asides: dict[str, list[str]] = {}
    row = _cells.Row()
    number_of_row = 0
    for number, body in _part(package, part):
        if number == 0 and len(body) >= 4:
            _end_row(flow, row, number_of_row)
            number_of_row = struct.unpack_from("<I", body)[0]
        elif (1 <= number <= 11 or number == 62) and len(body) >= 8:
            text = _cell(number, body, book)
            if text:
                row.put(struct.unpack_from("<I", body)[0], one_line(text))
        elif number == 479:
            at = 2
            for _ in range(6):
                text, at = _text(body, at)
                asides.setdefault("header and footer", []).append(_CODES.sub(" ", text))
        elif number == 494:
            at = 16
            for _ in range(4):
                text, at = _text(body, at)
                asides.setdefault("links", []).append(text)
        yield from out
        out.clear()
    _end_row(flow, row, number_of_row)
    flow.flush()
    yield from out
    for name, texts in asides.items():
        kind = Kind.BODY if name.startswith("header") else Kind.HIDDEN
        yield from _flow.listed(texts, f"{label} {name}", kind)


def _end_row(flow: Flow, row: _cells.Row, number: int) -> None:
    if not row.cells:
        return
    gap = number + 1 - flow.line
    if 0 < gap <= 16:
        for _ in range(gap):
            flow.add("")
    else:
        flow.blank(gap)
    flow.add("\t".join(row.take()))


def _cell(number: int, body: bytes, book: _Book) -> str:
    style = struct.unpack_from("<I", body, 4)[0] & 0xFFFFFF
    if number == 7:
        return book.strings.get(struct.unpack_from("<I", body, 8)[0])
    if number in (6, 8):
        return _text(body, 8)[0]
    if number == 62:
        return _text(body, 9)[0]
    if number == 2:
        return _biff.shown(_biff.rk(struct.unpack_from("<I", body, 8)[0]), book.formats, style)
    if number in (5, 9):
        return _biff.shown(struct.unpack_from("<d", body, 8)[0], book.formats, style)
    if number in (4, 10):
        return "TRUE" if body[8] else "FALSE"
    return _ERRORS.get(body[8], "") if number in (3, 11) else ""


FORMAT = Format("xlsb", claims, read, ("xlsb",))
