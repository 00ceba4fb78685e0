r"""Names as shown to people: printable, one line, unambiguous.

A name is bytes. What is no UTF-8 text, a backslash, or does not show (controls, bidi and zero-width
characters, line separators, spaces other than the common one) is shown as \xNN (bytes and ASCII)
or \uNNNN / \UNNNNNNNN.
"""

from __future__ import annotations

import os
import re
import sys

_PLAIN = re.compile(r"[ -\[\]-~一-鿿ぁ-ヿ가-힣À-ÖØ-öø-ſ！-～]*")
_KEEPS_BACKSLASH = sys.platform == "win32"


def display(raw: bytes) -> str:
    """The shown form of raw name bytes; two different names never look the same."""
    text = raw.decode("utf-8", "surrogateescape")
    return text if _PLAIN.fullmatch(text) else "".join(map(_shown, text))


def display_text(name: str) -> str:
    """The shown form of a name that is text already (an archive member, an attachment)."""
    return name if _PLAIN.fullmatch(name) else "".join(map(_shown, name))


def raw_name(path: str | bytes | os.PathLike[str]) -> bytes:
    """The bytes of a local path as the system holds them."""
    return os.fsencode(path)


def _shown(char: str) -> str:
    code = ord(char)
    if char == "\\":
        return char if _KEEPS_BACKSLASH else "\\x5c"
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if char.isprintable():
        return char
    if code < 0x100:
        # A C1 control is two bytes in UTF-8: \u0085 cannot be mistaken for the byte \x85.
        return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
