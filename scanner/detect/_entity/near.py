"""Where words stand in a text, all of them found in one pass; needs Hyperscan."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from scanner.detect._entity.automaton import automaton

_FOLDING = ("\u017f", "\u0130", "\u0131", "\u212a", "\ufb05", "\ufb06")
"""Characters that are the same as an ASCII letter, or as each other, to who ignores case."""


class Places:
    """The ends of some words in a text, in order."""

    __slots__ = ("_ends",)

    def __init__(self, ends: list[int]) -> None:
        self._ends = ends

    def any_ends(self, after: int, last: int) -> bool:
        """True where a word ends behind `after`, at `last` or before."""
        place = bisect_right(self._ends, after)
        return place < len(self._ends) and self._ends[place] <= last


def places_of(groups: Sequence[tuple[str, ...]], text: str) -> list[Places] | None:
    """For each group of words its places in the text, case ignored, a superset.

    None where that cannot be told quickly: without Hyperscan, for words in scripts with case
    other than Latin, and for texts with characters beyond the Basic Multilingual Plane.
    """
    words = tuple(sorted({word for group in groups for word in group}))
    found = _find(words, text)
    if found is None:
        return None
    by_word = dict(zip(words, found, strict=True))
    return [Places(sorted(end for word in group for end in by_word[word])) for group in groups]


def _find(words: tuple[str, ...], text: str) -> list[list[int]] | None:
    """The ends of each word."""
    wide = not text.isascii()
    if wide and any(map(text.__contains__, _FOLDING)):
        return None
    data = text.encode("utf-16-le", "surrogatepass") if wide else text.encode("ascii")
    if wide and len(data) != 2 * len(text):
        return None
    if (database := _database(words, wide)) is None:
        return None
    found: list[list[int]] = [[] for _ in words]
    ends = [one.append for one in found]

    def note(word: int, _start: int, end: int, _flags: int, _context: object) -> None:
        ends[word]((end + 1) // 2 if wide else end)

    database.scan(data, match_event_handler=note)
    return found


@lru_cache(maxsize=32)
def _database(words: tuple[str, ...], wide: bool) -> Any:
    """The words compiled, over characters of two bytes where `wide`; None where that cannot be."""
    if any(not word or not _plain(word) for word in words):
        return None
    told = [
        (place, word.encode("utf-16-le" if wide else "ascii"))
        for place, word in enumerate(words)
        if wide or word.isascii()
    ]
    if not told:
        return None
    expressions = [b"".join(b"\\x%02x" % byte for byte in word) for _, word in told]
    try:
        return automaton(expressions, [place for place, _ in told], caseless=True)
    except ImportError:
        return None


def _plain(word: str) -> bool:
    """True for words of ASCII and of characters without case, one code unit each."""
    return all(
        char.isascii() or (char.lower() == char.upper() and char < "\U00010000") for char in word
    )
