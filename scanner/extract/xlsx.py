"""Workbooks of the zip kind: XLSX, XLSM, XLTX, also strict ones."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.extract import _cells, _flow, _zipkind
from scanner.extract._drawing import Drawing
from scanner.extract._opc import Package
from scanner.extract._sheet import SharedStrings, Sheet, Strings, read_sheet
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Kind, Layout, Piece, Segment
from scanner.model.errors import Unread


def claims(head: bytes, blob: Blob, name: str) -> int:
    """95 for a package with the parts of a workbook."""
    return 95 if _zipkind.kind(head, blob) == "xlsx" else 0


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    """Every sheet, shown or hidden, as a table; then what stands around the cells."""
    package = Package(blob, budget)
    book = _Book(package)
    for part, label, kind in book.sheets:
        yield from _sheet(package, book, part, label, kind)
    yield from _flow.listed(
        (label.partition("sheet ")[2] for _, label, _ in book.sheets), "sheet names"
    )
    yield from around(package)
    yield from _flow.listed(book.strings.unused(), "unused strings", Kind.HIDDEN)
    yield from _flow.listed(book.strings.phonetic, "phonetic guides", Kind.HIDDEN)
    yield from _flow.listed(book.names, "defined names", Kind.HIDDEN)
    yield from package.properties()
    yield from package.external()
    yield from package.rest()
    yield from package.all_gaps()


def _sheet(package: Package, book: _Book, part: str, label: str, kind: Kind) -> Iterator[Piece]:
    member = package.archive.find(part)
    if member is None:
        return
    package.read.add(part)
    sheet = Sheet(label, kind, book.strings, book.formats)
    try:
        yield from read_sheet(package.archive.chunks(member, count=True), sheet)
    except Unread as error:
        sheet.finish()
        yield from sheet.take()
        package.note(error, label)
    yield from around_sheet(package, part, label)


def around_sheet(package: Package, part: str, label: str) -> Iterator[Piece]:
    """Comments, drawings and charts of a sheet."""
    for link in package.links(part):
        if link.external or link.target in package.read:
            continue
        if link.kind.lower().endswith("drawing") and link.target.endswith(".xml"):
            yield from Drawing.of_part(package, link.target, f"{label} drawing")
            for below in package.links(link.target):
                if below.kind in ("chart", "diagramData", "chartEx") and not below.external:
                    yield from Drawing.of_part(package, below.target, f"{label} chart")
        elif "omment" in link.kind and link.target.endswith(".xml"):
            yield from package.text(link.target, f"{label} comments", Kind.HIDDEN)


def around(package: Package) -> Iterator[Piece]:
    """Connections, links to other workbooks, pivot caches and drawings no sheet refers to."""
    pattern = (
        r"^xl/(connections|querytables/|externallinks/|pivotcache/|pivottables/|slicer|model/)"
    )
    for part in package.names(pattern):
        if part.endswith(".xml"):
            label = part.removeprefix("xl/").removesuffix(".xml")
            if "pivotcacherecords" in part:
                target = _Records(label)
                for _ in package.feed(part, target):
                    yield from target.take()
                target.flow.flush()
                yield from target.take()
            else:
                yield from package.text(part, label, Kind.HIDDEN, attributes=True)
    for part in package.names(r"/(charts|diagrams|drawings)/[^/]*\.xml$"):
        if part in package.unread():
            yield from Drawing.of_part(package, part)


class _Records:
    """Target for the records a pivot table keeps of its source."""

    def __init__(self, label: str) -> None:
        self.out: list[Segment] = []
        self.flow = _flow.Flow(self.out, label, Kind.HIDDEN, Layout.TABLE)
        self._row: list[str] = []

    def start(self, tag: str, attrib: dict[str, str]) -> None:
        """An element begins."""
        if "v" in attrib and tag in ("s", "n", "d", "b"):
            self._row.append(_cells.number(attrib["v"]) if tag == "n" else attrib["v"])

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag == "r":
            self.flow.row(self._row)
            self._row = []

    def data(self, text: str) -> None:
        """Nothing to do."""

    def take(self) -> Iterator[Piece]:
        """The segments finished so far."""
        ready, self.out[:] = list(self.out), []
        yield from ready


class _Book:
    """Sheets in their order, styles, strings and names of a workbook."""

    def __init__(self, package: Package) -> None:
        self.strings = Strings()
        self.names: list[str] = []
        self.sheets: list[tuple[str, str, Kind]] = []
        self._told: list[tuple[str, str, str]] = []
        self._since_1904 = False
        self._keep = False
        main = (package.linked("", "officeDocument") or ["xl/workbook.xml"])[0]
        for _ in package.feed(main, self):
            pass
        styles = _Styles(_cells.Formats(self._since_1904))
        for part in package.linked(main, "styles") or package.names(r"^xl/styles\.xml$"):
            for _ in package.feed(part, styles):
                pass
        self.formats = styles.formats
        for part in package.linked(main, "sharedStrings") or package.names(r"/sharedstrings\.xml$"):
            for _ in package.feed(part, SharedStrings(self.strings)):
                pass
        self._locate(package, main)

    def _locate(self, package: Package, main: str) -> None:
        targets = {link.ident: link.target for link in package.links(main) if not link.external}
        for ident, name, state in self._told:
            part = targets.get(ident, "")
            if package.archive.find(part):
                hidden = state in ("hidden", "veryHidden")
                label = f"{'hidden sheet' if hidden else 'sheet'} {name}"
                self.sheets.append((part, label, Kind.HIDDEN if hidden else Kind.BODY))
        known = {part for part, _, _ in self.sheets}
        for part in package.names(
            r"^xl/(worksheets|chartsheets|macrosheets|dialogsheets)/[^/]*\.xml$"
        ):
            if part not in known:
                label = part.rpartition("/")[2].removesuffix(".xml")
                self.sheets.append((part, f"sheet {label}", Kind.HIDDEN))

    def start(self, tag: str, attrib: dict[str, str]) -> None:
        """An element of the workbook part begins."""
        if tag == "sheet":
            idents = [value for key, value in attrib.items() if key.endswith("}id")]
            self._told.append(
                (idents[0] if idents else "", attrib.get("name", ""), attrib.get("state", ""))
            )
        elif tag == "definedName":
            self.names.append(attrib.get("name", "") + " ")
            self._keep = True
        elif tag == "workbookPr":
            self._since_1904 = attrib.get("date1904", "") in ("1", "true")

    def end(self, tag: str) -> None:
        """An element ends."""
        self._keep = False

    def data(self, text: str) -> None:
        """Text."""
        if self._keep:
            self.names[-1] += text


class _Styles:
    """Target for the part of styles."""

    def __init__(self, formats: _cells.Formats) -> None:
        self.formats = formats
        self._codes: dict[int, str] = {}
        self._inside = False

    def start(self, tag: str, attrib: dict[str, str]) -> None:
        """An element begins."""
        if tag == "numFmt" and attrib.get("numFmtId", "").isdigit():
            self._codes[int(attrib["numFmtId"])] = attrib.get("formatCode", "")
        elif tag == "cellXfs":
            self._inside = True
        elif tag == "xf" and self._inside:
            ident = int(attrib["numFmtId"]) if attrib.get("numFmtId", "").isdigit() else 0
            self.formats.add(ident, self._codes.get(ident, ""))

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag == "cellXfs":
            self._inside = False

    def data(self, text: str) -> None:
        """Nothing to do."""


FORMAT = Format("xlsx", claims, read, ("xlsx", "xlsm", "xltx", "xltm"))
