"""Rich text understood: groups, fonts and their code pages, destinations, tables, objects."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from scanner.extract._flow import Flow
from scanner.extract._rtfwords import CHARSETS, HIDDEN, INFO, PLACES, SKIPPED, SYMBOLS
from scanner.model.content import Kind, Layout, Segment

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?[0-9]{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+"
    rb"|([^\\{}\r\n]+)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class _State:
    """What holds inside a group."""

    place: str = ""
    skip: bool = False
    font: str = ""
    unicode_skip: int = 1
    data: str = ""  # "picture" or "object" while its bytes are collected
    fonts: bool = False
    html_rtf: bool = False


@dataclass(slots=True)
class _Lines:
    text: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    flow: Flow | None = None
    table: Flow | None = None
    in_table: bool = False
    tables: int = 0


class Reader:
    """Text, tables and objects of a rich text document; segments gather in `out`."""

    def __init__(self, data: bytes, found: Callable[[str, bytes], None]) -> None:
        self.data = data
        self.out: list[Segment] = []
        self.open_groups = 0
        self._found = found
        self._fonts: dict[int, str] = {}
        self._font = 0
        self._page = "cp1252"
        self._state = _State()
        self._stack: list[_State] = []
        self._raw = bytearray()
        self._skip = 0
        self._star = False
        self._lines: dict[str, _Lines] = {}
        self._bytes: list[bytes] = []

    def run(self) -> None:
        """Reads everything."""
        at = 0
        size = len(self.data)
        while at < size:
            match = _TOKEN.match(self.data, at)
            if match is None:
                at += 1
                continue
            at = match.end()
            word, number, pair, symbol, brace, text = match.groups()
            if word is not None:
                if word == b"bin":
                    count = max(0, int(number or 0))
                    if self._state.data:
                        self._bytes.append(self.data[at : at + count].hex().encode())
                    at += count
                else:
                    self._word(word, int(number) if number else None)
            elif text is not None:
                self._plain(text)
            elif pair is not None:
                self._byte(int(pair, 16))
            elif brace is not None:
                self._group(brace)
            elif symbol is not None:
                self._symbol(symbol)
        self.open_groups = len(self._stack)
        self.finish()

    # ---- tokens

    def _group(self, brace: bytes) -> None:
        self._decode()
        self._star = False
        self._skip = 0
        if brace == b"{":
            self._stack.append(self._state)
            return
        old = self._state
        if self._stack:
            self._state = self._stack.pop()
        if old.data and not self._state.data:
            self._found(old.data, b"".join(self._bytes))
            self._bytes = []
        if old.place and old.place != self._state.place:
            self._end_line(old.place)

    def _symbol(self, symbol: bytes) -> None:
        if symbol == b"*":
            self._star = True
        elif symbol == b"~":
            self._add(" ")
        elif symbol == b"_":
            self._add("-")
        elif symbol in (b"\r", b"\n"):
            self._end_line(self._state.place)
        elif symbol in (b"\\", b"{", b"}"):
            self._plain(symbol)

    def _plain(self, text: bytes) -> None:
        if self._state.skip or self._state.html_rtf:
            return
        if self._state.data:
            self._bytes.append(text)
            return
        if self._skip:
            cut = min(self._skip, len(text))
            self._skip -= cut
            text = text[cut:]
        if not self._state.fonts:
            self._raw += text

    def _byte(self, value: int) -> None:
        if self._state.skip or self._state.data or self._state.fonts or self._state.html_rtf:
            return
        if self._skip:
            self._skip -= 1
            return
        self._raw.append(value)

    def _word(self, word: bytes, number: int | None) -> None:
        if word == b"u":
            self._unicode(number or 0)
            return
        self._skip = 0
        star, self._star = self._star, False
        state = self._state
        if word == b"htmlrtf":
            self._decode()
            self._state = replace(state, html_rtf=number != 0)
        elif word in SYMBOLS:
            self._add(SYMBOLS[word])
        elif word in (b"par", b"cell", b"row", b"nestcell", b"nestrow", b"pard", b"intbl"):
            self._layout(word)
        elif word in (b"f", b"fcharset", b"ansicpg", b"mac", b"uc", b"plain", b"cpg"):
            self._setting(word, number)
        else:
            self._destination(word, star)

    def _unicode(self, number: int) -> None:
        if self._state.skip or self._state.fonts or self._state.html_rtf:
            return
        self._decode()
        self._text(chr(number & 0xFFFF))
        self._skip = self._state.unicode_skip

    def _setting(self, word: bytes, number: int | None) -> None:
        self._decode()
        value = number or 0
        if word == b"f":
            if self._state.fonts:
                self._font = value
            else:
                self._state = replace(self._state, font=self._fonts.get(value, ""))
        elif word == b"fcharset" and self._state.fonts:
            self._fonts[self._font] = CHARSETS.get(value, "") if value not in (0, 1, 2) else ""
        elif word == b"cpg" and self._state.fonts:
            self._fonts[self._font] = _page(value)
        elif word == b"ansicpg":
            self._page = _page(value) or self._page
        elif word == b"mac":
            self._page = "mac_roman"
        elif word == b"uc":
            self._state = replace(self._state, unicode_skip=max(0, min(value, 16)))
        elif word == b"plain":
            self._state = replace(self._state, font="")

    def _destination(self, word: bytes, star: bool) -> None:
        state = self._state
        if word == b"fonttbl":
            self._decode()
            self._state = replace(state, fonts=True)
        elif word in (b"pict", b"objdata"):
            self._decode()
            self._state = replace(state, data="picture" if word == b"pict" else "object")
        elif word in INFO:
            self._decode()
            self._state = replace(state, place="properties", skip=False)
        elif word in SKIPPED:
            self._decode()
            self._state = replace(state, skip=True)
        elif word in PLACES:
            self._decode()
            self._state = replace(state, place=PLACES[word])
        elif word == b"info" or word in (
            b"shppict",
            b"shpinst",
            b"objname",
            b"fldrslt",
            b"htmlbase",
        ):
            return
        elif star and word not in (b"userprops", b"docvar", b"ftnsep"):
            self._decode()
            self._state = replace(state, skip=True)

    # ---- text

    def _decode(self) -> None:
        if self._raw:
            raw = bytes(self._raw)
            self._raw.clear()
            try:
                self._text(raw.decode(self._state.font or self._page, "replace"))
            except LookupError:
                self._text(raw.decode("cp1252", "replace"))

    def _add(self, text: str) -> None:
        self._decode()
        self._text(text)

    def _of(self, place: str) -> _Lines:
        lines = self._lines.get(place)
        if lines is None:
            lines = self._lines[place] = _Lines()
        return lines

    def _text(self, text: str) -> None:
        if not (self._state.skip or self._state.data or self._state.fonts or self._state.html_rtf):
            self._of(self._state.place).text.append(text)

    def _layout(self, word: bytes) -> None:
        self._decode()
        if self._state.skip or self._state.data:
            return
        lines = self._of(self._state.place)
        if word in (b"cell", b"nestcell"):
            lines.cells.append(_joined(lines.text))
            lines.text = []
        elif word in (b"row", b"nestrow"):
            self._end_row(lines)
        elif word == b"intbl":
            lines.in_table = True
        elif word == b"pard":
            lines.in_table = False
        elif lines.in_table or lines.cells:
            lines.text.append(" ")
        else:
            self._end_line(self._state.place)

    def _end_row(self, lines: _Lines) -> None:
        if lines.table is None:
            self._of_flow(self._state.place).flush()
            lines.tables += 1
            label = f"{self._state.place} table {lines.tables}".strip()
            lines.table = Flow(self.out, label, self._kind(self._state.place), Layout.TABLE)
        lines.table.row(lines.cells)
        lines.cells = []

    @staticmethod
    def _kind(place: str) -> Kind:
        if place == "properties":
            return Kind.META
        return Kind.HIDDEN if place in HIDDEN else Kind.BODY

    def _of_flow(self, place: str) -> Flow:
        lines = self._of(place)
        if lines.flow is None:
            lines.flow = Flow(self.out, place, self._kind(place))
        return lines.flow

    def _end_line(self, place: str) -> None:
        self._decode()
        lines = self._of(place)
        if lines.cells and place != "properties":
            self._end_row(lines)
        if lines.table is not None:
            lines.table.flush()
            lines.table = None
        text = _joined(lines.text)
        lines.text = []
        if place == "shape properties" and not any(letter.isalpha() for letter in text):
            return
        if text.strip() or not place:
            self._of_flow(place).add(text)

    def finish(self) -> None:
        """Give out everything that is left."""
        self._decode()
        for place in list(self._lines):
            self._end_line(place)
            self._of_flow(place).flush()


def _joined(parts: list[str]) -> str:
    """The parts as text, halves of characters beyond the first plane put together."""
    text = "".join(parts)
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _page(number: int) -> str:
    known = {936: "gb18030", 950: "big5hkscs", 10000: "mac_roman", 65001: "utf-8", 708: "cp1256"}
    if number in known:
        return known[number]
    return f"cp{number}" if number > 0 else ""
