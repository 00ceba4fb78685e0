"""Full-width forms as plain ones, ignorable characters left out, places kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0x00A0: 0x20}
_FOLDED = re.compile(r"[\uff01-\uff5e\u3000\u00a0]")
_IGNORABLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff]+")


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text; `starts` maps its places back, None where they are the same."""

    text: str = field(repr=False)
    starts: tuple[tuple[int, int], ...] = ()  # (place in the folded text, characters left out)

    def place(self, offset: int, *, end: bool = False) -> int:
        """The place in the text that was folded; of an `end`, behind the last character."""
        added = 0
        for start, gone in self.starts:
            if start > offset or (end and start == offset):
                break
            added = gone
        return offset + added


def fold(text: str) -> Folded:
    """The text as recognisers read it."""
    if text.isascii():
        return Folded(text)
    if _FOLDED.search(text):
        text = text.translate(_WIDE)
    if not _IGNORABLE.search(text):
        return Folded(text)
    parts: list[str] = []
    starts: list[tuple[int, int]] = []
    last = gone = length = 0
    for match in _IGNORABLE.finditer(text):
        parts.append(text[last : match.start()])
        length += match.start() - last
        gone += match.end() - match.start()
        starts.append((length, gone))
        last = match.end()
    parts.append(text[last:])
    return Folded("".join(parts), tuple(starts))
