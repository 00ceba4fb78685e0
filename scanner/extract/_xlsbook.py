"""The stream of a binary workbook read record by record."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from scanner.extract import _biff, _cells, _charset, _flow
from scanner.extract._xlssheet import XlsSheet
from scanner.model.content import Kind, Segment

_BOFS = {0x809: 8, 0x409: 4, 0x209: 3, 0x009: 2}
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
_PAGES = {
    0x8000: "mac_roman",
    0x8001: "cp1252",
    367: "ascii",
    1200: "utf-16-le",
    10000: "mac_roman",
}


class Book:
    """All sheets of a workbook's stream as segments, gathered in `out`."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.out: list[Segment] = []
        self.encrypted = self.broken = False
        self._version = 8
        self._encoding = ""
        self._codes: dict[int, str] = {}
        self._formats = _cells.Formats()
        self._shared = _biff.Shared()
        self._names: list[tuple[int, str, bool]] = []  # place, name, hidden
        self._defined: list[str] = []
        self._sheet: XlsSheet | None = None
        self._depth = 0
        self._charts = 0
        self._texts: bytes = b""  # drawing text object waiting for its characters
        self._last = 0
        self._objects = 0

    def run(self) -> Iterator[Segment]:
        """The segments in reading order."""
        for at, number, body in _biff.records(self.data):
            if number in _BOFS:
                self._begin(at, number, body)
            elif number == 0x0A:
                self._end()
            elif number == 0x2F:
                self.encrypted = True
                return
            else:
                try:
                    self._record(number, body)
                except (struct.error, IndexError):
                    self.broken = True
            if number != 0x3C:
                self._last = number
            if len(self.out) > 8:
                yield from self._take()
        while self._depth:
            self._end()
        self.out += _flow.listed(self._defined, "defined names", Kind.HIDDEN)
        yield from self._take()

    def _take(self) -> Iterator[Segment]:
        ready, self.out[:] = list(self.out), []
        yield from ready

    def _begin(self, at: int, number: int, body: bytes) -> None:
        self._depth += 1
        sort = struct.unpack_from("<H", body, 2)[0] if len(body) >= 4 else 5
        version = _BOFS[number]
        if version == 8 and len(body) >= 2:
            version = 8 if struct.unpack_from("<H", body)[0] >= 0x600 else 5
        self._version = version
        if sort in (5, 0x100) and version >= 4:
            return
        if self._sheet is not None:  # a chart inside a sheet
            return
        if self._shared.parts and not self._shared.texts:
            self._shared.parse()
        name, hidden = self._named(at)
        self._sheet = XlsSheet(self.out, name, hidden)
        self._sheet_depth = self._depth

    def _named(self, at: int) -> tuple[str, bool]:
        for place, name, hidden in self._names:
            if place == at:
                return name, hidden
        return (self._names[0][1] if len(self._names) == 1 else ""), False

    def _end(self) -> None:
        if self._sheet is not None and self._depth == self._sheet_depth:
            self._sheet.finish()
            self._sheet = None
        self._depth = max(0, self._depth - 1)
        if self._depth == 0 and self._shared.parts and not self._shared.texts:
            self._shared.parse()

    # ---- records

    def _record(self, number: int, body: bytes) -> None:
        if number == 0x3C:
            self._continued(body)
        elif number == 0xFC:
            self._shared.parts = [body]
        elif number in (0x85, 0x18, 0x218, 0x42, 0x22, 0xE0, 0x43, 0x243, 0x443, 0x41E, 0x1E):
            self._global(number, body)
        elif self._sheet is not None:
            self._cell(self._sheet, number, body)
        elif number == 0x8E:
            self._defined.append(self._text8(body, 2) if len(body) > 2 else "")

    def _continued(self, body: bytes) -> None:
        if self._last == 0xFC:
            self._shared.parts.append(body)
        elif self._last == 0x1B6 and self._sheet is not None and len(body) > 1 and self._texts:
            count = struct.unpack_from("<H", self._texts, 10)[0]
            text, _ = _biff.wide(body, 1, count, body[0])
            self._sheet.add("comments and text boxes", text)
            self._texts = b""

    def _global(self, number: int, body: bytes) -> None:
        if number == 0x85:
            place, state = struct.unpack_from("<IB", body)
            self._names.append((place, self._short(body, 6), bool(state & 3)))
        elif number in (0x18, 0x218):
            self._name(body)
        elif number == 0x42:
            page = struct.unpack_from("<H", body)[0]
            self._encoding = _PAGES.get(page, "gb18030" if page == 936 else f"cp{page}")
        elif number == 0x22:
            self._formats.since_1904 = body[:1] == b"\x01"
        elif number in (0x41E, 0x1E):
            self._format(number, body)
        else:
            self._style(number, body)

    def _format(self, number: int, body: bytes) -> None:
        if number == 0x1E:
            self._codes[len(self._codes)] = self._bytes(body[1 : 1 + body[0]])
            return
        ident = struct.unpack_from("<H", body)[0]
        if self._version < 5:
            ident = len(self._codes)
        text = (
            _biff.string(body, 2)[0] if self._version == 8 else self._bytes(body[3 : 3 + body[2]])
        )
        self._codes[ident] = text

    def _style(self, number: int, body: bytes) -> None:
        if number == 0xE0:
            ident = struct.unpack_from("<H", body, 2)[0]
        else:
            ident = body[1] & 0x3F if number != 0x43 else body[2] & 0x3F
        self._formats.add(ident, self._codes.get(ident, ""))

    def _name(self, body: bytes) -> None:
        if self._version == 8 and len(body) > 15:
            text, _ = _biff.wide(body, 15, body[3], body[14])
        elif self._version >= 5 and len(body) > 14:
            text = self._bytes(body[14 : 14 + body[3]])
        else:
            return
        if len(text) > 1:
            self._defined.append(text)

    def _bytes(self, data: bytes) -> str:
        if not data.isascii() and not self._encoding:
            found = _charset.guess(data)
            return data.decode(found.encoding if found else "cp1252", "replace")
        try:
            return data.decode(self._encoding or "cp1252", "replace")
        except LookupError:
            return data.decode("cp1252", "replace")

    def _short(self, body: bytes, at: int) -> str:
        count = body[at]
        if self._version == 8:
            return _biff.wide(body, at + 2, count, body[at + 1])[0]
        return self._bytes(body[at + 1 : at + 1 + count])

    def _text8(self, body: bytes, at: int) -> str:
        """A string with a length of two bytes, in the way of this version."""
        if self._version == 8:
            return _biff.string(body, at)[0]
        if self._version == 2:
            return self._bytes(body[at + 1 : at + 1 + body[at]])
        return self._bytes(body[at + 2 : at + 2 + struct.unpack_from("<H", body, at)[0]])

    def _cell(self, sheet: XlsSheet, number: int, body: bytes) -> None:
        if number in (0xFD, 0x204, 0xD6, 0x203, 0x27E, 0xBD, 0x06, 0x206, 0x406, 0x205, 0x07, 0x207,
                      0x02, 0x03, 0x04, 0x05):  # fmt: skip
            self._value(sheet, number, body)
        elif number in (0x14, 0x15):
            if body:
                text = self._text8(body, 0) if self._version == 8 else self._short(body, 0)
                sheet.add("header and footer", _CODES.sub(" ", text), Kind.BODY)
        elif number == 0x1B6:
            self._texts = body
        elif number == 0x1C:
            self._note(sheet, body)
        elif number == 0x1B8:
            text = body.decode("utf-16-le", "ignore")
            for part in re.findall(r"[ -~\u00a1-\ufeff]{5,}", text + " " + body.decode("latin-1")):
                if "://" in part or "@" in part or "\\" in part:
                    sheet.add("links", part)
        elif number == 0x100D:
            sheet.add(
                "chart", self._short(body, 2) if self._version == 8 else self._bytes(body[3:])
            )
        elif number == 0x1BE:
            self._validation(sheet, body)

    def _note(self, sheet: XlsSheet, body: bytes) -> None:
        if self._version < 8 and len(body) > 6:
            sheet.add("comments and text boxes", self._bytes(body[6:]))
        elif len(body) > 11:
            count = struct.unpack_from("<H", body, 8)[0]
            sheet.add("comment authors", _biff.wide(body, 11, count, body[10])[0])

    def _validation(self, sheet: XlsSheet, body: bytes) -> None:
        at = 4
        for _ in range(4):
            text, at = _biff.string(body, at)
            if len(text) > 1:
                sheet.add("validation", text)

    def _value(self, sheet: XlsSheet, number: int, body: bytes) -> None:
        if number in (0x07, 0x207):
            sheet.put_last(self._text8(body, 0))
            return
        row, column = struct.unpack_from("<HH", body)
        style = struct.unpack_from("<H", body, 4)[0] if self._version > 2 else body[4] & 0x3F
        if number == 0xFD:
            index = struct.unpack_from("<I", body, 6)[0]
            texts = self._shared.texts
            sheet.put(row, column, texts[index] if index < len(texts) else "")
        elif number in (0x204, 0xD6, 0x04):
            text = self._bytes(body[8 : 8 + body[7]]) if number == 0x04 else self._text8(body, 6)
            sheet.put(row, column, text)
        elif number in (0x203, 0x03):
            value = struct.unpack_from("<d", body, 6 if number == 0x203 else 7)[0]
            sheet.put(row, column, _biff.shown(value, self._formats, style))
        elif number == 0x02:
            sheet.put(row, column, str(struct.unpack_from("<H", body, 7)[0]))
        elif number == 0x27E:
            value = _biff.rk(struct.unpack_from("<I", body, 6)[0])
            sheet.put(row, column, _biff.shown(value, self._formats, style))
        elif number == 0xBD:
            for at in range(4, len(body) - 7, 6):
                style, packed = struct.unpack_from("<HI", body, at)
                text = _biff.shown(_biff.rk(packed), self._formats, style)
                sheet.put(row, column + (at - 4) // 6, text)
        elif number in (0x06, 0x206, 0x406):
            self._formula(sheet, number, row, column, style, body)
        elif number in (0x205, 0x05):
            value, error = struct.unpack_from("<BB", body, 6 if number == 0x205 else 7)
            shown = _ERRORS.get(value, "") if error else ("TRUE" if value else "FALSE")
            sheet.put(row, column, shown)

    def _formula(
        self, sheet: XlsSheet, number: int, row: int, column: int, style: int, body: bytes
    ) -> None:
        at = 7 if self._version == 2 else 6
        raw = body[at : at + 8]
        if raw[6:] == b"\xff\xff":
            shown = {1: "TRUE" if raw[2] else "FALSE", 2: _ERRORS.get(raw[2], "")}.get(raw[0], "")
        else:
            shown = _biff.shown(struct.unpack("<d", raw)[0], self._formats, style)
        sheet.put(row, column, shown)
        for literal in _literals(body[at + 8 :], self._version):
            sheet.add("formulas", literal)


def _literals(tokens: bytes, version: int) -> list[str]:
    """Strings inside a formula's tokens (only those that stand at its beginning are sure)."""
    found = []
    at = 0
    while (at := tokens.find(b"\x17", at)) >= 0 and at + 3 < len(tokens):
        count = tokens[at + 1]
        if version == 8 and count > 3 and tokens[at + 2] in (0, 1):
            text, end = _biff.wide(tokens, at + 3, count, tokens[at + 2])
            if len(text) == count and text.isprintable() and "\ufffd" not in text:
                found.append(text)
                at = end
                continue
        at += 1
    return found
