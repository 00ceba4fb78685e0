"""OpenDocument content as lines and tables: text, sheets, slides, notes, changes, objects."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from functools import partial
from io import BytesIO

from scanner.extract import _cells
from scanner.extract._flow import Flow, one_line
from scanner.extract._xml import DULL
from scanner.model.content import Child, Kind, Layout, Piece, Segment

_PLACES = {
    "note": ("footnotes", Kind.BODY),
    "annotation": ("comments", Kind.HIDDEN),
    "tracked-changes": ("deleted text", Kind.HIDDEN),
    "header": ("header", Kind.BODY),
    "header-left": ("header", Kind.BODY),
    "header-first": ("header", Kind.BODY),
    "footer": ("footer", Kind.BODY),
    "footer-left": ("footer", Kind.BODY),
    "footer-first": ("footer", Kind.BODY),
    "meta": ("properties", Kind.META),
    "title": ("picture description", Kind.HIDDEN),
    "desc": ("picture description", Kind.HIDDEN),
    "module": ("macro", Kind.HIDDEN),
    "notes": ("notes", Kind.HIDDEN),
    "content-validation": ("validation", Kind.HIDDEN),
}
_NUMBERS = frozenset({"float", "currency", "percentage"})
_MOST_REPEATED = 1000


class OpenDocument:
    """Target for content, styles and properties; segments and children gather in `out`.

    `outside` False leaves out text that stands in no known place (styles).
    """

    DULL = DULL

    def __init__(self, locator: str = "", outside: bool = True) -> None:
        self.out: list[Piece] = []
        self._segments: list[Segment] = []
        self._locator = locator
        self._outside = outside
        self._flows: dict[str, Flow] = {}
        self._places: list[tuple[str, str, Kind]] = []  # element, label, kind
        self._texts: list[list[str]] = [[]]
        self._tables: list[_Table] = []
        self._slide = self._count = self._pictures = 0
        self._hidden_styles: set[str] = set()
        self._style = ""
        self._sheets = False
        self._data: list[str] | None = None
        self._links: list[str] = []

    # ---- what the parser tells

    def start(self, tag: str, attrib: dict[str, str]) -> None:
        """An element begins."""
        if tag in _PLACES and not (self._places and self._places[-1][1] == "properties"):
            self._enter(tag)
        elif tag in ("p", "h"):
            self._texts.append([])
        elif tag == "s":
            self._texts[-1].append(" " * min(int(_of(attrib, "c") or 1), 100))
        elif tag == "tab":
            self._texts[-1].append("\t")
        elif tag == "line-break":
            self._texts[-1].append("\n")
        elif tag in ("table", "table-row", "table-cell", "covered-table-cell"):
            self._table_start(tag, attrib)
        elif tag == "page" and _of(attrib, "name"):
            self._slide += 1
        elif tag == "spreadsheet":
            self._sheets = True
        elif tag == "binary-data":
            self._data = []
        else:
            self._attributes(tag, attrib)

    def _attributes(self, tag: str, attrib: dict[str, str]) -> None:
        if tag == "style":
            self._style = _of(attrib, "name")
        elif tag == "table-properties" and _of(attrib, "display") == "false":
            self._hidden_styles.add(self._style)
        elif tag == "a" or tag == "script" or tag == "dde-connection-decl":
            self._links.append(_of(attrib, "href") or _of(attrib, "dde-item"))
        elif tag in ("named-range", "named-expression", "database-range"):
            self._add("defined names", Kind.HIDDEN, _of(attrib, "name"))
        elif tag in ("text", "textarea", "button", "option", "item", "listbox", "combobox"):
            for name in ("value", "current-value", "label", "help-text"):
                self._add("form fields", Kind.HIDDEN, _of(attrib, name))
        elif tag in ("user-defined", "variable-set", "user-field-decl"):
            self._add("variables", Kind.META, _of(attrib, "string-value"))

    def _enter(self, tag: str) -> None:
        label, kind = _PLACES[tag]
        if tag == "module" or tag == "meta" or self._places or self._outside or tag in (
            "header", "footer", "header-left", "footer-left", "header-first", "footer-first"
        ):  # fmt: skip
            self._places.append((tag, label, kind))
            self._texts.append([])

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag in ("p", "h"):
            if len(self._texts) > 1:
                self._paragraph(self._texts.pop())
        elif self._places and tag == self._places[-1][0]:
            if len(self._texts) > 1:
                self._paragraph(self._texts.pop())
            self._places.pop()
        elif tag in ("table", "table-row", "table-cell", "covered-table-cell"):
            self._table_end(tag)
        elif tag == "binary-data":
            self._picture()
        elif self._places and self._places[-1][1] in ("properties", "comments"):
            self._paragraph(self._texts[-1])
            self._texts[-1] = []
        if self._segments:
            self.out += self._segments
            self._segments.clear()

    def data(self, text: str) -> None:
        """Text."""
        if self._data is not None:
            self._data.append(text)
        elif len(self._texts) > 1:
            self._texts[-1].append(text)

    # ---- what is made of it

    def _place(self) -> tuple[str, Kind]:
        label, kind = "", Kind.BODY
        if self._places:
            _, label, kind = self._places[-1]
        if self._slide and label not in ("properties", "macro", "header", "footer"):
            label = f"slide {self._slide} {label}".strip()
        return f"{self._locator} {label}".strip(), kind

    def _add(self, label: str, kind: Kind, text: str) -> None:
        if text.strip():
            where = f"{self._locator} {label}".strip()
            if where not in self._flows:
                self._flows[where] = Flow(self._segments, where, kind)
            self._flows[where].add(text)

    def _paragraph(self, parts: list[str]) -> None:
        text = "".join(parts)
        if self._places and self._places[-1][1] != "macro":
            text = text.strip()
        if self._places or not self._tables:
            if not self._places and not self._outside:
                return
            label, kind = self._place()
            if label not in self._flows:
                self._flows[label] = Flow(self._segments, label, kind)
            if text or (not self._places and label in self._flows):
                self._flows[label].add(text)
        elif text.strip():
            self._tables[-1].cell.append(text)

    def _picture(self) -> None:
        data, self._data = "".join(self._data or []), None
        try:
            body = base64.b64decode(data)
        except (binascii.Error, ValueError):
            return
        if body:
            self._pictures += 1
            self.out.append(Child(f"object {self._pictures}", partial(BytesIO, body), len(body)))

    # ---- tables

    def _table_start(self, tag: str, attrib: dict[str, str]) -> None:
        if tag == "table":
            self._new_table(attrib)
        elif self._tables:
            table = self._tables[-1]
            if tag == "table-row":
                table.repeat = _number(_of(attrib, "number-rows-repeated"))
            else:
                table.cell = []
                table.repeat_cell = _number(_of(attrib, "number-columns-repeated"))
                table.value = _value(attrib)

    def _new_table(self, attrib: dict[str, str]) -> None:
        for flow in self._flows.values():
            flow.flush()
        name = _of(attrib, "name")
        self._count += 1
        kind = self._place()[1]
        if self._sheets and not self._tables:
            hidden = _of(attrib, "style-name") in self._hidden_styles
            label = f"{'hidden sheet' if hidden else 'sheet'} {name}"
            kind = Kind.HIDDEN if hidden else kind
            self._add("sheet names", Kind.META, name)
        else:
            label = f"{self._place()[0]} table {name or self._count}".strip()
        self._tables.append(_Table(Flow(self._segments, label, kind, Layout.TABLE)))

    def _table_end(self, tag: str) -> None:
        if not self._tables:
            return
        table = self._tables[-1]
        if tag == "table":
            if table.row.cells:
                table.flow.add("\t".join(table.row.take()))
            table.flow.flush()
            self._tables.pop()
        elif tag == "table-row":
            table.end_row()
        else:
            table.end_cell()

    def finish(self) -> None:
        """Give out everything that is left."""
        while len(self._texts) > 1:
            self._paragraph(self._texts.pop())
        while self._tables:
            self._table_end("table")
        for link in dict.fromkeys(self._links):
            self._add("links", Kind.HIDDEN, link)
        for flow in self._flows.values():
            flow.flush()
        self.out += self._segments
        self._segments.clear()

    def take(self) -> Iterator[Piece]:
        """What is finished so far."""
        ready, self.out[:] = list(self.out), []
        yield from ready


class _Table:
    __slots__ = ("at", "cell", "flow", "repeat", "repeat_cell", "row", "value")

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.row = _cells.Row()
        self.at = 0
        self.cell: list[str] = []
        self.value = ("", "")
        self.repeat = self.repeat_cell = 1

    def end_cell(self) -> None:
        """The cell so far is done."""
        text = one_line(" ".join(self.cell))
        sort, value = self.value
        if sort in _NUMBERS and value:
            plain = _cells.number(value)
            text = text if text.isdigit() and len(text) > len(plain) else plain
        elif sort == "date" and value:
            text = value.replace("T", " ").removesuffix(" 00:00:00")
        elif value and not text:
            text = one_line(value)
        if text:
            if self.repeat_cell == 1:
                self.row.put(self.at, text)
            else:
                for step in range(min(self.repeat_cell, _times(text))):
                    self.row.put(self.at + step, text)
        self.at += self.repeat_cell
        self.cell = []

    def end_row(self) -> None:
        """The row so far is done; repeated ones are written out to a bound."""
        cells = self.row.take()
        self.at = 0
        if not cells:
            if self.repeat <= 16:
                for _ in range(self.repeat):
                    self.flow.add("")
            else:
                self.flow.blank(self.repeat)
        else:
            line = "\t".join(cells)
            times = min(self.repeat, _times(line))
            for _ in range(times):
                self.flow.add(line)
            self.flow.blank(self.repeat - times)
        self.repeat = 1


def _of(attrib: dict[str, str], name: str) -> str:
    """The attribute of that local name, in whatever name space."""
    for key, value in attrib.items():
        if key[key.rfind("}") + 1 :] == name:
            return value
    return ""


def _times(text: str) -> int:
    """How often a repeated text is written out."""
    return max(1, min(_MOST_REPEATED, (1 << 20) // max(1, len(text))))


def _number(text: str) -> int:
    return min(int(text), 1 << 24) if text.isdigit() and len(text) < 10 else 1


def _value(attrib: dict[str, str]) -> tuple[str, str]:
    sort = ""
    found = ""
    for key, value in attrib.items():
        name = key[key.rfind("}") + 1 :]
        if name == "value-type":
            sort = value
        elif name in ("value", "date-value", "string-value", "time-value"):
            found = value
    return sort, found
