"""One pass over a text that tells which gates fire, and where: Hyperscan, google-re2, or `re`.

All three work on class bytes. A `Spot` says that a gate ends somewhere between two places;
Hyperscan names the very place, the others a short run of lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

_BLOCK = 16_384
_SMALL_BLOCK = 512
_MOST_SPOTS = 4_000


class Spot(NamedTuple):
    """The gate `gate` ends at a place from `first` to `last`."""

    gate: int
    first: int
    last: int


class Prefilter(Protocol):
    """Finds the places of all gates of a set."""

    name: str

    def spots(self, data: bytes) -> Iterator[Spot]:
        """Every place where a gate ends, a superset; in no order."""


def blocks(data: bytes, size: int, lines: int) -> Iterator[tuple[int, int, int]]:
    """(start, end, end with overlap): whole lines, about `size` long, `lines` lines of overlap."""
    start, total = 0, len(data)
    while start < total:
        end = data.find(b"\n", min(start + size, total) - 1)
        end = total if end < 0 else end + 1
        over = end
        for _ in range(lines):
            if over >= total:
                break
            over = data.find(b"\n", over)
            over = total if over < 0 else over + 1
        yield start, end, over
        start = end


class HyperscanPrefilter:
    """All gates in one automaton; names the end of each match."""

    name = "hyperscan"

    def __init__(self, gates: Sequence[bytes], lines: int) -> None:
        import hyperscan

        self._stopped = hyperscan.ScanTerminated
        self._database = hyperscan.Database()
        self._gates = len(gates)
        self._lines = lines
        self._database.compile(
            expressions=list(gates),
            ids=list(range(len(gates))),
            elements=len(gates),
            flags=[hyperscan.HS_FLAG_DOTALL] * len(gates),
        )

    def spots(self, data: bytes) -> Iterator[Spot]:
        """The end of each match; every gate over the whole block where there are very many."""
        found: list[tuple[int, int]] = []

        def note(gate: int, _start: int, end: int, _flags: int, _context: object) -> bool | None:
            found.append((gate, end))
            return True if len(found) > _MOST_SPOTS else None

        for start, _end, over in blocks(data, _BLOCK, self._lines):
            found.clear()
            try:
                self._database.scan(data[start:over], match_event_handler=note)
            except self._stopped:
                for gate in range(self._gates):
                    yield Spot(gate, start, over)
                continue
            for gate, place in found:
                yield Spot(gate, start + place, start + place)


class Re2Prefilter:
    """All gates in one google-re2 set; names the run of lines."""

    name = "re2"

    def __init__(self, gates: Sequence[bytes], lines: int) -> None:
        import re2

        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        options.dot_nl = True
        options.log_errors = False
        options.max_mem = 256 << 20
        self._set = re2.Set.SearchSet(options)
        for gate in gates:
            self._set.Add(gate.decode("ascii"))
        self._set.Compile()
        self._lines = lines

    def spots(self, data: bytes) -> Iterator[Spot]:
        """The blocks in which a gate matches."""
        for start, _end, over in blocks(data, _BLOCK, self._lines):
            piece = data[start:over]
            if not self._set.Match(piece):
                continue
            for first, _last, beyond in blocks(piece, _SMALL_BLOCK, self._lines):
                for gate in self._set.Match(piece[first:beyond]) or ():
                    yield Spot(gate, start + first, start + beyond)


class PlainPrefilter:
    """Each gate by itself with `re`; names the place of each match, as far as it is simple."""

    name = "re"

    def __init__(self, gates: Sequence[bytes], lines: int) -> None:
        self._gates = [re.compile(gate, re.DOTALL) for gate in gates]
        self._lines = lines

    def spots(self, data: bytes) -> Iterator[Spot]:
        """The blocks in which a gate matches."""
        for start, _end, over in blocks(data, _SMALL_BLOCK, self._lines):
            piece = data[start:over]
            for gate, expression in enumerate(self._gates):
                if expression.search(piece):
                    yield Spot(gate, start, over)


PREFILTERS: dict[str, type[HyperscanPrefilter] | type[Re2Prefilter] | type[PlainPrefilter]] = {
    "hyperscan": HyperscanPrefilter,
    "re2": Re2Prefilter,
    "re": PlainPrefilter,
}


def make_prefilter(gates: Sequence[bytes], lines: int, backend: str = "") -> Prefilter:
    """The fastest prefilter that is installed, or the one that is named."""
    if backend:
        return PREFILTERS[backend](gates, lines)
    for make in PREFILTERS.values():
        try:
            return make(gates, lines)
        except ImportError:
            continue
    raise AssertionError("`re` is always there")
