"""What a table's columns are: header row found, each column typed by its cells and its header."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from scanner.columns.decide import Verdict, decide
from scanner.columns.header_row import find_header
from scanner.columns.headers import concept_of
from scanner.columns.profile import Profile, profile
from scanner.messages import message
from scanner.model.rule import Column, FieldKind, Role

Rows = Sequence[Sequence[str]]

SAMPLE_ROWS = 300
_SAMPLE_CELLS = 240_000
_LEAST_ROWS = 20


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """What a column was taken for, how sure that is (0 to 1), and why, in sentences."""

    column: Column
    confidence: float
    reasons: tuple[str, ...]


def split_header(rows: Rows) -> tuple[list[str] | None, int]:
    """The header cells and the number of the first data row.

    Title lines above the header are passed over. Without a header: None and 0 (or the first row
    behind the title lines).
    """
    return find_header(rows)


def sample_rows(rows: Rows, limit: int = SAMPLE_ROWS) -> Rows:
    """At most `limit` rows spread evenly over the table, the first and the last among them."""
    count = len(rows)
    if count <= limit:
        return rows
    step = (count - 1) / (limit - 1) if limit > 1 else 0
    return [rows[round(place * step)] for place in range(limit)]


def column_names(header: Sequence[str] | None, width: int) -> list[str]:
    """One name a column, unique: empty ones become "column 3", repeated ones get " (2)"."""
    seen: dict[str, int] = {}
    taken: set[str] = set()
    names = []
    for index in range(width):
        told = " ".join(header[index].split()) if header and index < len(header) else ""
        name = base = told or f"column {index + 1}"
        while name in taken:
            seen[base] = seen.get(base, 1) + 1
            name = f"{base} ({seen[base]})"
        taken.add(name)
        names.append(name)
    return names


def type_columns(header: Sequence[str] | None, rows: Rows) -> list[ColumnGuess]:
    """One guess for each column of the table, in order, from the header and a sample of rows."""
    width = max([len(header) if header else 0, *map(len, sample_rows(rows))], default=0)
    limit = min(SAMPLE_ROWS, max(_LEAST_ROWS, _SAMPLE_CELLS // max(1, width)))
    sample = sample_rows(rows, limit)
    names = column_names(header, width)
    profiles = [
        profile([row[index] for row in sample if index < len(row)]) for index in range(width)
    ]
    guesses = [
        _guess(names[index], header[index] if header and index < len(header) else "", stats)
        for index, stats in enumerate(profiles)
    ]
    return _personal(guesses, profiles)


def _guess(name: str, header: str, stats: Profile) -> ColumnGuess:
    concept, _whole = concept_of(header) if header else (None, False)
    verdict: Verdict = decide(concept, stats)
    reasons = []
    if verdict.by_header and concept is not None:
        reasons.append(message("detect", "column-header", concept=concept.name))
    if verdict.kind is FieldKind.EMPTY:
        reasons.append(message("detect", "column-empty"))
    elif verdict.look:
        share = round(100 * verdict.share)
        reasons.append(message("detect", "column-cells", share=share, look=verdict.look))
    if verdict.kind is FieldKind.CATEGORY:
        reasons.append(message("detect", "column-few", count=stats.distinct))
    elif stats.count:
        different = round(100 * stats.distinct / stats.count)
        reasons.append(message("detect", "column-known", distinct=different))
    column = Column(
        name=name,
        kind=verdict.kind,
        role=verdict.role,
        indexed=verdict.indexed,
        strong=verdict.strong,
        pi=verdict.pi,
    )
    return ColumnGuess(column, verdict.confidence, tuple(reasons))


def _personal(guesses: list[ColumnGuess], profiles: list[Profile]) -> list[ColumnGuess]:
    """Personal-information classes seen over the whole table: firms' own data are none.

    Without any column of persons, switchboard numbers and addresses are a firm's; without any
    column of companies, trades are those of natural persons (class B).
    """
    kinds = {guess.column.kind for guess in guesses}
    persons = FieldKind.PERSON in kinds
    firms = FieldKind.COMPANY in kinds
    result = []
    for guess, stats in zip(guesses, profiles, strict=True):
        column = guess.column
        pi = column.pi
        switchboard = column.kind is FieldKind.PHONE and stats.mobile < 0.5
        if firms and not persons and (switchboard or column.kind is FieldKind.ADDRESS):
            pi = "none"
        elif persons and not firms and pi == "none" and column.role is Role.TRANSACTION:
            pi = "B"
        result.append(replace(guess, column=replace(column, pi=pi)))
    return result
