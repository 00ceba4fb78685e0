"""What an extractor got out of a document: segments of text, children, and gaps.

A table is a segment too: its cells are joined with TAB and its rows with LF, after tabs and line
ends inside cells became spaces. So one engine reads prose and tables alike, and a place in a
segment (character offset) can always be told as line or row and column.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import BinaryIO


class Kind(StrEnum):
    """What part of the document a segment is; matching may weight it."""

    BODY = "body"
    HIDDEN = "hidden"  # hidden sheets, comments, notes, tracked changes
    META = "meta"  # properties, headers of mails, file names
    RAW = "raw"  # strings out of bytes that no reader understood


class Layout(StrEnum):
    """TEXT: lines of prose or records. TABLE: TAB between cells, LF between rows."""

    TEXT = "text"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of text with one locator.

    `locator` says where it stands in words a person can follow: "sheet 客户", "page 3",
    "slide 2 notes", "header Subject", "" for plain text. `first_line` is the number of its first
    line or row, counted from 1 within the locator. `continues` is True where the text goes on in
    the next segment of the same locator (a large file read in pieces, cut at a line end where
    there is one), so that detectors can look across the cut.
    """

    text: str = field(repr=False)
    locator: str = ""
    kind: Kind = Kind.BODY
    layout: Layout = Layout.TEXT
    first_line: int = 1
    continues: bool = False

    def place(self, offset: int) -> str:
        """The place of a character offset: "sheet 客户 row 12 col C", "page 3 line 4", "line 7"."""
        line = self.first_line + self.text.count("\n", 0, offset)
        head = f"{self.locator} " if self.locator else ""
        if self.layout is Layout.TEXT:
            return f"{head}line {line}"
        start = self.text.rfind("\n", 0, offset) + 1
        return f"{head}row {line} col {column_letters(self.text.count(chr(9), start, offset))}"


def column_letters(index: int) -> str:
    """Spreadsheet letters of a column counted from 0: 0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def table_text(rows: list[list[str]]) -> str:
    """Rows of cells as the text of a TABLE segment."""
    return "\n".join("\t".join(" ".join(cell.split()) for cell in row) for row in rows)


@dataclass(frozen=True, slots=True)
class Child:
    """A document inside this one: an archive member, an attachment, an embedded object.

    `name` is its path inside the container, as data (it is never opened as a path); `open` gives
    a fresh binary stream of its bytes, read lazily and counted against the shared budget;
    `size` is what the container declares, -1 where it does not, and is never trusted.
    """

    name: str
    open: Callable[[], BinaryIO] = field(repr=False)
    size: int = -1


@dataclass(frozen=True, slots=True)
class Gap:
    """A part of this document that was not read; makes its outcome PARTIAL.

    `reason` is a code of scanner.model.outcome.
    """

    reason: str
    locator: str = ""
    detail: str = ""


Piece = Segment | Child | Gap
