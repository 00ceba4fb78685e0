"""One pass over a text that tells which gates fire, and where: Hyperscan, google-re2, or `re`.

All three work on class bytes. Hyperscan names the very place where a gate ends, the others a
short run of lines.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, Protocol

from scanner.detect._entity.automaton import automaton
from scanner.detect._entity.sieve import Sieve

_BLOCK = 16_384
_SMALL_BLOCK = 512
_MOST_SPOTS = 2  # a character; more than that, and whole blocks are looked at


class Spots:
    """Where each gate ends: at the very `ends`, or somewhere in the `ranges` (first, last)."""

    __slots__ = ("ends", "ranges")

    def __init__(self, gates: int) -> None:
        self.ends: list[list[int]] = [[] for _ in range(gates)]
        self.ranges: list[list[tuple[int, int]]] = [[] for _ in range(gates)]


class Prefilter(Protocol):
    """Finds the places of all gates of a set."""

    name: str

    def spots(self, data: bytes) -> Spots:
        """Every place where a gate ends, a superset."""


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


def _framed(piece: bytes) -> bytes:
    """Whole lines between line ends: what stands beside them, also at the ends of the text."""
    return b"\n" + piece + b"\n"


class HyperscanPrefilter:
    """All gates in one automaton; names the end of each match.

    An automaton is compiled when a text first needs it: all gates, or where a text has few numbers,
    those of numbers and the rest apart.
    """

    name = "hyperscan"

    def __init__(self, gates: Sequence[bytes], lines: int) -> None:
        import hyperscan

        self._stopped = hyperscan.ScanTerminated
        self._gates = gates
        self._lines = lines
        self._sieve = Sieve(gates)

    @cached_property
    def _all(self) -> Any:
        return self._of(range(len(self._gates)))

    @cached_property
    def _numbers(self) -> Any:
        return self._of(self._sieve.numbers)

    @cached_property
    def _rest(self) -> Any:
        return self._of(self._sieve.rest)

    def _of(self, chosen: Sequence[int]) -> Any:
        return automaton([self._gates[at] for at in chosen], chosen)

    def spots(self, data: bytes) -> Spots:
        """The end of each match; every gate over the whole block where there are very many."""
        found = Spots(len(self._gates))
        ends = [one.append for one in found.ends]
        base = left = 0

        def note(gate: int, _start: int, end: int, _flags: int, _context: object) -> bool | None:
            nonlocal left
            ends[gate](base + end)
            left -= 1
            return True if left < 0 else None

        begins: list[int] = []
        parts: list[tuple[int, int]] = []

        def note_part(gate: int, _start: int, end: int, _f: int, _c: object) -> bool | None:
            at = max(bisect_right(begins, end - 2) - 1, 0)
            return note(gate, 0, end - begins[at] + parts[at][0], 0, None)

        for start, end, over in blocks(data, _BLOCK, self._lines):
            base, left = start - 1, (end - start) * _MOST_SPOTS
            piece = data[start:over]
            sieved = self._sieve.pieces(piece)
            try:
                if sieved is None:
                    self._all.scan(_framed(piece), match_event_handler=note)
                    continue
                if self._sieve.rest:
                    self._rest.scan(_framed(piece), match_event_handler=note)
                if sieved:
                    parts = sieved
                    begins, joined = self._joined(piece, parts)
                    self._numbers.scan(_framed(joined), match_event_handler=note_part)
            except self._stopped:
                for ranges in found.ranges:
                    ranges.append((start, over + 1))
        return found

    def _joined(self, piece: bytes, parts: list[tuple[int, int]]) -> tuple[list[int], bytes]:
        """Where each part begins, and the parts with line ends between that no gate crosses."""
        apart = b"\n" * (self._lines + 1)
        begins, at = [], 0
        for first, last in parts:
            begins.append(at)
            at += last - first + len(apart)
        return begins, apart.join(piece[first:last] for first, last in parts)


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
        self._gates = len(gates)
        self._lines = lines

    def spots(self, data: bytes) -> Spots:
        """The blocks in which a gate matches."""
        found = Spots(self._gates)
        for start, _end, over in blocks(data, _BLOCK, self._lines):
            piece = data[start:over]
            if not self._set.Match(_framed(piece)):
                continue
            for first, _last, beyond in blocks(piece, _SMALL_BLOCK, self._lines):
                for gate in self._set.Match(_framed(piece[first:beyond])) or ():
                    found.ranges[gate].append((start + first, start + beyond + 1))
        return found


class PlainPrefilter:
    """Each gate by itself with `re`; names the place of each match, as far as it is simple."""

    name = "re"

    def __init__(self, gates: Sequence[bytes], lines: int) -> None:
        self._gates = [re.compile(gate, re.DOTALL) for gate in gates]
        self._lines = lines

    def spots(self, data: bytes) -> Spots:
        """The blocks in which a gate matches."""
        found = Spots(len(self._gates))
        for start, _end, over in blocks(data, _SMALL_BLOCK, self._lines):
            piece = _framed(data[start:over])
            for gate, expression in enumerate(self._gates):
                if expression.search(piece):
                    found.ranges[gate].append((start, over + 1))
        return found


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
