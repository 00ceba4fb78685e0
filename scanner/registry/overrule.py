"""Columns as measured, corrected by what the dossier says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from scanner.model.errors import DossierError
from scanner.model.rule import Column, DatasetSpec, RecordRule
from scanner.registry.dossier import Dossier


def overrule(columns: Sequence[Column], dossier: Dossier) -> tuple[Column, ...]:
    """The columns with the dossier's corrections.

    Raises DossierError where the dossier names a column that the table does not have.
    """
    known = [column.name for column in columns]
    for note in dossier.columns:
        if note.name not in known:
            raise DossierError(
                f"the dossier describes the column {note.name!r}, which the table does not have "
                f"(it has: {', '.join(known)})"
            )
    corrected = []
    for column in columns:
        said = dossier.column(column.name)
        if said:
            told: dict[str, Any] = {
                "kind": said.kind,
                "role": said.role,
                "indexed": said.indexed,
                "strong": said.strong,
                "claimed": said.claimed,
                "pi": said.pi,
            }
            column = replace(column, **{k: v for k, v in told.items() if v is not None})
        corrected.append(column)
    return tuple(corrected)


def spec_for(dataset_id: str, columns: Sequence[Column], dossier: Dossier | None) -> DatasetSpec:
    """The spec of a dataset: measured columns and the default rule, corrected by its dossier.

    Raises DossierError where the dossier names a column that the table does not have.
    """
    if dossier is None:
        return DatasetSpec(dataset_id, tuple(columns))
    rule = dossier.match.rule() if dossier.match else RecordRule()
    known = {column.name for column in columns}
    for name in (*rule.mandatory, *(name for names in rule.never for name in names)):
        if name not in known:
            raise DossierError(
                f"the dossier's `match` names the column {name!r}, which the table does not have "
                f"(it has: {', '.join(sorted(known))})"
            )
    return DatasetSpec(dataset_id, overrule(columns, dossier), rule)
