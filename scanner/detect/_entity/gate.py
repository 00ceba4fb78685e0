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
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from scanner.detect._entity.classes import DIGIT, FOLDS, HIGH, OWN, SPACE, WORD, classes_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from re import _constants as sre  # type: ignore[attr-defined]
    from re import _parser as sre_parser  # type: ignore[attr-defined]

_ANY = rb"[\x00-\xff]"
_NEWLINE = 10
_FEW = 32
_LONGEST = 6000  # bytes of a gate; longer ones are written again with their long lists cut short
_MANY = 12
_UNBOUNDED = 1 << 20


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a match and what it looks at can go; None means without bound.

    `width` is the most characters of a match, `lines` the most line ends in what it takes and
    looks ahead at, `ahead` the most characters that assertions look at behind the match (where
    `width` is known). What stands before a match is always seen, so it needs no bound. `whole` is
    True where the expression asks for the ends of the text.
    """

    width: int | None
    lines: int | None
    ahead: int = 1
    whole: bool = False

    @property
    def local(self) -> bool:
        """True where windows of lines or characters give the matches of the whole text."""
        return not self.whole and (self.width is not None or self.lines is not None)


@dataclass(frozen=True, slots=True)
class Gate:
    """The gate of one expression, None where there is none, and the reach of its matches.

    The gate itself never crosses more than `lines` line ends. A match begins at least `least` and
    at most `back` characters before the end of its gate (None: no bound).
    """

    expression: bytes | None
    reach: Reach
    lines: int = 0
    least: int = 0
    back: int | None = None


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
        reach = _Reaches(flags).of(tree)
    except (_NotPlainError, RecursionError):
        reach = Reach(None, None)
    if tree.getwidth()[0] < 1:
        return Gate(None, reach)
    try:
        made = _Writer(flags).factor(tree)
        if len(made.expression or b"") > _LONGEST:
            made = _Writer(flags, brief=True).factor(tree)
    except (_NotPlainError, RecursionError):
        return Gate(None, reach)
    if not 0 < len(made.expression or b"") <= _LONGEST:
        return Gate(None, reach)
    back = reach.width if made.back is None else made.back
    return replace(made, reach=reach, back=back)


class _NotPlainError(Exception):
    """The expression holds something that has no simple bound."""


# The class bytes of an item that matches one character -------------------------------------------


def _ascii_set(test: Callable[[str], bool]) -> frozenset[int]:
    return frozenset(code for code in range(128) if test(chr(code)))


_DIGITS = _ascii_set(str.isdigit) | {DIGIT}
_SPACES = _ascii_set(str.isspace) | {SPACE}
_WORDS = _ascii_set(lambda char: char.isalnum() or char == "_") | {WORD, DIGIT, FOLDS} | OWN
_ALL = frozenset(range(128)) | HIGH
_FOLDING = frozenset(map(ord, "iIkKsS"))  # letters that fold with letters outside ASCII
_CATEGORIES: dict[Any, frozenset[int]] = {
    sre.CATEGORY_DIGIT: _DIGITS,
    sre.CATEGORY_NOT_DIGIT: _ALL - _DIGITS,
    sre.CATEGORY_SPACE: _SPACES,
    sre.CATEGORY_NOT_SPACE: _ALL - _SPACES,
    sre.CATEGORY_WORD: _WORDS,
    sre.CATEGORY_NOT_WORD: _ALL - _WORDS,
}


def _with_case(codes: frozenset[int], flags: int) -> frozenset[int]:
    """The codes with those of the other case; a superset."""
    if not flags & re.IGNORECASE:
        return codes
    letters = {code for code in codes if code < 128 and chr(code).isalpha()}
    both = {ord(char) for code in letters for char in (chr(code).lower(), chr(code).upper())}
    if letters & _FOLDING:
        both.add(FOLDS)
    if codes & {WORD, FOLDS}:
        both |= {WORD, FOLDS} | _ascii_set(str.isalpha)
    return codes | both


def _item_set(op: Any, argument: Any, flags: int) -> frozenset[int]:
    """The class bytes of an item that matches one character."""
    if op is sre.LITERAL:
        return _with_case(classes_of(argument, argument), flags)
    if op is sre.NOT_LITERAL:
        return _ALL if argument >= 128 else _ALL - {argument}
    if op is sre.ANY:
        return _ALL if flags & re.DOTALL else _ALL - {_NEWLINE}
    if op is sre.IN:
        return _class_set(argument, flags)
    raise _NotPlainError


def _sure_set(op: Any, argument: Any, flags: int) -> frozenset[int]:
    """The ASCII codes that the item surely matches, none where that is not simple."""
    if flags & re.IGNORECASE or op not in (sre.LITERAL, sre.IN):
        return frozenset()
    if op is sre.LITERAL:
        return frozenset({argument}) if argument < 128 else frozenset()
    codes: set[int] = set()
    for inner, told in argument:
        if inner is sre.LITERAL:
            codes.add(told)
        elif inner is sre.RANGE:
            codes.update(range(told[0], min(told[1], 127) + 1))
        elif inner is sre.CATEGORY and told in (sre.CATEGORY_DIGIT, sre.CATEGORY_WORD):
            codes |= _CATEGORIES[told]
        else:
            return frozenset()
    return frozenset(code for code in codes if code < 128)


def _class_set(items: Iterable[tuple[Any, Any]], flags: int) -> frozenset[int]:
    named: set[int] = set()
    codes: set[int] = set()
    negated = False
    for op, argument in items:
        if op is sre.NEGATE:
            negated = True
        elif op is sre.LITERAL:
            codes |= classes_of(argument, argument)
        elif op is sre.RANGE:
            codes |= classes_of(*argument)
        elif op is sre.CATEGORY and argument in _CATEGORIES:
            named |= _CATEGORIES[argument]
        else:
            raise _NotPlainError
    if negated:
        # A class byte stands for many characters: one of them left out is not all of them.
        # Case folding only takes more away; leaving it out is the superset.
        return (_ALL - codes - named) | HIGH
    return frozenset(named) | _with_case(frozenset(codes), flags)


# Writing the gate --------------------------------------------------------------------------------


def _class_bytes(codes: frozenset[int]) -> bytes:
    if codes == _ALL:
        return _ANY
    if not codes:
        return b"[^\\x00-\\xff]"
    inner = b"".join(_ranges(sorted(codes)))
    return inner if len(codes) == 1 else b"[" + inner + b"]"


def _ranges(codes: list[int]) -> Iterator[bytes]:
    start = 0
    for place in range(1, len(codes) + 1):
        if place < len(codes) and codes[place] == codes[place - 1] + 1:
            continue
        first, last = codes[start], codes[place - 1]
        yield _plain(first) if first == last else _plain(first) + b"-" + _plain(last)
        start = place


def _plain(code: int) -> bytes:
    char = chr(code)
    return char.encode() if char.isascii() and char.isalnum() else b"\\x%02x" % code


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
        width, _lines = _Reaches(self._flags).sequence(kept[:-1] if cut else kept)
        if cut:
            inner, _lines = _Reaches(self._flags).sequence(argument[2])
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
            sets = [_sure_set(inner, told, self._flags) for inner, told in argument[1]]
            if len(sets) == 1:
                barred |= sets[0]
            elif len(sets) == 2 and all(sets) and pair is None:
                near, far = sets[::direction]
                pair = near, far
        if _NEWLINE in barred or (pair and _NEWLINE in pair[0]):
            return b"", 0
        allowed = _ALL - barred
        if pair is None:
            return (_class_bytes(allowed), 1) if barred else (b"", 0)
        plain = _class_bytes(allowed - pair[0])
        if not allowed & pair[0]:
            return plain, 1
        both = (_class_bytes(allowed & pair[0]), _class_bytes(_ALL - pair[1]))[::direction]
        return b"(?:" + plain + b"|" + b"".join(both) + b")", 2

    def _line_ends(self, op: Any, argument: Any) -> int | None:
        if op is sre.GROUPREF or (op is sre.BRANCH and self._brief and len(argument[1]) > _MANY):
            return None
        try:
            return _Reaches(self._flags).lines(op, argument)
        except _NotPlainError:
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
            return _class_bytes(_item_set(op, argument, self._flags))
        if op is sre.SUBPATTERN:
            _group, add, drop, inner = argument
            writer = _Writer((self._flags | add) & ~drop, brief=self._brief)
            return b"(?:" + writer.sequence(inner) + b")"
        if op is sre.BRANCH:
            branches = argument[1]
            if self._brief and len(branches) > _MANY:
                return _ANY + b"*"
            return b"(?:" + b"|".join(self.sequence(branch) for branch in branches) + b")"
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT) or op is getattr(sre, "POSSESSIVE_REPEAT", None):
            return self._repeat(*argument)
        if op is getattr(sre, "ATOMIC_GROUP", None):
            return b"(?:" + self.sequence(argument) + b")"
        if op in (sre.ASSERT, sre.ASSERT_NOT, sre.AT):
            return b""
        if op is sre.GROUPREF:
            return _ANY + b"*"
        raise _NotPlainError

    def _repeat(self, low: int, top: Any, inner: Any) -> bytes:
        body = b"(?:" + self.sequence(inner) + b")"
        if body == b"(?:)":
            return b""
        low = min(int(low), _FEW)
        if top is sre.MAXREPEAT or int(top) > _FEW or low == _FEW:
            return body + b"{%d,}" % low
        return body + b"{%d,%d}" % (low, int(top))


def _most_of(one: int | None, two: int | None, more: int) -> int | None:
    return None if one is None or two is None else max(one, two + more)


# Reach -------------------------------------------------------------------------------------------


def _add(one: int | None, two: int | None) -> int | None:
    return None if one is None or two is None else one + two


class _Reaches:
    """Measures how far matches go."""

    def __init__(self, flags: int) -> None:
        self._flags = flags
        self._ahead: int | None = 1
        self._ahead_lines: int | None = 0
        self._whole = False
        self._groups: dict[int, tuple[int | None, int | None]] = {}

    def of(self, tree: Any) -> Reach:
        width, lines = self._sequence(tree, self._flags)
        if self._ahead is None:
            width = None
        return Reach(width, _add(lines, self._ahead_lines), self._ahead or 1, self._whole)

    def sequence(self, items: Any) -> tuple[int | None, int | None]:
        """The widest match of some items and the most line ends in it."""
        return self._sequence(items, self._flags)

    def lines(self, op: Any, argument: Any) -> int | None:
        """The most line ends that one item consumes."""
        return self._one(op, argument, self._flags)[1]

    def _sequence(self, items: Any, flags: int) -> tuple[int | None, int | None]:
        width: int | None = 0
        lines: int | None = 0
        for op, argument in items:
            more_width, more_lines = self._one(op, argument, flags)
            width, lines = _add(width, more_width), _add(lines, more_lines)
        return width, lines

    def _one(self, op: Any, argument: Any, flags: int) -> tuple[int | None, int | None]:
        if op in (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN):
            return 1, int(_NEWLINE in _item_set(op, argument, flags))
        if op is sre.SUBPATTERN:
            group, add, drop, inner = argument
            found = self._sequence(inner, (flags | add) & ~drop)
            if group is not None:
                self._groups[group] = found
            return found
        if op is sre.GROUPREF and argument in self._groups:
            return self._groups[argument]
        if op is sre.BRANCH:
            return self._most(self._sequence(branch, flags) for branch in argument[1])
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT) or op is getattr(sre, "POSSESSIVE_REPEAT", None):
            _low, top, inner = argument
            return self._times(top, self._sequence(inner, flags))
        if op is getattr(sre, "ATOMIC_GROUP", None):
            return self._sequence(argument, flags)
        if op in (sre.ASSERT, sre.ASSERT_NOT):
            direction, inner = argument
            width, lines = self._sequence(inner, flags)
            if direction > 0:
                self._ahead = None if self._ahead is None else _most_of(self._ahead, width, 1)
                self._ahead_lines = _most_of(self._ahead_lines, lines, 0)
            return 0, 0
        if op is sre.AT:
            self._whole |= argument in (sre.AT_BEGINNING_STRING, sre.AT_END_STRING)
            if argument in (sre.AT_BEGINNING, sre.AT_END):
                self._whole |= not flags & re.MULTILINE
            return 0, 0
        raise _NotPlainError  # conditions, and references to groups not yet closed

    @staticmethod
    def _most(parts: Iterable[tuple[int | None, int | None]]) -> tuple[int | None, int | None]:
        width: int | None = 0
        lines: int | None = 0
        for one_width, one_lines in parts:
            width = None if width is None or one_width is None else max(width, one_width)
            lines = None if lines is None or one_lines is None else max(lines, one_lines)
        return width, lines

    @staticmethod
    def _times(top: Any, part: tuple[int | None, int | None]) -> tuple[int | None, int | None]:
        width, lines = part
        endless = top is sre.MAXREPEAT or int(top) >= _UNBOUNDED
        if endless:
            return (0 if width == 0 else None), (0 if lines == 0 else None)
        times = int(top)
        return (
            None if width is None else width * times,
            None if lines is None else lines * times,
        )


__all__ = ["NO_GATE", "Gate", "Reach", "gate_of", "sre", "sre_parser"]
