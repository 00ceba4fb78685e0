"""How far the matches of a parsed expression can go."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from scanner.detect._entity.sets import ALL, NEWLINE, NotPlainError, item_set, sre

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


def most_of(one: int | None, two: int | None, more: int) -> int | None:
    return None if one is None or two is None else max(one, two + more)


def add(one: int | None, two: int | None) -> int | None:
    return None if one is None or two is None else one + two


class Reaches:
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
        return Reach(width, add(lines, self._ahead_lines), self._ahead or 1, self._whole)

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
            width, lines = add(width, more_width), add(lines, more_lines)
        return width, lines

    def _one(self, op: Any, argument: Any, flags: int) -> tuple[int | None, int | None]:
        if op in (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN):
            return 1, int(NEWLINE in item_set(op, argument, flags))
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
                self._ahead = None if self._ahead is None else most_of(self._ahead, width, 1)
                self._ahead_lines = most_of(self._ahead_lines, lines, 0)
            return 0, 0
        if op is sre.AT:
            self._whole |= argument in (sre.AT_BEGINNING_STRING, sre.AT_END_STRING)
            if argument in (sre.AT_BEGINNING, sre.AT_END):
                self._whole |= not flags & re.MULTILINE
            return 0, 0
        raise NotPlainError  # conditions, and references to groups not yet closed

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


def outside(tree: Any, flags: int) -> bytes | None:
    """A table of class bytes, 1 where no match can hold the byte; None where that is not simple."""
    try:
        held = _held(tree, flags)
    except NotPlainError:
        return None
    if held >= ALL:
        return None
    return bytes(int(code not in held) for code in range(256))


def _held(items: Any, flags: int) -> frozenset[int]:
    """The class bytes of all characters that a match can take."""
    held: frozenset[int] = frozenset()
    for op, argument in items:
        if op in (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN):
            held |= item_set(op, argument, flags)
        elif op is sre.SUBPATTERN:
            _group, add, drop, inner = argument
            held |= _held(inner, (flags | add) & ~drop)
        elif op is sre.BRANCH:
            for branch in argument[1]:
                held |= _held(branch, flags)
        elif op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            held |= _held(argument[2], flags)
        elif op not in (sre.ASSERT, sre.ASSERT_NOT, sre.AT):
            raise NotPlainError
    return held
