"""A cheap necessary condition for each regular expression, and how far its matches can reach.

From the parsed expression two things are derived:

- a *gate*: an expression over class bytes (see `classes`), without look-around, that finds a part
  of every text that the expression can match (a factor of each match);
- a *reach*: the widest match in characters and the most line ends it can hold, or None where
  there is no bound. Where no match crosses more than a few line ends, looking at those lines
  gives the same matches as looking at the whole text.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, replace
from typing import Any

from scanner.detect._entity.reach import Reach, Reaches, outside
from scanner.detect._entity.sets import (
    ALL,
    ANY,
    NEWLINE,
    NotPlainError,
    class_bytes_of,
    item_set,
    sre,
    sre_parser,
    sure_set,
)

_FEW = 32
_LONGEST = 6000  # bytes of a gate; longer ones are written again with their long lists cut short
_MANY = 12
WIDE = 72  # characters; matches that begin farther from their gate's end are looked for by lines


@dataclass(frozen=True, slots=True)
class Gate:
    """The gate of one expression, None where there is none, and the reach of its matches.

    The gate itself never crosses more than `lines` line ends. A match begins at least `least` and
    at most `back` characters before the end of its gate (None: no bound). Where that is far,
    `outside` is a table of class bytes: 1 where no match can hold the byte.
    """

    expression: bytes | None
    reach: Reach
    lines: int = 0
    least: int = 0
    back: int | None = None
    outside: bytes | None = None

    @property
    def wide(self) -> bool:
        """True where `back` alone leaves large windows."""
        return self.back is None or self.back > WIDE


NO_GATE = Gate(None, Reach(None, None))


def gate_of(regex: str, flags: int) -> Gate:
    """The gate and the reach of an expression; without any where it cannot be parsed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = sre_parser.parse(regex, flags & ~re.DEBUG)
    except (re.error, OverflowError, RecursionError, ValueError):
        return NO_GATE
    flags = tree.state.flags
    try:
        reach = Reaches(flags).of(tree)
    except (NotPlainError, RecursionError):
        reach = Reach(None, None)
    if tree.getwidth()[0] < 1:
        return Gate(None, reach)
    try:
        made = _Writer(flags).factor(tree)
        if len(made.expression or b"") > _LONGEST:
            made = _Writer(flags, brief=True).factor(tree)
    except (NotPlainError, RecursionError):
        return Gate(None, reach)
    if not 0 < len(made.expression or b"") <= _LONGEST:
        return Gate(None, reach)
    back = reach.width if made.back is None else made.back
    made = replace(made, reach=reach, back=back)
    if made.wide and made.least >= 2:  # so that a match surely holds all up to `least`
        made = replace(made, outside=outside(tree, flags))
    return made


_LOOKS = (sre.ASSERT, sre.ASSERT_NOT, sre.AT)


def _with_lookbehind(items: Any) -> list[Any]:
    """The items with the first positive lookbehind, where it stands before all, written out."""
    found: list[Any] = []
    for place, (op, argument) in enumerate(items):
        if op is sre.ASSERT and argument[0] < 0:
            return [*argument[1], *list(items)[place + 1 :]]
        if op not in _LOOKS:
            break
    found.extend(items)
    return found


def _least_width(op: Any, argument: Any) -> int:
    """The fewest characters that an item consumes, counting what is surely one character."""
    if op in (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN):
        return 1
    if op is sre.SUBPATTERN:
        return int(argument[3].getwidth()[0])
    if op is sre.BRANCH:
        return min(int(branch.getwidth()[0]) for branch in argument[1])
    if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        return int(argument[0]) * int(argument[2].getwidth()[0])
    return 0


