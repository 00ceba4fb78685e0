"""Values of spreadsheet cells as a person would copy them."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal, InvalidOperation

PADDING = 4 << 20  # empty cells a sheet may be given so that its columns keep their letters

_DATES = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_DATE_LETTERS = re.compile(r"[ymdhs年月日]", re.IGNORECASE)
_ZEROS = re.compile(r"^0{2,20}$")
_EPOCHS = (datetime.datetime(1899, 12, 30), datetime.datetime(1904, 1, 1))
_LAST_DAY = 2958466


def number(text: str) -> str:
    """A number as its digits: no exponent, no .0, no noise of binary fractions."""
    if text.isdigit() or (text[:1] == "-" and text[1:].isdigit()):
        return text
    try:
        value = float(text)
    except ValueError:
        return text
    return real(value, text)


def real(value: float, text: str = "") -> str:
    """A binary number as its shortest digits, whole numbers without a point."""
    if value != value or value in (float("inf"), float("-inf")):
        return text or str(value)
    if value.is_integer() and abs(value) < 1e22:
        digits = text.lstrip("-")
        return text if digits.isdigit() else str(int(value))
    shown = repr(value)
    if "e" in shown:
        try:
            shown = format(Decimal(shown), "f")
        except InvalidOperation:
            return text
    return shown if len(shown) < 400 else text


def is_date_format(ident: int, code: str) -> bool:
    """True for a number format that shows a date or a time."""
    if code:
        bare = _QUOTED.sub("", code.split(";")[0])
        return (
            bool(_DATE_LETTERS.search(bare)) and "general" not in bare.lower() and "0.0" not in bare
        )
    return ident in _DATES


def zeros(code: str) -> int:
    """How many digits a format such as 00000000 fills up to, 0 for any other."""
    return len(code) if _ZEROS.match(code) else 0


def date(value: float, since_1904: bool = False) -> str:
    """A serial day as an ISO date, date and time, or time; "" where it is none."""
    if not 0 <= value < _LAST_DAY:
        return ""
    seconds = round(value * 86400)
    if value < 1 and not since_1904:
        return str(datetime.timedelta(seconds=seconds)).rjust(8, "0")
    if not since_1904 and value < 60:
        seconds += 86400  # the day that never was
    moment = _EPOCHS[since_1904] + datetime.timedelta(seconds=seconds)
    return moment.date().isoformat() if not seconds % 86400 else moment.isoformat(" ")


class Formats:
    """The number formats of a workbook's cell styles."""

    __slots__ = ("_kinds", "since_1904")

    def __init__(self, since_1904: bool = False) -> None:
        self.since_1904 = since_1904
        self._kinds: list[int] = []  # -1 date, 0 plain, n zeros to fill up to

    def add(self, ident: int, code: str) -> None:
        """The next style uses this number format."""
        self._kinds.append(-1 if is_date_format(ident, code) else zeros(code))

    def shown(self, text: str, style: int) -> str:
        """A numeric cell's text under its style."""
        kind = self._kinds[style] if 0 <= style < len(self._kinds) else 0
        if kind == 0:
            return text if text.isdigit() else number(text)
        if kind > 0:
            plain = number(text)
            return plain.zfill(kind) if plain.isdigit() else plain
        try:
            return date(float(text), self.since_1904) or number(text)
        except ValueError:
            return text


_COLUMNS: dict[str, int] = {}


def column(letters: str) -> int:
    """The index, from 0, of a column's letters; -1 where they are none."""
    known = _COLUMNS.get(letters)
    if known is None:
        known = 0
        for letter in letters:
            if not "A" <= letter <= "Z":
                return -1
            known = known * 26 + ord(letter) - 64
        known -= 1
        if len(letters) <= 3:
            _COLUMNS[letters] = known
    return known


class Row:
    """Cells put at their columns, with a bound on the empty ones between them."""

    __slots__ = ("cells", "room")

    def __init__(self, room: int = PADDING) -> None:
        self.cells: list[str] = []
        self.room = room

    def put(self, at: int, text: str) -> None:
        """The text at column `at`; behind the last cell where that is unknown or too far."""
        gap = at - len(self.cells)
        if gap > 0:
            if gap > 32:
                gap = gap if gap <= self.room else 1
                self.room -= gap
            self.cells.extend([""] * gap)
        self.cells.append(text)

    def take(self) -> list[str]:
        """The row; the next one begins empty."""
        made, self.cells = self.cells, []
        return made
