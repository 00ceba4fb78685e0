"""Text made safe to show on one line: no control, bidi or undecodable character is left bare."""

from __future__ import annotations

import re
from collections.abc import Iterable

# C0, DEL, C1, line and paragraph separators, bidi marks, embeddings, overrides and isolates,
# invisible operators and the byte order mark, surrogates.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff]"
)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no text, as os.fsdecode leaves it
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def shown(text: str) -> str:
    r"""The text on one line, unsafe characters as \xNN or \uNNNN."""
    return _UNSAFE.sub(_escaped, text)


def listed(items: Iterable[str]) -> str:
    r"""The items joined by `;`; a `;` inside an item is shown as \x3b."""
    return ";".join(shown(item).replace(";", "\\x3b") for item in items)
