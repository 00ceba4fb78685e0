"""One document being matched against all datasets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from scanner.index.group import Text, group
from scanner.index.names import NameCounter, NameDraw
from scanner.index.types import DatasetMatch, Matches
from scanner.model.content import Layout, Segment

if TYPE_CHECKING:
    from scanner.index.scan import Scanner, Stream

APART = 1000  # words between two texts of a document, more than any radius
BATCH = 16 << 20  # bytes of a text after which what was found is grouped and the text let go
CLOSE = 350  # words: matches that far apart and on different lines belong to different records


class MatchSession:
    """Takes the segments of a document in reading order; `matches` says what stands in them.

    A text of any size is read in bounded memory: after each BATCH bytes the matches before the
    last wide gap are grouped. Where that is depends on the text alone, not on how it was cut.
    """

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self._stream: Stream | None = None
        self._pieces: list[Segment] = []
        self._sizes: list[int] = []
        self._dropped = 0  # bytes of the text that are let go
        self._fed = 0
        self._barrier = BATCH
        self._waiting: list[Matches] = []
        self._texts: list[Text] = []
        self._held = 0
        self._told: dict[str, DatasetMatch] = {}
        self._names = NameCounter()
        self._word = 0
        self._line = 0
        self._units = 0

    def feed(self, segment: Segment) -> None:
        """Look at the next segment; one that continues is read together with what follows."""
        if self._stream is None:
            table = segment.layout is Layout.TABLE
            self._stream = self._scanner.stream(self._word, self._line, table)
            self._dropped, self._fed, self._barrier = 0, 0, BATCH
        data = segment.text.encode("utf-8", "surrogatepass")
        self._pieces.append(segment)
        self._sizes.append(len(data))
        self._fed += len(data)
        self._stream.feed(data)
        if not segment.continues:
            self._finish()
        else:
            self._batch(self._stream)

    def _batch(self, stream: Stream) -> None:
        """Group what is complete, where enough text was read."""
        while self._fed >= self._barrier and stream.tried >= self._barrier:
            found = Matches.joined([*self._waiting, stream.take()])
            cut = _cut(found, self._barrier)
            early = found.start < cut
            self._waiting = [found.pick(~early)]
            self._group([Text(found.pick(early), list(self._pieces), self._dropped)])
            while len(self._pieces) > 1 and self._dropped + self._sizes[0] <= cut:
                self._dropped += self._sizes.pop(0)
                del self._pieces[0]
            self._barrier += BATCH

    def _finish(self) -> None:
        stream, pieces = self._stream, self._pieces
        if stream is None:
            return
        found = Matches.joined([*self._waiting, stream.finish()])
        if len(found.source):
            self._texts.append(Text(found, pieces, self._dropped))
            self._held += sum(self._sizes)
        self._stream, self._pieces, self._sizes, self._waiting = None, [], [], []
        self._units += stream.units
        self._word = stream.words + APART
        self._line = stream.lines + 1
        if self._held > BATCH:
            self._group(self._texts)
            self._texts, self._held = [], 0

    def _group(self, texts: list[Text]) -> None:
        for text in texts:
            self._names.add(self._scanner, text.matches)
        for match in group(self._scanner, texts):
            known = self._told.get(match.dataset_id)
            self._told[match.dataset_id] = known.joined(match) if known else match

    def matches(self) -> list[DatasetMatch]:
        """What stands in the document so far, one entry for each dataset with a record in it."""
        self._finish()
        self._group(self._texts)
        self._texts, self._held = [], 0
        return [
            replace(match, units=max(self._units, match.units))
            for _, match in sorted(self._told.items())
        ]

    def name_draws(self) -> list[NameDraw]:
        """How many names of each dataset stand in the document; call it after `matches`."""
        return self._names.draws(self._scanner)


def _cut(found: Matches, barrier: int) -> int:
    """Where to cut matches: before the barrier, between two that have nothing to do together."""
    before = np.flatnonzero(found.start < barrier)
    order = before[np.lexsort((found.end[before], found.start[before]))]
    if len(order) < 2:
        return barrier
    last = np.maximum.accumulate(found.last[order])[:-1]
    other_line = found.line[order][1:] != found.line[order][:-1]
    wide = np.flatnonzero(other_line & (found.first[order][1:] - last > CLOSE))
    gaps = wide if len(wide) else np.flatnonzero(other_line)
    after_last = found.start[order[-1]] + 1
    return int(found.start[order[gaps[-1] + 1]]) if len(gaps) else int(after_last)
