"""A table to be registered, read by the same extractors as every scanned document.

`open_table` reads a sample to find the header; `batches` then streams all rows. Of a workbook
it takes the fullest sheet, or the one named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scanner.columns.typing import column_names, split_header
from scanner.extract.base import Blob, Budget, Limits
from scanner.extract.walk import End, read
from scanner.index.types import ColumnBatch
from scanner.model.content import Kind, Layout, Segment
from scanner.model.errors import TableError
from scanner.model.outcome import Coverage
from scanner.run.ahead import ahead
from scanner.run.cellspans import columns_of

SAMPLE_ROWS = 5000
Row = list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """The shape of a table file: where its rows are and what stands above them.

    `header` has one unique name a column, made up ("column 3") where the file has none;
    `first_row` is the number of rows before the first data row; `sample` holds data rows.
    """

    path: Path
    locator: str
    header: tuple[str, ...]
    first_row: int
    encoding: str
    sample: tuple[Row, ...] = field(repr=False)
    with_header: bool = True

    def batches(self, wanted: Sequence[int]) -> Iterator[ColumnBatch]:
        """The wanted columns (by their places) of all data rows, in batches, read ahead.

        Cells that a row does not have are empty; rows without a value are left out. Raises
        TableError where the file cannot be read to its end.
        """
        return ahead(self._batches(wanted))

    def _batches(self, wanted: Sequence[int]) -> Iterator[ColumnBatch]:
        skip = self.first_row
        for segment in _segments(self.path, self.encoding):
            if segment.locator == self.locator:
                batch, skipped = columns_of(segment.text, wanted, skip)
                skip -= skipped
                if batch.rows:
                    yield batch


def open_table(path: Path, *, sheet: str | None = None, encoding: str | None = None) -> Table:
    """The table in a file. Raises TableError in one line that says what to do."""
    _check_file(path)
    locator, rows = _first_rows(path, sheet, encoding or "")
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if not rows:
        raise TableError(f"{path} holds no row: is it the right file or sheet?")
    header, first = split_header(rows)
    width = max(len(row) for row in rows)
    names = tuple(column_names(header, width))
    return Table(
        path, locator, names, first, encoding or "", tuple(rows[first:]), header is not None
    )


def _check_file(path: Path) -> None:
    try:
        empty = path.stat().st_size == 0
    except OSError as error:
        raise TableError(f"{path} cannot be read: {error.strerror}") from None
    if not path.is_file():
        raise TableError(f"{path} is not a file: name the file that holds the table")
    if empty:
        raise TableError(f"{path} is empty: name the file that holds the table")


def _segments(path: Path, encoding: str) -> Iterator[Segment]:
    """The table segments of a file itself, not of what is embedded in it."""
    limits = Limits(
        bytes=1 << 50,
        chars=1 << 50,
        member_bytes=4 << 30,
        seconds=1e9,
        members=1000,
        escapes=False,  # a dataset is what stands in its cells
    )
    with path.open("rb") as stream:
        blob, depth = Blob(stream, path.stat().st_size), 0
        if encoding:
            blob = _recoded(blob, encoding, path)
        for event in read(blob, path.name, Budget(limits)):
            if isinstance(event, End):
                depth -= 1
                if not event.inner:
                    _must_be_whole(path, event)
            elif isinstance(event, Segment):
                if depth == 1 and event.layout is Layout.TABLE and event.kind is not Kind.META:
                    yield event
            else:
                depth += 1


def _must_be_whole(path: Path, end: End) -> None:
    outcome = end.outcome
    if outcome.coverage is Coverage.COMPLETE:
        return
    detail = f" ({outcome.detail})" if outcome.detail else ""
    raise TableError(
        f"{path} could not be read whole: {outcome.reason}{detail}; a dataset must be complete, "
        "so nothing was registered"
    )


def _recoded(blob: Blob, encoding: str, path: Path) -> Blob:
    try:
        text = blob.at(0, blob.size).decode(encoding)
    except LookupError:
        raise TableError(f"there is no encoding {encoding!r}: try utf-8, gb18030 or big5") from None
    except UnicodeDecodeError as error:
        raise TableError(
            f"{path} is not {encoding} at byte {error.start}: without --encoding it is found out"
        ) from None
    return Blob.of(b"\xef\xbb\xbf" + text.encode("utf-8"))


def _first_rows(path: Path, sheet: str | None, encoding: str) -> tuple[str, list[Row]]:
    """The locator of the wanted table and its first rows; of several sheets, the fullest."""
    seen: dict[str, list[Row]] = {}
    others: dict[str, None] = {}
    for segment in _segments(path, encoding):
        if not _wanted(segment, sheet):
            others[segment.locator] = None
            continue
        rows = seen.setdefault(segment.locator, [])
        rows += [line.split("\t") for line in segment.text.split("\n")]
        if len(rows) >= SAMPLE_ROWS:
            break
    if seen:
        found = max(seen, key=lambda locator: _filled(seen[locator]))
        return found, seen[found][:SAMPLE_ROWS]
    if sheet is not None and others:
        raise TableError(f"{path} has no sheet {sheet!r}; it has: {', '.join(others)}")
    raise TableError(
        f"{path} holds no table (rows of cells, as in CSV, TSV or a workbook): register a document "
        "by `leakscan registry add-document`"
    )


def _filled(rows: list[Row]) -> int:
    return sum(bool(cell) for row in rows for cell in row)


def _wanted(segment: Segment, sheet: str | None) -> bool:
    if sheet is not None:
        return segment.locator == sheet or segment.locator.removeprefix("sheet ") == sheet
    return segment.kind is Kind.BODY and bool(segment.text.strip())
