"""The one normal form of text, the same for registering and for scanning, with offsets kept.

`fold` gives lower-case ASCII letters and digits, other letters as single characters without
marks, simplified instead of traditional Chinese characters, ASCII separators, and nothing where
a character is invisible. HTML entities are resolved, "[at]" and "(dot)" become @ and a dot.
"""

from __future__ import annotations

import re
import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

KEEP, SEP, DROP, ONE, SEQ = range(5)
TABLE_FILE = Path(__file__).with_name("fold_table.bin")
NUMERALS = {
    char: str(value)
    for value, chars in enumerate(
        ("零", "一壹幺", "二贰两", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")
    )
    for char in chars
}

_ENTITY = re.compile(r"&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-z]{2,6}));")
_NAMED = {
    "amp": "&",
    "lt": "<",
    "gt": ">",
    "quot": '"',
    "apos": "'",
    "nbsp": " ",
    "commat": "@",
    "period": ".",
    "hyphen": "-",
    "dash": "-",
    "lowbar": "_",
    "plus": "+",
    "num": "#",
}
_SPELLED = re.compile(r"[\[({<] {0,2}(at|dot) {0,2}[\])}>] {0,2}", re.IGNORECASE)
_PLAIN = re.compile(r"[^\x00-\x7f]|[&\[({<]")


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text; character i stands for `origins[i]` to `ends[i]` of the original."""

    text: str
    origins: Sequence[int]
    ends: Sequence[int]


@cache
def raw_table() -> bytes:
    """The bytes of the fold table, as the native kernel takes them."""
    return TABLE_FILE.read_bytes()


@cache
def _table() -> tuple[array[int], array[int], array[int]]:
    data = raw_table()
    pages, pool = struct.unpack_from("<II", data, 4)
    numbers, entries, points = array("H"), array("I"), array("I")
    at = 12
    for target, count in ((numbers, 0x110000 // 128), (entries, pages * 128), (points, pool)):
        target.frombytes(data[at : at + count * target.itemsize])
        at += count * target.itemsize
    return numbers, entries, points


@cache
def fold_char(char: str) -> str:
    """What one character becomes: "" where it is invisible, an ASCII mark where it separates."""
    numbers, entries, points = _table()
    cp = ord(char)
    entry = entries[numbers[cp >> 7] * 128 + (cp & 127)]
    kind, payload = entry >> 24, entry & 0xFFFFFF
    if kind == KEEP:
        return char
    if kind == DROP:
        return ""
    if kind == SEQ:
        start = payload >> 5
        return "".join(map(chr, points[start : start + (payload & 31)]))
    return chr(payload)


def fold(text: str) -> Folded:
    """The normal form of a text."""
    if not _PLAIN.search(text):
        return Folded(text.lower(), range(len(text)), range(1, len(text) + 1))
    out: list[str] = []
    origins: list[int] = []
    ends: list[int] = []
    at = 0
    while at < len(text):
        char = text[at]
        end, told = at + 1, None
        if char == "&" and (entity := _ENTITY.match(text, at)):
            told, end = _resolve(entity), entity.end()
        elif char in "[({<" and (spelled := _SPELLED.match(text, at)):
            told, end = "@" if spelled[1].lower() == "at" else ".", spelled.end()
            for _ in range(2):
                if out and out[-1] == " ":
                    out.pop()
                    origins.pop()
                    ends.pop()
        if told is None:
            told, end = fold_char(char), at + 1
        out.extend(told)
        origins.extend([at] * len(told))
        ends.extend([end] * len(told))
        at = end
    return Folded("".join(out), origins, ends)


def _resolve(entity: re.Match[str]) -> str | None:
    decimal, hexadecimal, name = entity.groups()
    if name:
        return _NAMED.get(name)
    cp = int(decimal) if decimal else int(hexadecimal, 16)
    return fold_char(chr(max(cp, 32))) if 0 < cp < 0x110000 else None


def fold_text(text: str) -> str:
    """The normal form without offsets."""
    return fold(text).text
