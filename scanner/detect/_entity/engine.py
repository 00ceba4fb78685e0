"""How the expression of a pattern is searched for: watched by a clock, or quickly.

Presidio's expressions run with the `regex` library. Python's own `re` gives the same matches for
plain expressions in less than half the time, but cannot be stopped; so it serves only expressions
that are known to end soon, and only those in which the two libraries cannot differ.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import regex

from scanner.detect._entity.sets import sre, sre_parser

TIMEOUT_SECONDS = 5.0

Search = Callable[[str, int, int], Any]
_SAME_FLAGS = re.DOTALL | re.MULTILINE | re.UNICODE
_BMP = 0x10000


def watched(expression: Any) -> Search:
    """The search of a compiled expression of `regex`; raises TimeoutError after some seconds."""
    return partial(expression.search, timeout=TIMEOUT_SECONDS)


def quick(expression: str, flags: int) -> Search | None:
    """The same search with `re`, None where the two libraries may differ.

    It holds for texts in the Basic Multilingual Plane; beyond it the libraries know different
    digits.
    """
    if flags & ~_SAME_FLAGS or not _same_digits():
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tree = sre_parser.parse(expression, flags)
            if tree.state.flags & ~_SAME_FLAGS or not _plain(tree):
                return None
            return re.compile(expression, flags).search
    except (re.error, Warning, OverflowError, RecursionError):
        return None


@cache
def _same_digits() -> bool:
    text = "".join(map(chr, range(_BMP)))
    return bool(re.findall(r"\d", text) == regex.findall(r"\d", text))


def _plain(items: Any) -> bool:
    """True where the items mean the same in both libraries."""
    return all(_plain_item(op, argument) for op, argument in items)


def _plain_item(op: Any, argument: Any) -> bool:
    if op in (sre.LITERAL, sre.NOT_LITERAL, sre.ANY):
        return True
    if op is sre.IN:
        return all(
            inner in (sre.LITERAL, sre.RANGE, sre.NEGATE)
            or (inner is sre.CATEGORY and told in (sre.CATEGORY_DIGIT, sre.CATEGORY_NOT_DIGIT))
            for inner, told in argument
        )
    if op is sre.SUBPATTERN:
        _group, add, drop, inner = argument
        return not add and not drop and _plain(inner)
    if op is sre.BRANCH:
        return all(map(_plain, argument[1]))
    if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        return _plain(argument[2])
    if op in (sre.ASSERT, sre.ASSERT_NOT):
        return _plain(argument[1])
    return False
