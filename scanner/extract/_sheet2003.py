"""Excel 2003 in XML as tables."""

from __future__ import annotations

from scanner.extract import _cells
from scanner.extract._flow import Flow, one_line
from scanner.model.content import Kind, Layout, Piece, Segment

_MOST_BLANK = 16


class Sheets2003:
    """Target for a whole workbook; pieces gather in `out`."""

    def __init__(self) -> None:
        self.out: list[Piece] = []
        self._segments: list[Segment] = []
        self._asides: dict[tuple[str, Kind], Flow] = {}
        self._sheet: Flow | None = None
        self._label = ""
        self._row = _cells.Row()
        self._at = 0
        self._sort = ""
        self._text: list[str] = []
        self._cell: list[str] = []
        self._properties = 0

    def start(self, tag: str, attrib: dict[str, str]) -> None:
        """An element begins."""
        values = {key[key.rfind("}") + 1 :]: value for key, value in attrib.items()}
        if tag == "Worksheet":
            name = values.get("Name", "")
            self._label = f"sheet {name}"
            self._add("sheet names", Kind.META, name)
            self._sheet = Flow(self._segments, self._label, Kind.BODY, Layout.TABLE)
        elif tag == "Row" and self._sheet is not None:
            self._jump(values.get("Index", ""))
            self._at = 0
        elif tag == "Cell":
            if values.get("Index", "").isdigit():
                self._at = max(0, int(values["Index"]) - 1)
            self._cell = []
            self._add(f"{self._label} links", Kind.HIDDEN, values.get("HRef", ""))
        elif tag == "Data":
            self._sort = values.get("Type", "")
        elif tag in ("Header", "Footer"):
            self._add(f"{self._label} header and footer", Kind.BODY, values.get("Data", ""))
        elif tag == "NamedRange":
            self._add("defined names", Kind.HIDDEN, values.get("Name", ""))
        elif tag == "Comment":
            self._add(f"{self._label} comments", Kind.HIDDEN, values.get("Author", ""))
            self._sort = "Comment"
        elif tag.endswith("DocumentProperties"):
            self._properties += 1
        self._text = [] if tag not in ("Font", "B", "I", "U", "S", "Sub", "Sup") else self._text

    def _jump(self, index: str) -> None:
        if self._sheet is None or not index.isdigit() or len(index) > 8:
            return
        gap = int(index) - self._sheet.line
        if 0 < gap <= _MOST_BLANK:
            for _ in range(gap):
                self._sheet.add("")
        else:
            self._sheet.blank(gap)

    def end(self, tag: str) -> None:
        """An element ends."""
        text = "".join(self._text)
        if tag == "Data":
            if self._sort == "Comment":
                self._add(f"{self._label} comments", Kind.HIDDEN, text)
            else:
                self._cell.append(self._shown(text))
            self._text = []
        elif tag == "Comment":
            self._sort = ""
        elif tag == "Cell":
            shown = one_line(" ".join(self._cell))
            if shown:
                self._row.put(self._at, shown)
            self._at += 1
        elif tag == "Row" and self._sheet is not None:
            self._sheet.add("\t".join(self._row.take()))
        elif tag == "Worksheet" and self._sheet is not None:
            self._sheet.flush()
            self._sheet = None
        elif tag.endswith("DocumentProperties"):
            self._properties -= 1
        elif self._properties > 0:
            self._add("properties", Kind.META, text)
        if self._segments:
            self.out += self._segments
            self._segments.clear()

    def _shown(self, text: str) -> str:
        if self._sort == "Number":
            return _cells.number(text)
        if self._sort == "DateTime":
            return text.replace("T", " ").removesuffix(".000").removesuffix(" 00:00:00")
        return text

    def data(self, text: str) -> None:
        """Text."""
        self._text.append(text)

    def _add(self, label: str, kind: Kind, text: str) -> None:
        if text.strip():
            if (label, kind) not in self._asides:
                self._asides[label, kind] = Flow(self._segments, label, kind)
            self._asides[label, kind].add(text)

    def finish(self) -> None:
        """Give out everything that is left."""
        if self._sheet is not None:
            if self._row.cells:
                self._sheet.add("\t".join(self._row.take()))
            self._sheet.flush()
        for flow in self._asides.values():
            flow.flush()
        self.out += self._segments
        self._segments.clear()
