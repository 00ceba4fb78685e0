"""The class bytes that items of a parsed expression match, and how they are written."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from scanner.detect._entity.classes import DIGIT, FOLDS, HIGH, OWN, SPACE, WORD, classes_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from re import _constants as sre  # type: ignore[attr-defined]
    from re import _parser as sre_parser  # type: ignore[attr-defined]

ANY = rb"[\x00-\xff]"
NEWLINE = 10


class NotPlainError(Exception):
    """The expression holds something that has no simple bound."""


def _ascii_set(test: Callable[[str], bool]) -> frozenset[int]:
    return frozenset(code for code in range(128) if test(chr(code)))


_DIGITS = _ascii_set(str.isdigit) | {DIGIT}
_SPACES = _ascii_set(str.isspace) | {SPACE}
_WORDS = _ascii_set(lambda char: char.isalnum() or char == "_") | {WORD, DIGIT, FOLDS} | OWN
ALL = frozenset(range(128)) | HIGH
_FOLDING = frozenset(map(ord, "iIkKsS"))  # letters that fold with letters outside ASCII
_CATEGORIES: dict[Any, frozenset[int]] = {
    sre.CATEGORY_DIGIT: _DIGITS,
    sre.CATEGORY_NOT_DIGIT: ALL - _DIGITS,
    sre.CATEGORY_SPACE: _SPACES,
    sre.CATEGORY_NOT_SPACE: ALL - _SPACES,
    sre.CATEGORY_WORD: _WORDS,
    sre.CATEGORY_NOT_WORD: ALL - _WORDS,
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


def item_set(op: Any, argument: Any, flags: int) -> frozenset[int]:
    """The class bytes of an item that matches one character."""
    if op is sre.LITERAL:
        return _with_case(classes_of(argument, argument), flags)
    if op is sre.NOT_LITERAL:
        return ALL if argument >= 128 else ALL - {argument}
    if op is sre.ANY:
        return ALL if flags & re.DOTALL else ALL - {NEWLINE}
    if op is sre.IN:
        return _class_set(argument, flags)
    raise NotPlainError


def sure_set(op: Any, argument: Any, flags: int) -> frozenset[int]:
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
            raise NotPlainError
    if negated:
        # A class byte stands for many characters: one of them left out is not all of them.
        # Case folding only takes more away; leaving it out is the superset.
        return (ALL - codes - named) | HIGH
    return frozenset(named) | _with_case(frozenset(codes), flags)


def class_bytes_of(codes: frozenset[int]) -> bytes:
    if codes == ALL:
        return ANY
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


__all__ = [
    "ALL",
    "ANY",
    "NEWLINE",
    "NotPlainError",
    "class_bytes_of",
    "item_set",
    "sre",
    "sre_parser",
    "sure_set",
]
