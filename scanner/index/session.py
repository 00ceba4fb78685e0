"""One document being matched against all datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner.index.group import Text, group
from scanner.index.types import DatasetMatch
from scanner.model.content import Layout, Segment

if TYPE_CHECKING:
    from scanner.index.scan import Scanner, Stream

APART = 1000  # words between two texts of a document, more than any radius


class MatchSession:
    """Takes the segments of a document in reading order; `matches` says what stands in them."""

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self._stream: Stream | None = None
        self._pieces: list[Segment] = []
        self._texts: list[Text] = []
        self._word = 0
        self._line = 0
        self._units = 0

    def feed(self, segment: Segment) -> None:
        """Look at the next segment; one that continues is read together with what follows."""
        if self._stream is None:
            table = segment.layout is Layout.TABLE
            self._stream = self._scanner.stream(self._word, self._line, table)
        self._pieces.append(segment)
        self._stream.feed(segment.text.encode("utf-8", "surrogatepass"))
        if not segment.continues:
            self._finish()

    def _finish(self) -> None:
        stream, pieces = self._stream, self._pieces
        self._stream, self._pieces = None, []
        if stream is None:
            return
        found = stream.finish()
        if len(found.source):
            self._texts.append(Text(found, pieces))
        self._units += stream.units
        self._word = stream.words + APART
        self._line = stream.lines + 1

    def matches(self) -> list[DatasetMatch]:
        """What stands in the document so far, one entry for each dataset with a record in it."""
        self._finish()
        return group(self._scanner, self._texts, self._units)
