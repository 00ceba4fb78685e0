"""One worksheet of XLSX as rows of text: a fast way for usual XML, a parser for any other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import unescape

from scanner.extract import _cells
from scanner.extract._flow import Flow, one_line
from scanner.extract._xml import feed
from scanner.model.content import Kind, Layout, Segment

_ROW = re.compile(rb"<row\b([^>]*?)(?:/>|>(.*?)</row>)", re.DOTALL)
_CELL = re.compile(
    rb'<c r="([A-Z]{1,3})\d+"(?: s="(\d+)")?(?: t="(\w+)")?(?:/>|>'
    rb"(?:<f>([^<]*)</f>|<f[^>]*/>|<f [^>]*>([^<]*)</f>)?<v>([^<]*)</v></c>"
    rb"|><is><t(?: xml:space=\"preserve\")?>([^<]*)</t></is></c>|></c>)"
)
_ENCODED = re.compile(rb"encoding\s*=\s*[\"'](?!utf-?8[\"'])", re.IGNORECASE)
_NUMBER = re.compile(rb'\br="(\d+)"')
LONGEST = 32767
_SLICE = 65536
_READY = 4  # segments after which they are given out
_MOST_BLANK = 16
_HEADER_CODES = re.compile(r'&(?:"[^"]*"|[A-Z]|\d+|K[0-9A-F]{6}|&)', re.IGNORECASE)
_LITERAL = re.compile(r'"((?:[^"]|"")+)"')


class Strings:
    """Shared strings, and which of them a cell used."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.phonetic: list[str] = []
        self.used = bytearray()

    def get(self, index: int) -> str:
        """The string, "" where there is none of that index."""
        if not 0 <= index < len(self.texts):
            return ""
        if len(self.used) < len(self.texts):
            self.used.extend(bytes(len(self.texts) - len(self.used)))
        text = self.texts[index]
        if len(text) > LONGEST and self.used[index]:  # no cell of Excel holds more
            text = text[:LONGEST]
        self.used[index] = 1
        return text

    def unused(self) -> Iterator[str]:
        """Strings that no cell shows any more."""
        self.used.extend(bytes(max(0, len(self.texts) - len(self.used))))
        return (text for text, used in zip(self.texts, self.used, strict=False) if not used)


class SharedStrings:
    """Target for the part that holds the strings."""

    def __init__(self, strings: Strings) -> None:
        self.strings = strings
        self._text: list[str] = []
        self._keep = self._aside = False

    def start(self, tag: str, attrib: dict[str, str]) -> None:
        """An element begins."""
        if tag == "t":
            self._keep = True
        elif tag == "rPh":
            self._aside = True
        elif tag == "si":
            self._text = []

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag == "t":
            self._keep = False
        elif tag == "rPh":
            self._aside = False
        elif tag == "si":
            self.strings.texts.append("".join(self._text))

    def data(self, text: str) -> None:
        """Text."""
        if self._keep:
            (self.strings.phonetic if self._aside else self._text).append(text)


