"""The cells of one column, counted by their looks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from scanner.columns.cells import Cell, clean, look

_HAN = re.compile(r"[\u3400-\u9fff]")
_NANP = re.compile(r"(?:1?)[2-9]\d{2}[2-9]\d{6}")
_LANDLINE_ZH = re.compile(r"\D*(?:86\D*)?(?:0\d{2,3}|[48]00)\D*\d")

_NAMELIKE = re.compile(
    r"[^\W\d_a-z][\w'’.-]*(?: [^\W\d_a-z][\w'’.-]*){1,3}"
    r"|[\u3400-\u9fff]{2,4}"
)
_OPEN = frozenset({Cell.PERSON, Cell.WORD, Cell.TEXT, Cell.GIVEN, Cell.FAMILY})


@dataclass(frozen=True, slots=True)
class Profile:
    """Counts over the cells of a column that hold a value.

    `shares` is the part of each look; `distinct` the number of different cells; `length` the mean
    length; `digits` the mean number of digits and letters; `nanp` the part that could be North
    American numbers written without marks; `landline` the part that are Chinese fixed lines;
    `namelike` the part that has the form of a person's name, known or not.
    """

    count: int = 0
    shares: dict[Cell, float] = field(default_factory=dict)
    distinct: int = 0
    length: float = 0.0
    signs: float = 0.0
    han: float = 0.0
    nanp: float = 0.0
    landline: float = 0.0
    namelike: float = 0.0

    def share(self, *looks: Cell) -> float:
        """The part of the cells that have one of the looks."""
        return sum(self.shares.get(kind, 0.0) for kind in looks)

    @property
    def mobile(self) -> float:
        """The part of mobile numbers among cells."""
        return self.share(Cell.MOBILE)

    @property
    def variety(self) -> float:
        """Different cells by cells, 0 where there is none."""
        return self.distinct / self.count if self.count else 0.0


def profile(cells: Sequence[str]) -> Profile:
    """The profile of a column's sampled cells."""
    values = Counter(cells)
    looks: Counter[Cell] = Counter()
    distinct = 0
    length = signs = 0
    han = nanp = landline = namelike = 0
    for cell, times in values.items():
        kind = look(cell)
        if kind is Cell.EMPTY:
            continue
        looks[kind] += times
        distinct += 1
        text = clean(cell)
        length += len(text) * times
        signs += sum(map(str.isalnum, text)) * times
        han += times if _HAN.search(text) else 0
        namelike += times if kind in _OPEN and _NAMELIKE.fullmatch(text) else 0
        if kind is Cell.DIGITS:
            nanp += times if _NANP.fullmatch(text.removesuffix(".0")) else 0
        if kind in (Cell.PHONE, Cell.DIGITS):
            landline += times if _LANDLINE_ZH.match(text) else 0
    count = sum(looks.values())
    if not count:
        return Profile()
    return Profile(
        count=count,
        shares={kind: number / count for kind, number in looks.items()},
        distinct=distinct,
        length=length / count,
        signs=signs / count,
        han=han / count,
        nanp=nanp / count,
        landline=landline / count,
        namelike=namelike / count,
    )
