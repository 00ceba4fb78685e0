"""One document being matched against all datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner.index.group import group
from scanner.index.types import DatasetMatch, Matches
from scanner.model.content import Layout, Segment

if TYPE_CHECKING:
    from scanner.index.scan import Scanner

APART = 1000


class MatchSession:
    """Takes the segments of a document in reading order; `matches` says what stands in them."""

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self._pending: list[Segment] = []
        self._found: list[tuple[Matches, list[Segment]]] = []
        self._word = 0
        self._line = 0
        self._units = 0

    def feed(self, segment: Segment) -> None:
        """Look at the next segment; one that continues is read together with what follows."""
        self._pending.append(segment)
        if not segment.continues:
            self._flush()

    def _flush(self) -> None:
        pieces, self._pending = self._pending, []
        if not pieces:
            return
        text = "".join(piece.text for piece in pieces)
        table = pieces[0].layout is Layout.TABLE
        found = self._scanner.scan(text, self._word, self._line, table)
        if len(found.source):
            self._found.append((found, pieces))
        self._units += count_units(text, table)
        self._word += self._scanner.count_words(text) + APART
        self._line += text.count("\n") + 1

    def matches(self) -> list[DatasetMatch]:
        """What stands in the document so far, one entry for each dataset with a record in it."""
        self._flush()
        return group(self._scanner, self._found, self._units)


def count_units(text: str, table: bool) -> int:
    """How many rows, or lines with a long number or an e-mail address, a text has."""
    if table:
        return sum(1 for row in text.split("\n") if row.strip())
    return sum(1 for line in text.split("\n") if "@" in line or _has_number(line))


def _has_number(line: str) -> bool:
    run = 0
    for char in line:
        run = run + 1 if char.isdigit() else 0
        if run >= 7:
            return True
    return False
