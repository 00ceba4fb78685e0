"""A page of HTML as lines, tables, hidden texts and documents inside it."""

from __future__ import annotations

import base64
import binascii
import re
from functools import partial
from html import unescape
from io import BytesIO
from urllib.parse import unquote_to_bytes

from scanner.extract import _tags
from scanner.extract._flow import Flow
from scanner.model.content import Child, Kind, Layout, Segment

_INLINE = frozenset((
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn",
    "em", "font", "i", "ins", "kbd", "label", "mark", "nobr", "q", "rb", "rp", "rt", "ruby",
    "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var",
    "wbr", "img", "input", "svg", "use", "o:p", "st1",
))  # fmt: skip
_TOLD = frozenset((
    "alt", "title", "value", "placeholder", "content", "label", "summary", "aria-label",
    "cite", "download", "datetime",
))  # fmt: skip
_PLAIN_META = re.compile(
    r"^(text/html|width=|IE=|no-|index|follow|[\w.-]+/[\w.-]+;)", re.IGNORECASE
)
_DATA = re.compile(r"^\s*data:([^,;]*)((?:;[^,;]*)*),", re.IGNORECASE)
_MAIL = re.compile(r"^(mailto|tel|sms|callto|skype|weixin|tencent):", re.IGNORECASE)


class Page:
    """Everything written in a page; segments and children gather in `out`."""

    def __init__(self, locator: str = "") -> None:
        self.out: list[Segment | Child] = []
        self._segments: list[Segment] = []
        self._locator = locator
        self._flow = Flow(self._segments, locator)
        self._text: list[str] = []
        self._tables: list[_Table] = []
        self._count = 0
        self._asides: dict[str, list[str]] = {}
        self._children = 0

    def token(self, token: _tags.Token) -> None:
        """The next token of the page."""
        if isinstance(token, str):
            self._text.append(token)
        elif isinstance(token, _tags.Tag):
            self._tag(token)
        elif isinstance(token, _tags.Comment):
            self._aside("comments", token.text)
        elif token.name in ("title", "textarea"):
            self._text.append(_unescaped(token.text))
        else:
            self._aside(token.name, token.text)
        if self._segments:
            self.out += self._segments
            self._segments.clear()

    def _tag(self, tag: _tags.Tag) -> None:
        name = tag.name.lstrip("/")
        if name in ("td", "th", "tr", "table"):
            self._table_tag(tag.name, name)
        elif name == "rt" or name == "rp":
            self._text.append(" ")
        elif name not in _INLINE:
            self._line()
        if tag.raw and not tag.raw.isspace() and len(tag.raw) > 3:
            self._attributes(tag)

    def _attributes(self, tag: _tags.Tag) -> None:
        for name, value in tag.attributes().items():
            if not value or not value.strip():
                continue
            if name == "srcdoc":
                self._child("srcdoc", "html", value.encode("utf-8"))
            elif value[:5].lower() == "data:" or "data:" in value[:12].lower():
                self._data(value)
            elif name in ("href", "src", "action", "data") and (
                _MAIL.match(value) or ":" in value or "%" in value or "?" in value
            ):
                self._aside("links", value)
            elif _is_told(name, value):
                self._aside("attributes", value)

    def _data(self, value: str) -> None:
        match = _DATA.match(value)
        if match is None:
            return
        body = unquote_to_bytes(value[match.end() :])
        if "base64" in match.group(2).lower():
            try:
                body = base64.b64decode(body + b"=" * (-len(body) % 4))
            except (binascii.Error, ValueError):
                return
        if body:
            self._child("data", match.group(1).rpartition("/")[2] or "txt", body)

    def _child(self, what: str, ending: str, data: bytes) -> None:
        self._children += 1
        clean = re.sub(r"[^A-Za-z0-9.+-]", "", ending)[:20]
        name = f"{what} {self._children}.{clean or 'bin'}"
        self.out.append(Child(name, partial(BytesIO, data), len(data)))

    def _aside(self, name: str, text: str) -> None:
        if text.strip():
            self._asides.setdefault(name, []).append(text.strip())

    # ---- lines and tables

    def _line(self) -> None:
        if not self._text:
            return
        text = " ".join("".join(self._text).split())
        self._text = []
        if not text:
            return
        if self._tables:
            self._tables[-1].cell.append(text)
        else:
            self._flow.add(text)

    def _table_tag(self, full: str, name: str) -> None:
        self._line()
        if full == "table":
            if not self._tables:
                self._flow.flush()
            self._count += 1
            label = f"{self._locator} table {self._count}".strip()
            self._tables.append(_Table(Flow(self._segments, label, Kind.BODY, Layout.TABLE)))
        elif self._tables:
            table = self._tables[-1]
            if name in ("td", "th"):
                table.end_cell(full[0] != "/")
            elif name == "tr":
                table.end_row()
            else:
                self._end_table()

    def _end_table(self) -> None:
        table = self._tables.pop()
        table.end_row()
        table.flow.flush()

    def finish(self) -> None:
        """Give out everything that is left."""
        self._line()
        while self._tables:
            self._end_table()
        self._flow.flush()
        self.out += self._segments
        self._segments.clear()
        for name, texts in sorted(self._asides.items()):
            made: list[Segment] = []
            flow = Flow(made, f"{self._locator} {name}".strip(), Kind.HIDDEN)
            for text in dict.fromkeys(texts):
                flow.add(text)
            flow.flush()
            self.out += made


class _Table:
    __slots__ = ("cell", "flow", "opened", "row")

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.row: list[str] = []
        self.cell: list[str] = []
        self.opened = False

    def end_cell(self, opens: bool) -> None:
        """The cell so far is done; `opens` where a new one begins."""
        if self.opened or self.cell:
            self.row.append(" ".join(self.cell))
        self.cell = []
        self.opened = opens

    def end_row(self) -> None:
        """The row so far is done."""
        self.end_cell(False)
        if self.row:
            self.flow.row(self.row)
        self.row = []


def _is_told(name: str, value: str) -> bool:
    """True for an attribute that holds words for people."""
    if name == "content":
        return not _PLAIN_META.match(value)
    return name in _TOLD or name.startswith(("data-", "aria-"))


def _unescaped(text: str) -> str:
    return unescape(text)
