"""Readable runs of characters inside bytes that no reader understands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.extract.base import Blob
from scanner.model.content import Kind, Segment

LIMIT = 64 << 20
_WINDOW = 4 << 20
# UTF-8 (ASCII, two bytes, CJK three bytes) and UTF-16LE (ASCII, CJK) runs of at least six.
_UTF8 = re.compile(
    rb"(?:[\x20-\x7e\t]|[\xc3-\xdf][\x80-\xbf]|[\xe3-\xe9][\x80-\xbf]{2}"
    rb"|\xef[\xbc\xbd][\x80-\xbf]){6,}"
)
_UTF16 = re.compile(rb"(?:[\x20-\x7e\t\r\n]\x00|[\x00-\xff][\x4e-\x9f]|[\x00-\xef]\xff){6,}")
_WIDE_NOISE = re.compile(rb"(?:\x00|[\x20-\x7e])(?:[\x4e-\x7e])")


def strings(data: bytes) -> list[str]:
    """The readable runs of UTF-8 and UTF-16LE in `data`, in their order."""
    found: list[tuple[int, str]] = []
    for match in _UTF8.finditer(data):
        text = match.group().decode("utf-8", "ignore")
        if sum(letter.isalnum() for letter in text) * 2 > len(text):
            found.append((match.start(), text.strip()))
    for match in _UTF16.finditer(data):
        raw = match.group()
        if raw.count(0, 1) * 3 < len(raw) and _looks_ascii(raw):
            continue  # ASCII read two by two gives rare Chinese characters
        found.append((match.start(), raw.decode("utf-16-le", "ignore").strip()))
    found.sort()
    return [text for _, text in found if text]


def _looks_ascii(raw: bytes) -> bool:
    return sum(0x20 <= byte < 0x7F for byte in raw) * 10 > len(raw) * 9


def raw_strings(blob: Blob, locator: str = "raw strings") -> Iterator[Segment]:
    """RAW segments of the first and last bytes of an object, bounded."""
    end = min(blob.size, LIMIT) if blob.size >= 0 else 0
    line = 1
    for offset in range(0, end, _WINDOW):
        found = strings(blob.at(offset, _WINDOW))
        if found:
            yield Segment("\n".join(found), locator, Kind.RAW, first_line=line)
            line += len(found)
