"""The measured test "known to the public": figures of one dataset against public directories.

It works on positions and truth values only, never on the values themselves, so it runs on
fingerprints. Two readings stand side by side: strict (the same entity carries the same value in
a directory) and loose (the value stands anywhere in one). Strict is the safe figure for claiming
that something is public, loose the safe one for subtracting before an alarm; the truth lies
between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanner.model.rule import Column, FieldKind, Role

FULLY_PUBLIC = 0.95
"""Share of fully public rows from which a list counts as public (ours; no court fixed one)."""
SELECTION_WHOLE = 0.5
"""Share of the directory from which a public list is no selection any more (ours)."""
DEEP_NONPUBLIC = 0.5
"""Share of rows with an unpublished deep value from which secrecy is proposed (ours)."""
JOIN_GAP = 0.05
"""Difference between loose and strict above which the entity join is called incomplete."""

_ENTITY = frozenset({FieldKind.COMPANY, FieldKind.PHONE, FieldKind.EMAIL, FieldKind.NATIONAL_ID})


@dataclass(frozen=True, slots=True)
class Cells:
    """The filled, indexed cells of one dataset: arrays of one length, one entry a cell.

    `strict` and `loose` say whether the cell's value is public, as the module says.
    """

    record: NDArray[np.uint32]
    column: NDArray[np.uint16]
    strict: NDArray[np.bool_]
    loose: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Publicity:
    """What the test measured, as shares of the list's rows, and what it proposes.

    `proposal` is not_met, unproven or proposed_met; `reason` is a code with a text in
    patterns/messages/registry.toml. `selection` is rows of the list over rows of the directories,
    -1 where there is none. `sources` are the ids of the directories, `as_of` the oldest edition.
    """

    rows: int
    sources: tuple[str, ...]
    directory_rows: int
    entity_public: float
    fully_public_strict: float
    fully_public_loose: float
    deep_nonpublic: float
    selection: float
    proposal: str
    reason: str
    join_incomplete: bool = False
    as_of: str = ""

    @property
    def mostly_public(self) -> bool:
        """True where most rows of the list stand whole in a directory."""
        return self.fully_public_loose >= 0.5


def measure(
    cells: Cells,
    columns: Sequence[Column],
    rows: int,
    directory_rows: int,
    sources: Sequence[str] = (),
    as_of: str = "",
    untested: Sequence[Column] = (),
) -> Publicity:
    """The publicity of a list of `rows` records against directories of `directory_rows` rows.

    `columns` are the dataset's columns in the order in which `cells.column` numbers them.
    `untested` are columns that no directory has and that could not be compared: a row that holds
    them is not public as a whole.
    """
    roles = [column.role for column in columns]
    deep = np.array([role is Role.DEEP for role in roles], dtype=bool)
    trade = np.array([role is Role.TRANSACTION for role in roles], dtype=bool)
    naming = np.array([column.kind in _ENTITY for column in columns], dtype=bool)
    filled = _rows_with(cells.record, rows)
    entity = _rows_with(cells.record[cells.loose & naming[cells.column]], rows)
    deep_open = _rows_with(cells.record[~cells.loose & deep[cells.column]], rows)
    trade_open = bool(np.any(~cells.loose & trade[cells.column]))
    base = max(1, rows)
    strict, loose = 0.0, 0.0
    if not untested:
        strict = _share(filled & ~_rows_with(cells.record[~cells.strict], rows), base)
        loose = _share(filled & ~_rows_with(cells.record[~cells.loose], rows), base)
    selection = rows / directory_rows if directory_rows else -1.0
    proposal, reason = propose(
        strict,
        _share(deep_open, base),
        selection,
        plain_trade=trade_open or any(column.role is Role.TRANSACTION for column in untested),
        sources=len(sources),
    )
    return Publicity(
        rows=rows,
        sources=tuple(sources),
        directory_rows=directory_rows,
        entity_public=_share(entity, base),
        fully_public_strict=strict,
        fully_public_loose=loose,
        deep_nonpublic=_share(deep_open, base),
        selection=round(selection, 6),
        proposal=proposal,
        reason=reason,
        join_incomplete=_gap(cells, len(columns)) > JOIN_GAP,
        as_of=as_of,
    )


def propose(
    fully_public: float, deep_nonpublic: float, selection: float, *, plain_trade: bool, sources: int
) -> tuple[str, str]:
    """The proposal and the code of its reason."""
    if not sources:
        return "unproven", "no_source"
    if fully_public >= FULLY_PUBLIC:
        if selection >= SELECTION_WHOLE:
            return "not_met", "public"
        return "unproven", "selection_only"
    if deep_nonpublic >= DEEP_NONPUBLIC:
        return "proposed_met", "deep"
    return "unproven", "plain_transactions" if plain_trade else "thin_residual"


def _rows_with(records: NDArray[np.uint32], rows: int) -> NDArray[np.bool_]:
    mark = np.zeros(rows, dtype=bool)
    mark[records] = True
    return mark


def _share(mark: NDArray[np.bool_], base: int) -> float:
    return round(float(np.count_nonzero(mark)) / base, 6)


def _gap(cells: Cells, columns: int) -> float:
    """The widest difference of a column between public anywhere and public under its entity."""
    if not len(cells.record):
        return 0.0
    total = np.bincount(cells.column, minlength=columns)
    apart = np.bincount(cells.column[cells.loose & ~cells.strict], minlength=columns)
    return float(np.max(apart / np.maximum(total, 1)))
