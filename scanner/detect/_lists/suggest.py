"""Unregistered lists that are worth a dossier, and the dossier prefilled."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from scanner.columns.headers import concept_of
from scanner.detect._lists.score import CUSTOMER
from scanner.model.document import MEMBER
from scanner.model.rule import Column, FieldKind, Role
from scanner.registry.draft import dossier_text

LEAST_RECORDS = 10
_NOT_ID = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Seen:
    """An unregistered list as a scan recorded it: path, label, score, records and columns."""

    path: str
    label: str
    score: float
    records: int
    columns: tuple[str, ...]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A list worth registering. `copies` are other paths that seem to hold the same list."""

    path: str
    id: str
    title: str
    records: int
    score: float
    reasons: tuple[str, ...]
    copies: tuple[str, ...]
    dossier: str = field(repr=False)


def suggest(seen: Iterable[Seen], taken: Iterable[str] = ()) -> list[Suggestion]:
    """The lists worth a dossier, the weightiest first; `taken` are ids that are in use.

    Left out are lists of contacts only and lists of fewer than 10 records. Lists with the same
    columns and the same number of records count once.
    """
    groups: dict[tuple[tuple[str, ...], int], list[Seen]] = {}
    for one in seen:
        if one.label == CUSTOMER and one.records >= LEAST_RECORDS:
            groups.setdefault((one.columns, one.records), []).append(one)
    used = set(taken)
    ordered = sorted(groups.values(), key=lambda group: (-_weight(group[0]), group[0].path))
    return [_suggestion(group, used) for group in ordered]


def _weight(one: Seen) -> float:
    return one.score * math.log10(1 + one.records)


def _suggestion(group: list[Seen], used: set[str]) -> Suggestion:
    first, *others = sorted(group, key=lambda one: one.path)
    title = PurePosixPath(first.path.replace(MEMBER, "/").replace("\\", "/")).stem
    name = _free_id(title, used)
    columns = [column_named(column) for column in first.columns]
    return Suggestion(
        path=first.path,
        id=name,
        title=title,
        records=first.records,
        score=first.score,
        reasons=first.reasons,
        copies=tuple(one.path for one in others),
        dossier=dossier_text(name, title, columns, records=first.records),
    )


def _free_id(title: str, used: set[str]) -> str:
    base = _NOT_ID.sub("-", title.lower()).strip("-")[:40] or "list"
    name, number = base, 1
    while name in used:
        number += 1
        name = f"{base}-{number}"
    used.add(name)
    return name


def column_named(name: str) -> Column:
    """A column as its header alone tells it; registering the table types it by its cells."""
    concept, _whole = concept_of(name)
    if concept is None:
        return Column(name, FieldKind.TEXT, Role.NONE)
    return Column(name, concept.kind, concept.role)
