"""Rows of a report under a hash chain: row_no, prev_hash and row_hash at their right end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from json.encoder import encode_basestring
from operator import itemgetter

from scanner.model.chain import GENESIS, link
from scanner.model.recorded import Row

_JOINT = "\x7f"  # no cell holds it, and JSON does not escape it


class RowJson:
    """The canonical JSON that a row's hash covers: its cells by column, and its row_no.

    The cells are encoded in one go, joined by a control character that no cell holds; where one
    does hold it (in a report that was edited), each is encoded by itself.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        names = (*columns, "row_no")
        ordered = sorted(names)
        self._pick = itemgetter(*(names.index(name) for name in ordered))
        self._parts = [""] * (2 * len(ordered) + 1)
        self._parts[0::2] = [
            f'{{"{ordered[0]}":"',
            *(f'","{name}":"' for name in ordered[1:]),
            '"}',
        ]

    def __call__(self, cells: Row) -> str:
        """The JSON of a row given as its cells and its row_no."""
        picked = self._pick(cells)
        encoded = encode_basestring(_JOINT.join(picked))[1:-1].split(_JOINT)
        if len(encoded) != len(picked):
            encoded = [encode_basestring(cell)[1:-1] for cell in picked]
        parts = self._parts.copy()
        parts[1::2] = encoded
        return "".join(parts)


class Chained:
    """Rows with their chain columns; `count` and `head` grow as it is iterated."""

    def __init__(self, columns: Sequence[str], rows: Iterable[Row]) -> None:
        self._json = RowJson(columns)
        self._rows = rows
        self.count = 0
        self.head = GENESIS

    def __iter__(self) -> Iterator[Row]:
        """Each row whole, in order."""
        for row in self._rows:
            self.count += 1
            hashed = (*row, str(self.count))
            before, self.head = self.head, link(self.head, self._json(hashed))
            yield (*hashed, before, self.head)