class Sheet:
    """Target for a worksheet; also makes rows of them without a parser where it can."""

    def __init__(self, locator: str, kind: Kind, strings: Strings, formats: _cells.Formats) -> None:
        self.out: list[Segment] = []
        self.locator = locator
        self.strings = strings
        self.formats = formats
        self.flow = Flow(self.out, locator, kind, Layout.TABLE)
        self.asides: dict[str, list[str]] = {}
        self._row = _cells.Row()
        self._at = -1
        self._type = self._style = self._element = ""
        self._text: list[str] = []
        self._value = ""
        self._phonetic = False

    # ---- any XML

    def start(self, tag: str, attrib: dict[str, str]) -> None:
        """An element begins."""
        if tag == "c":
            reference = attrib.get("r", "").rstrip("0123456789")
            self._at = _cells.column(reference) if reference else -1
            self._type, self._style = attrib.get("t", ""), attrib.get("s", "")
            self._value = ""
        elif tag == "row":
            self._jump(attrib.get("r", ""))
        elif tag == "rPh":
            self._phonetic = True
        elif tag == "hyperlink":
            self._add("links", attrib.get("display", ""), attrib.get("tooltip", ""))
        elif tag in ("dataValidation", "tablePart", "sheetPr"):
            names = ("promptTitle", "prompt", "errorTitle", "error", "codeName")
            self._add("validation", *(attrib.get(name, "") for name in names[:4]))
        self._element = tag
        self._text = []

    def end(self, tag: str) -> None:
        """An element ends."""
        text = "".join(self._text)
        if tag == "v":
            self._value = text
        elif tag == "t":
            if not self._phonetic:
                self._value += text
        elif tag == "rPh":
            self._phonetic = False
        elif tag == "f":
            self._formula(text)
        elif tag == "c":
            self._cell()
        elif tag == "row":
            self._end_row()
        elif tag in ("formula1", "formula2", "formula"):
            self._add("validation", *_LITERAL.findall(text))
        elif tag.endswith(("Header", "Footer")) and text.strip():
            self._add("header and footer", _HEADER_CODES.sub(" ", text))
        self._text = []

    def data(self, text: str) -> None:
        """Text."""
        self._text.append(text)

    def _add(self, name: str, *texts: str) -> None:
        kept = [text.strip() for text in texts if text.strip()]
        if kept:
            self.asides.setdefault(name, []).extend(kept)

    def _formula(self, text: str) -> None:
        if '"' in text:
            for literal in _LITERAL.findall(text):
                if len(literal) > 3:
                    self._add("formulas", literal.replace('""', '"'))

    def _cell(self) -> None:
        text = self._shown(self._value, self._type, self._style)
        if text:
            self._row.put(self._at, one_line(text))

    def _shown(self, value: str, kind: str, style: str) -> str:
        if kind == "s":
            return self.strings.get(int(value)) if value.strip().isdigit() else ""
        if kind in ("", "n"):
            return self.formats.shown(value, int(style) if style.isdigit() else -1)
        if kind == "b":
            return {"1": "TRUE", "0": "FALSE"}.get(value, value)
        return value

    def _jump(self, number: str) -> None:
        if not number.isdigit() or len(number) > 9:
            return
        gap = int(number) - self.flow.line
        if 0 < gap <= _MOST_BLANK:
            for _ in range(gap):
                self.flow.add("")
        elif gap > 0:
            self.flow.blank(gap)

    def _end_row(self) -> None:
        self.flow.add("\t".join(self._row.take()))

    # ---- usual XML

    def parsed(self, block: bytes) -> list[tuple[bytes, list[tuple[bytes, ...]]]] | None:
        """Rows as their head and cells, None where they are not written as usual."""
        rows = []
        for head, body in _ROW.findall(block):
            cells = _CELL.findall(body)
            if len(cells) != body.count(b"<c ") + body.count(b"<c>") or b"<!" in body:
                return None
            rows.append((head, cells))
        return rows

    def row(self, head: bytes, cells: list[tuple[bytes, ...]]) -> None:
        """Takes one row without the parser."""
        number = _NUMBER.search(head)
        if number:
            self._jump(number.group(1).decode())
        self._fast_row(cells)

    def _fast_row(self, cells: list[tuple[bytes, ...]]) -> None:
        row = self._row
        columns = _cells._COLUMNS
        for letters, style, kind, formula, other, value, inline in cells:
            if formula or other:
                self._formula(unescape((formula or other).decode("utf-8", "replace")))
            if kind == b"s":
                text = self.strings.get(int(value)) if value.isdigit() else ""
                if "\n" in text or "\t" in text:
                    text = one_line(text)
            elif inline:
                text = one_line(unescape(inline.decode("utf-8", "replace")))
            elif not value:
                continue
            elif kind in (b"", b"n"):
                text = self.formats.shown(value.decode("ascii", "replace"), int(style or -1))
            else:
                shown = unescape(value.decode("utf-8", "replace"))
                text = one_line(self._shown(shown, kind.decode("ascii"), ""))
            if text:
                name = letters.decode("ascii")
                at = columns.get(name)
                row.put(_cells.column(name) if at is None else at, text)
        self.flow.add("\t".join(row.take()))

    def finish(self) -> None:
        """Give out everything that is left."""
        if self._row.cells:
            self._end_row()
        self.flow.flush()
        for name, texts in sorted(self.asides.items()):
            kind = Kind.BODY if name == "header and footer" else Kind.HIDDEN
            flow = Flow(self.out, f"{self.locator} {name}", kind)
            for text in dict.fromkeys(texts):
                flow.add(text)
            flow.flush()
        self.asides = {}

    def take(self) -> Iterator[Segment]:
        """The segments finished so far."""
        ready, self.out[:] = list(self.out), []
        yield from ready


def read_sheet(chunks: Iterable[bytes], sheet: Sheet) -> Iterator[Segment]:
    """The segments of a worksheet whose bytes come in chunks; raises Unread where they break."""
    for _ in feed(_around(chunks, sheet), sheet):
        yield from sheet.take()
    sheet.finish()
    yield from sheet.take()


def _around(chunks: Iterable[bytes], sheet: Sheet) -> Iterator[bytes]:
    """The bytes the parser has to see: everything but rows that were taken without it."""
    buffer = b""
    plain: bool | None = None
    for chunk in chunks:
        buffer += chunk
        if plain is None:
            place = buffer.find(b"<sheetData>")
            if place < 0 and len(buffer) < (1 << 20):
                continue
            plain = place >= 0 and _ENCODED.search(buffer[:200]) is None
            if plain:
                yield buffer[: place + 11]
                buffer = buffer[place + 11 :]
        if not plain:
            yield from _slices(buffer)
            buffer = b""
            continue
        cut = buffer.rfind(b"</row>") + 6
        if cut >= 6:
            block, buffer = buffer[:cut], buffer[cut:]
            rows = sheet.parsed(block)
            if rows is None:
                yield from _slices(block)
                continue
            for head, cells in rows:
                sheet.row(head, cells)
                if len(sheet.out) > _READY:
                    yield b""
            yield b""
        elif len(buffer) > (8 << 20):
            plain = False
    if buffer:
        yield buffer


def _slices(data: bytes) -> Iterator[bytes]:
    """Small pieces, so that what their cells refer to is given out before it grows large."""
    for at in range(0, len(data), _SLICE):
        yield data[at : at + _SLICE]
