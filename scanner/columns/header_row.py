"""Where the header of a table stands: below title lines, or nowhere."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from scanner.columns.cells import Cell, look
from scanner.columns.headers import concept_of, flags_of

Rows = Sequence[Sequence[str]]

_PROBE_ROWS = 40
_HEADER_ROWS = 15
_PROBE_COLUMNS = 200
_VALUES = frozenset(
    {
        Cell.EMAIL,
        Cell.MOBILE,
        Cell.PHONE,
        Cell.RESIDENT_ID,
        Cell.CREDIT_CODE,
        Cell.SSN,
        Cell.CARD,
        Cell.IBAN,
        Cell.URL,
        Cell.DATE,
    }
)
_NUMBERS = frozenset({Cell.NUMBER, Cell.DIGITS})
_NAMES = frozenset({Cell.ORG, Cell.ADDRESS, Cell.PERSON, Cell.PLACE, Cell.GIVEN, Cell.FAMILY})


def find_header(rows: Rows) -> tuple[list[str] | None, int]:
    """The header cells and the number of the first data row; None where there is no header."""
    probe = [list(row[:_PROBE_COLUMNS]) for row in rows[:_PROBE_ROWS]]
    fills = [sum(1 for cell in row if cell.strip()) for row in probe]
    if not any(fills):
        return None, 0
    usual = statistics.median_high([fill for fill in fills if fill])
    least = 1 if usual <= 1 else max(2, math.ceil(usual / 2))
    best: tuple[float, int] | None = None
    first = next((index for index, fill in enumerate(fills) if fill >= least), 0)
    for index, row in enumerate(probe[:_HEADER_ROWS]):
        if fills[index] < least:
            continue
        score = _score(row, probe[index + 1 : index + 12])
        if score <= 0 and best is None and _is_data(row):
            break
        if score > 0 and (best is None or score > best[0] + 0.15):
            best = (score, index)
        elif best is not None:
            break
    if best is None:
        return None, first
    return [str(cell) for cell in rows[best[1]]], best[1] + 1


def _is_data(row: list[str]) -> bool:
    looks = [look(cell) for cell in row]
    return any(kind in _VALUES for kind in looks)


def _score(row: list[str], below: list[list[str]]) -> float:
    """How much a row is a header: known words and a contrast to the rows below; 0 for none."""
    filled = words = contrast = numeric = repeated = 0.0
    cells: set[str] = set()
    for column, cell in enumerate(row):
        text = cell.strip()
        if not text:
            continue
        filled += 1
        cells.add(text)
        kind = look(text)
        concept, whole = concept_of(text) if len(text) <= 60 else (None, False)
        known = whole or ((concept is not None or bool(flags_of(text))) and kind not in _NAMES)
        if kind in _VALUES and not whole:
            return 0.0
        numeric += kind in _NUMBERS
        under = [other[column] for other in below if column < len(other) and other[column].strip()]
        if text in under:
            repeated += 1
            continue
        words += (1.0 if whole else 0.7) if known and len(text) <= 40 else 0.0
        contrast += _contrasts(kind, under)
    if not filled or numeric > filled * 0.5 or repeated > filled * 0.3:
        return 0.0
    share, against = words / filled, contrast / filled
    if words < 1.4 and share < 0.5 and (against < 0.3 or contrast < 1):
        return 0.0
    if share < 0.1 and against < 0.1:
        return 0.0
    return share + 0.6 * against - 0.5 * (1 - len(cells) / filled)


def _contrasts(kind: Cell, under: list[str]) -> float:
    if kind in _NUMBERS or not under:
        return 0.0
    looks = [look(cell) for cell in under]
    typed = sum(other in _VALUES or other in _NUMBERS for other in looks)
    return 1.0 if typed >= 0.7 * len(looks) else 0.0
