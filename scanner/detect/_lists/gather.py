"""Tables as they come in segments: the first rows, some rows from all over, and a count."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from scanner.model.content import Segment

HEAD_ROWS = 60
SAMPLE_ROWS = 150
_SPREAD_ROWS = 40
_LONGEST_ROW = 20_000
_BLANK_ROWS = re.compile(r"\n[\t ]*(?=\n)")
COLUMNS = 400


@dataclass(slots=True)
class Table:
    """A table seen so far: cells of its head and of a sample, and how many rows it has."""

    locator: str
    first_line: int
    head: list[list[str]] = field(default_factory=list, repr=False)
    spread: list[list[str]] = field(default_factory=list, repr=False)
    rows: int = 0

    def add(self, segment: Segment) -> None:
        """Count the rows of a further piece and keep some of them."""
        text = segment.text
        self.rows += text.count("\n") + 1 - text.endswith("\n")
        self.rows -= len(_BLANK_ROWS.findall(text)) if "\n\n" in text or "\t\n" in text else 0
        start = 0
        while len(self.head) < HEAD_ROWS and start < len(text):
            end = text.find("\n", start)
            end = len(text) if end < 0 else end
            self.head.append(cells(text[start:end]))
            start = end + 1
        if start < len(text):
            self._spread(text, start)

    def _spread(self, text: str, start: int) -> None:
        wanted = _SPREAD_ROWS if len(self.spread) < 2 * SAMPLE_ROWS else 2
        step = max(1, (len(text) - start) // wanted)
        place = start
        while place < len(text):
            begin = text.find("\n", place) + 1 if place > start else place
            if begin == 0 and place > start:
                break
            end = text.find("\n", begin, begin + _LONGEST_ROW)
            if end < 0:
                end = min(len(text), begin + _LONGEST_ROW)
            if text[begin:end].strip():
                self.spread.append(cells(text[begin:end]))
            place = max(end + 1, place + step)


def cells(line: str) -> list[str]:
    """The cells of a row of a TABLE segment, at most 400."""
    return line.split("\t", COLUMNS)[:COLUMNS]
