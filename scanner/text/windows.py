"""The windows of a text in which a registered value could stand, in plain Python.

This is the definition that the native kernel follows, and what runs where there is no kernel.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scanner.text.fold import NUMERALS
from scanner.text.keys import (
    LONGEST_WORD,
    Keys,
    Lane,
    number_hash,
    string_hash,
    window_hash,
    word_hash,
)

WORD = re.compile(r"[0-9a-z]+|[^\x00-\x7f]")
LONGEST_WINDOW = 256  # words
WIDEST_GAP = 16  # characters between two words of a window
SHORTEST_NUMBER, LONGEST_NUMBER = 6, 19
SHORTEST_CODE, LONGEST_CODE, CODE_PARTS = 5, 34, 10
_DIGITS = re.compile("[0-9]+")
_NUMERALS = re.compile(f"[0-9{''.join(NUMERALS)}]{{2,}}")
_DIGIT_GAP = re.compile(r"[ \-.()+/]{1,3}")
_TO_ASCII = str.maketrans(NUMERALS)
_LOCAL = "abcdefghijklmnopqrstuvwxyz0123456789._%+-'"
_DOMAIN = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+){1,6}")
_LETTER, _DIGIT = re.compile("[a-z]"), re.compile("[0-9]")
# Length of a country code by its first two digits; every other one has three digits.
_ONE = frozenset("17")
_TWO = frozenset(
    [
        "20",
        "27",
        "30",
        "31",
        "32",
        "33",
        "34",
        "36",
        "39",
        "40",
        "41",
        "43",
        "44",
        "45",
        "46",
        "47",
        "48",
        "49",
        "51",
        "52",
        "53",
        "54",
        "55",
        "56",
        "57",
        "58",
        "60",
        "61",
        "62",
        "63",
        "64",
        "65",
        "66",
        "81",
        "82",
        "84",
        "86",
        "90",
        "91",
        "92",
        "93",
        "94",
        "95",
        "98",
    ]
)


@dataclass(frozen=True, slots=True)
class Window:
    """A window of folded text: its offsets, its lane, its length in the lane, and its hash."""

    start: int
    end: int
    lane: Lane
    length: int
    hash: int


@dataclass(frozen=True, slots=True)
class Word:
    """One word or character of folded text. `hash` is 0 where it can stand in no window."""

    start: int
    end: int
    hash: int
    plain: bool


def words(text: str, keys: Keys) -> list[Word]:
    """The words and single characters of folded text."""
    return [
        Word(
            m.start(),
            m.end(),
            word_hash(m[0].encode("utf-8", "surrogatepass"), keys)
            if m.end() - m.start() <= LONGEST_WORD
            else 0,
            m[0].isascii(),
        )
        for m in WORD.finditer(text)
    ]


def word_windows(found: list[Word], lengths: frozenset[int], keys: Keys) -> Iterator[Window]:
    """Every window of as many words as some registered value has."""
    longest = max(lengths, default=0)
    for first, word in enumerate(found):
        hashes: list[int] = []
        plain = True
        for at in range(first, min(first + longest, len(found))):
            part = found[at]
            if not part.hash or (hashes and part.start - found[at - 1].end > WIDEST_GAP):
                break
            hashes.append(part.hash)
            plain = plain and part.plain
            if len(hashes) in lengths:
                key = window_hash(hashes, plain, keys)
                yield Window(word.start, part.end, Lane.WORDS, len(hashes), key)


def country_free(digits: str, marked: bool) -> set[str]:
    """The forms under which a number may be registered: without zeros, without country code.

    `marked` where a plus stood before it.
    """
    bare = digits.lstrip("0")
    if len(bare) > LONGEST_NUMBER:
        return set()
    forms = {bare}
    if bare.startswith("86"):
        forms.add(bare[2:].lstrip("0"))
    if len(bare) == 11 and bare.startswith("1"):
        forms.add(bare[1:])
    if marked or digits.startswith("00"):
        forms.add(bare[country_length(bare) :].lstrip("0"))
    return {form for form in forms if SHORTEST_NUMBER <= len(form) <= LONGEST_NUMBER}


def country_length(digits: str) -> int:
    """How many digits the country code takes."""
    return 1 if digits[:1] in _ONE else 2 if digits[:2] in _TWO else 3


def number_windows(text: str, keys: Keys) -> Iterator[Window]:
    """Every number that runs of digits make, alone or joined, in each form it may be kept in.

    Once for runs of ASCII digits, once for runs with Chinese numerals among them.
    """
    yield from _number_windows(
        text, [(m.start(), m.end(), m[0]) for m in _DIGITS.finditer(text)], keys
    )
    mixed = [(m.start(), m.end(), m[0].translate(_TO_ASCII)) for m in _NUMERALS.finditer(text)]
    if any(not text[start:end].isascii() for start, end, _ in mixed):
        found = _number_windows(text, mixed, keys)
        yield from (w for w in found if not text[w.start : w.end].isascii())


def _number_windows(text: str, groups: list[tuple[int, int, str]], keys: Keys) -> Iterator[Window]:
    for first, (start, _, _) in enumerate(groups):
        digits = ""
        marked = text[start - 1 : start] == "+"
        for at in range(first, len(groups)):
            if digits and not _DIGIT_GAP.fullmatch(text, groups[at - 1][1], groups[at][0]):
                break
            digits += groups[at][2]
            end = groups[at][1]
            if len(digits) > LONGEST_NUMBER + 4:
                break
            for form in sorted(country_free(digits, marked)):
                key = number_hash(form, False, keys)
                yield Window(start, end, Lane.NUMBER, len(form), key)
            if len(digits) == 17 and digits[0] != "0" and re.match("x(?![0-9a-z])", text[end:]):
                key = number_hash(digits, True, keys)
                yield Window(start, end + 1, Lane.NUMBER, 18 | 32, key)


LOOSE, GROUPED = 64, 128  # flags of `number_shape`
_MARKS = " -.()+/"


def number_shape(text: str, start: int, end: int, length: int) -> int:
    """How a number is written: GROUPED where on purpose, LOOSE where perhaps by accident.

    On purpose: with Chinese numerals, or in groups of which the last has four digits or more.

    It may be one where marks as in it join it to more digits, or where it has grown into a word.
    """
    inner = set(text[start:end]) & set(_MARKS)
    last = re.split(r"[ \-.()+/]", text[start:end])[-1]
    told = GROUPED if (inner and len(last) >= 4) or not text[start:end].isascii() else 0
    for more in (_marks(text, start - 1, -1), _marks(text, end, 1)):
        told |= LOOSE if inner & more else 0
    before = text[max(0, start - 2) : start]
    if inner and len(last) < 4 and length & 31 <= 12:
        told |= LOOSE  # an address of a machine, a date
    if length == 11 and before.endswith("+") and text[start] == "1":
        told |= LOOSE  # the 1 is a country code rather than a digit of the number
    if _LETTER.match(text[end : end + 1]) or re.fullmatch("[^a-z]?[a-z]", before):
        told |= LOOSE
    return told


def _marks(text: str, at: int, step: int) -> set[str]:
    found: set[str] = set()
    for _ in range(3):
        if not 0 <= at < len(text) or text[at] not in _MARKS:
            return set()
        found.add(text[at])
        at += step
        if 0 <= at < len(text) and (text[at] in NUMERALS or text[at] in "0123456789"):
            return found
    return set()


def _joined(text: str, left: Word, right: Word) -> bool:
    if right.start - left.end != 1 or not right.plain:
        return False
    gap = text[left.end]
    if gap in "-_/.":
        return True
    if gap != " ":
        return False
    four = left.end - left.start == 4 and right.end - right.start == 4
    return four or text[right.start] in "0123456789"


def code_windows(text: str, found: list[Word], keys: Keys) -> Iterator[Window]:
    """Every run of words joined by one of - _ / . that holds a letter and a digit."""
    for first, word in enumerate(found):
        code = ""
        for at in range(first, min(first + CODE_PARTS, len(found))):
            part = found[at]
            if not part.plain or not part.hash or (code and not _joined(text, found[at - 1], part)):
                break
            code += text[part.start : part.end]
            if len(code) > LONGEST_CODE:
                break
            if len(code) >= SHORTEST_CODE and _LETTER.search(code) and _DIGIT.search(code):
                key = string_hash(code, Lane.CODE, keys)
                yield Window(word.start, part.end, Lane.CODE, len(code), key)


def mail_windows(text: str, keys: Keys) -> Iterator[Window]:
    """Every e-mail address; a domain that runs into what follows is tried label by label."""
    at = text.find("@")
    while at >= 0:
        start = at
        while start > 0 and at - start < LONGEST_WORD and text[start - 1] in _LOCAL:
            start -= 1
        while start < at and text[start] not in _LOCAL[:36]:
            start += 1
        domain = _DOMAIN.match(text, at + 1)
        if start < at and domain:
            labels = domain[0].split(".")
            for count in range(2, len(labels) + 1):
                end = at + 1 + len(".".join(labels[:count]).rstrip("-"))
                key = string_hash(text[start:end], Lane.MAIL, keys)
                yield Window(start, end, Lane.MAIL, end - start, key)
        at = text.find("@", at + 1)


def windows(text: str, lengths: frozenset[int], keys: Keys) -> Iterator[Window]:
    """Every window of folded text, of all lanes; `lengths` are those of registered word values."""
    found = words(text, keys)
    yield from word_windows(found, lengths, keys)
    yield from number_windows(text, keys)
    yield from code_windows(text, found, keys)
    yield from mail_windows(text, keys)