class _Writer:
    """Writes the gate of a parsed expression."""

    def __init__(self, flags: int, *, brief: bool = False) -> None:
        self._flags = flags
        self._brief = brief

    def factor(self, items: Any) -> Gate:
        """The gate of a whole expression, without its reach.

        Optional ends are left out, repeats at the ends cut down. Items that can cross any number
        of line ends part the expression: the part that consumes the most is the gate. Characters
        that must not stand just before or behind are part of it where nothing was cut there.
        """
        listed = _with_lookbehind(items)
        inner = [item for item in listed if item[0] not in _LOOKS]
        if len(inner) == 1 and inner[0][0] is sre.SUBPATTERN:
            _group, add, drop, body = inner[0][1]
            return _Writer((self._flags | add) & ~drop, brief=self._brief).factor(body)
        parts: list[list[Any]] = [[]]
        lines = [0]
        for op, argument in inner:
            more = self._line_ends(op, argument)
            if more is None:
                parts.append([])
                lines.append(0)
            else:
                parts[-1].append((op, argument))
                lines[-1] += more
        best = max(range(len(parts)), key=lambda place: self._least(parts[place]))
        if len(parts) > 1:
            return Gate(self._trimmed(parts[best], 0, 0), NO_GATE.reach, lines[best])
        before, _most = self._edge(listed, -1)
        behind, tail = self._edge(listed[::-1], 1)
        own = [item for item in items if item[0] not in _LOOKS]
        least, back = self._distance(own, cut=not behind)
        return Gate(
            before + self._trimmed(inner, len(before), len(behind)) + behind,
            NO_GATE.reach,
            lines[best],
            least + min(tail, 1),
            None if back is None else back + tail,
        )

    def _distance(self, items: list[Any], *, cut: bool) -> tuple[int, int | None]:
        """The least and most characters from the start of a match to the end of its gate."""
        kept = list(items)
        while cut and kept and self._optional(*kept[-1]):
            kept.pop()
        if not kept:
            return 0, None
        op, argument = kept[-1]
        cut = cut and op in (sre.MAX_REPEAT, sre.MIN_REPEAT)
        width, _lines = Reaches(self._flags).sequence(kept[:-1] if cut else kept)
        if cut:
            inner, _lines = Reaches(self._flags).sequence(argument[2])
            width = None if width is None or inner is None else width + inner * int(argument[0])
        return self._least(kept), width

    def _edge(self, items: Any, direction: int) -> tuple[bytes, int]:
        """The characters that may stand beside the match, and how many they are at most.

        b"" and 0 where any may. Told are negative assertions of one character, and the first of
        two. Beside the first and the last line stand line ends, so none may be barred.
        """
        barred: frozenset[int] = frozenset()
        pair: tuple[frozenset[int], frozenset[int]] | None = None
        for op, argument in items:
            if op not in _LOOKS:
                break
            if op is not sre.ASSERT_NOT or argument[0] != direction:
                continue
            sets = [sure_set(inner, told, self._flags) for inner, told in argument[1]]
            if len(sets) == 1:
                barred |= sets[0]
            elif len(sets) == 2 and all(sets) and pair is None:
                near, far = sets[::direction]
                pair = near, far
        if NEWLINE in barred or (pair and NEWLINE in pair[0]):
            return b"", 0
        allowed = ALL - barred
        if pair is None:
            return (class_bytes_of(allowed), 1) if barred else (b"", 0)
        plain = class_bytes_of(allowed - pair[0])
        if not allowed & pair[0]:
            return plain, 1
        both = (class_bytes_of(allowed & pair[0]), class_bytes_of(ALL - pair[1]))[::direction]
        return b"(?:" + plain + b"|" + b"".join(both) + b")", 2

    def _line_ends(self, op: Any, argument: Any) -> int | None:
        if op is sre.GROUPREF or (op is sre.BRANCH and self._brief and len(argument[1]) > _MANY):
            return None
        try:
            return Reaches(self._flags).lines(op, argument)
        except NotPlainError:
            return None

    @staticmethod
    def _least(items: list[Any]) -> int:
        return sum(_least_width(op, argument) for op, argument in items)

    def _trimmed(self, items: list[Any], keep_head: int, keep_tail: int) -> bytes:
        """The items with optional ones left out and repeats cut at the ends that are not kept."""
        inner = list(items)
        while not keep_head and inner and self._optional(*inner[0]):
            inner.pop(0)
        while not keep_tail and inner and self._optional(*inner[-1]):
            inner.pop()
        cut = set() if keep_head else {0}
        cut |= set() if keep_tail else {len(inner) - 1}
        return b"".join(
            self._cut(argument)
            if place in cut and op in (sre.MAX_REPEAT, sre.MIN_REPEAT)
            else self._one(op, argument)
            for place, (op, argument) in enumerate(inner)
        )

    @staticmethod
    def _optional(op: Any, argument: Any) -> bool:
        return op in (sre.MAX_REPEAT, sre.MIN_REPEAT) and argument[0] == 0

    def _cut(self, argument: Any) -> bytes:
        low, _top, inner = argument
        return self._repeat(low, low, inner)

    def sequence(self, items: Any) -> bytes:
        return b"".join(self._one(op, argument) for op, argument in items)

    def _one(self, op: Any, argument: Any) -> bytes:
        if op in (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN):
            return class_bytes_of(item_set(op, argument, self._flags))
        if op is sre.SUBPATTERN:
            _group, add, drop, inner = argument
            writer = _Writer((self._flags | add) & ~drop, brief=self._brief)
            return b"(?:" + writer.sequence(inner) + b")"
        if op is sre.BRANCH:
            branches = argument[1]
            if self._brief and len(branches) > _MANY:
                return ANY + b"*"
            return b"(?:" + b"|".join(self.sequence(branch) for branch in branches) + b")"
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT) or op is getattr(sre, "POSSESSIVE_REPEAT", None):
            return self._repeat(*argument)
        if op is getattr(sre, "ATOMIC_GROUP", None):
            return b"(?:" + self.sequence(argument) + b")"
        if op in (sre.ASSERT, sre.ASSERT_NOT, sre.AT):
            return b""
        if op is sre.GROUPREF:
            return ANY + b"*"
        raise NotPlainError

    def _repeat(self, low: int, top: Any, inner: Any) -> bytes:
        body = b"(?:" + self.sequence(inner) + b")"
        if body == b"(?:)":
            return b""
        low = min(int(low), _FEW)
        if top is sre.MAXREPEAT or int(top) > _FEW or low == _FEW:
            return body + b"{%d,}" % low
        return body + b"{%d,%d}" % (low, int(top))
