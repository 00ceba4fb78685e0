"""Readable runs of characters inside bytes that no reader understands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from scanner.extract.base import Blob
from scanner.model.content import Kind, Segment

LIMIT = 64 << 20
_WINDOW = 4 << 20
_SHORTEST = 8  # runs of ASCII below this are mostly chance
# UTF-8 (ASCII, two bytes, CJK three bytes) and UTF-16LE (ASCII, CJK) runs of at least six.
_UTF8 = re.compile(
    rb"(?:[\x20-\x7e\t]|[\xc3-\xdf][\x80-\xbf]|[\xe3-\xe9][\x80-\xbf]{2}"
    rb"|\xef[\xbc\xbd][\x80-\xbf]){4,}"
)
_UTF16 = re.compile(
    rb"(?:[\x20-\x7e\t\r\n]\x00|[\x01-\xff][\x4e-\x9f]|\x00\x4e|[\x00-\xef]\xff){4,}"
)


@cache
def _usual() -> frozenset[str]:
    """The Chinese characters of everyday writing (the first level of the national standard)."""
    pairs = bytes(
        byte for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF) for byte in (high, low)
    )
    return frozenset(pairs.decode("gb2312", "ignore"))


def strings(data: bytes) -> list[str]:
    """The readable runs of UTF-8 and UTF-16LE in `data`, in their order."""
    found: list[tuple[int, str]] = []
    for match in _UTF8.finditer(data):
        if match.end() - match.start() >= _SHORTEST:
            _keep(found, match.start(), match.group().decode("utf-8", "ignore"))
    for match in _UTF16.finditer(data):
        _keep(found, match.start(), match.group().decode("utf-16-le", "ignore"))
    found.sort()
    return [text for _, text in found]


def _keep(found: list[tuple[int, str]], at: int, text: str) -> None:
    """Keeps a run that reads as writing, not as chance."""
    text = text.strip()
    wide = [letter for letter in text if letter > "\u02ff"]
    if wide:
        usual = _usual()
        if sum(letter in usual for letter in wide) * 10 < len(wide) * 6 or len(wide) < 2:
            return
    elif len(text) < _SHORTEST or sum(letter.isalnum() for letter in text) * 3 < len(text) * 2:
        return
    found.append((at, text))


def raw_strings(blob: Blob, locator: str = "raw strings") -> Iterator[Segment]:
    """RAW segments of the first and last bytes of an object, bounded."""
    end = min(blob.size, LIMIT) if blob.size >= 0 else 0
    line = 1
    for offset in range(0, end, _WINDOW):
        data = blob.at(offset, _WINDOW)
        found = strings(data) if data.strip(b"\0") else []
        if found:
            yield Segment("\n".join(found), locator, Kind.RAW, first_line=line)
            line += len(found)
