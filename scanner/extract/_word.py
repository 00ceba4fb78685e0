"""WordprocessingML as lines and tables; also what stands outside the running text."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.extract._flow import Flow, one_line
from scanner.extract._xml import DULL
from scanner.model.content import Kind, Layout, Segment

_DROPPED = frozenset({"rPrChange", "pPrChange", "binData"})
_BREAKS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}


class Word:
    """Target for a part of a Word document (also the 2003 kind, which has the same names)."""

    DULL = DULL

    def __init__(self, locator: str = "", kind: Kind = Kind.BODY) -> None:
        self.out: list[Segment] = []
        self._locator = locator
        self._kind = kind
        self._flow = Flow(self.out, locator, kind)
        self._hidden: dict[str, list[str]] = {}
        self._text: list[str] = []  # of the paragraph
        self._saved: list[list[str]] = []  # of paragraphs around a text box
        self._tables: list[_Table] = []
        self._count = 0
        self._keep = False  # inside an element whose text counts
        self._drop = 0
        self._aside: list[str] | None = None
        self._aside_kind = ""
        self._depth = 0
        self._seen = 0  # texts so far
        self._choices: list[int] = []  # texts before each choice of contents

    def _told_choice(self) -> bool:
        """True where the first choice of contents held text, so that the second repeats it."""
        return bool(self._choices) and self._seen > self._choices[-1]

    # ---- what the parser tells

    def start(self, tag: str, attrib: dict[str, str]) -> None:
        """An element begins."""
        if self._drop:
            self._drop += 1
        elif tag in _DROPPED or (tag == "Fallback" and self._told_choice()):
            self._drop = 1
        elif tag == "AlternateContent":
            self._choices.append(self._seen)
        elif tag == "t" or tag == "delText":
            self._keep = True
            if tag == "delText":
                self._begin_aside("deleted text")
        elif tag in ("instrText", "delInstrText"):
            self._begin_aside("field codes")
        elif tag == "rt":
            self._saved.append(self._text)
            self._text = []
        elif tag in _BREAKS:
            if self._in_run:
                self._text.append(_BREAKS[tag])
        elif tag == "r":
            self._depth += 1
        elif tag == "tbl":
            self._table()
        elif tag == "txbxContent":
            self._saved.append(self._text)
            self._text = []
        else:
            self._attributes(tag, attrib)

    @property
    def _in_run(self) -> bool:
        return self._depth > 0

    def _begin_aside(self, kind: str) -> None:
        self._aside, self._aside_kind = [], kind
        self._keep = True

    def _attributes(self, tag: str, attrib: dict[str, str]) -> None:
        if tag in ("docPr", "cNvPr", "shape", "imagedata", "rect", "textpath"):
            for key, value in attrib.items():
                name = key[key.rfind("}") + 1 :]
                if name in ("descr", "title", "alt", "string") and value.strip():
                    self._add_hidden("picture description", value)
        elif tag == "listItem":
            self._add_hidden("choices", _local(attrib, "displayText") or _local(attrib, "value"))
        elif tag in ("ins", "del", "comment", "annotation", "moveFrom", "moveTo"):
            self._add_hidden("authors", _local(attrib, "author"))
        elif tag == "docVar":
            self._add_hidden("document variables", _local(attrib, "val"))
        elif tag == "fldSimple":
            self._add_hidden("field codes", _local(attrib, "instr"))
        elif tag == "sym":
            code = _local(attrib, "char")
            if len(code) == 4 and code[:2].upper() != "F0":
                self._text.append(chr(int(code, 16)))
        elif tag == "hlink":
            self._add_hidden("links", _local(attrib, "dest"))

    def end(self, tag: str) -> None:
        """An element ends."""
        if self._drop:
            self._drop -= 1
        elif tag in ("t", "delText", "instrText", "delInstrText"):
            self._keep = False
            if self._aside is not None:
                self._add_hidden(self._aside_kind, "".join(self._aside))
                self._aside = None
        elif tag == "AlternateContent" and self._choices:
            self._choices.pop()
        elif tag == "r":
            self._depth = max(0, self._depth - 1)
        elif tag == "p":
            self._paragraph()
        elif tag == "rt":
            self._add_hidden("phonetic guides", "".join(self._text))
            self._text = self._saved.pop() if self._saved else []
        elif tag == "txbxContent":
            self._paragraph()
            self._text = self._saved.pop() if self._saved else []
        elif tag in ("tc", "tr", "tbl") and self._tables:
            self._close(tag)

    def data(self, text: str) -> None:
        """Text."""
        if self._keep and not self._drop:
            self._seen += 1
            (self._text if self._aside is None else self._aside).append(text)

    # ---- what is made of it

    def _add_hidden(self, kind: str, text: str) -> None:
        if text.strip():
            lines = self._hidden.setdefault(kind, [])
            if kind == "deleted text" and lines and not lines[-1].endswith("\n"):
                lines[-1] += text
            elif text not in lines[-50:]:
                lines.append(text)

    def _paragraph(self) -> None:
        text = "".join(self._text)
        self._text = []
        deleted = self._hidden.get("deleted text")
        if deleted and not deleted[-1].endswith("\n"):
            deleted[-1] += "\n"
        if self._saved and not text:
            return
        if self._tables and not self._saved:
            if text:
                self._tables[-1].cell.append(text)
        else:
            self._flow.add(text)

    def _table(self) -> None:
        if not self._tables and not self._saved:
            self._flow.flush()
        self._count += 1
        label = f"{self._locator} table {self._count}".strip()
        self._tables.append(_Table(Flow(self.out, label, self._kind, Layout.TABLE)))

    def _close(self, tag: str) -> None:
        table = self._tables[-1]
        if tag == "tc":
            table.row.append(one_line(" ".join(table.cell)))
            table.cell = []
        elif tag == "tr":
            if table.row:
                table.flow.row(table.row)
            table.row = []
        else:
            if table.cell or table.row:
                table.flow.row([*table.row, *table.cell])
            table.flow.flush()
            self._tables.pop()

    def finish(self) -> None:
        """Give out everything that is left."""
        while self._saved:
            self._paragraph()
            self._text = self._saved.pop()
        if self._text:
            self._paragraph()
        while self._tables:
            self._close("tbl")
        self._flow.flush()
        for kind, lines in sorted(self._hidden.items()):
            flow = Flow(self.out, f"{self._locator} {kind}".strip(), Kind.HIDDEN)
            for line in lines:
                flow.add(line.rstrip("\n"))
            flow.flush()
        self._hidden = {}

    def take(self) -> Iterator[Segment]:
        """The segments finished so far."""
        ready, self.out[:] = list(self.out), []
        yield from ready


class _Table:
    __slots__ = ("cell", "flow", "row")

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.row: list[str] = []
        self.cell: list[str] = []


def _local(attrib: dict[str, str], name: str) -> str:
    """The attribute of that local name, in whatever name space."""
    for key, value in attrib.items():
        if key[key.rfind("}") + 1 :] == name:
            return value
    return ""
