"""Cells that a spreadsheet would run as a formula, made harmless, and back.

A cell is prefixed with an apostrophe where, after spaces and invisible characters, it begins with
a formula character, in its full-width and small forms too, and where it begins with a tab, a line
end or an apostrophe. So one leading apostrophe can always be taken off again.
"""

from __future__ import annotations

import unicodedata

PREFIX = "'"
_STARTS = frozenset("=+-@")
_ALSO = frozenset("\u2212\u2010\u2011\u2012\u2013\u2014\uff0d\u207a\u207b\u207c\u2795\u2796")


def live(cell: str) -> bool:
    """True where the cell must not be given to a spreadsheet as it is."""
    if not cell or cell[0].isalnum():
        return False
    if cell[0] in "\t\r\n'":
        return True
    for char in cell:
        if char.isspace() or unicodedata.category(char) in ("Cc", "Cf", "Mn"):
            continue
        return char in _ALSO or unicodedata.normalize("NFKC", char)[:1] in _STARTS
    return False


def harmless(cell: str) -> str:
    """The cell as it may be written."""
    return PREFIX + cell if live(cell) else cell


def original(cell: str) -> str:
    """The cell that `harmless` was given."""
    return cell[1:] if cell.startswith(PREFIX) else cell
