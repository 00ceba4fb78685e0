"""Entries of the registry as they are written down, and back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from scanner.model.rule import Column, DatasetSpec, FieldKind, RecordRule, Role
from scanner.registry.designation import Entry, SourceFigures
from scanner.registry.dossier import Dossier
from scanner.registry.history import HistoryRow
from scanner.registry.publicity import Publicity


def entry_payload(entry: Entry) -> dict[str, Any]:
    """What of an entry goes into the history row: only plain data, no value of a customer."""
    return {
        "form": entry.form,
        "title": entry.title,
        "spec": spec_payload(entry.spec),
        "records": entry.records,
        "source": asdict(entry.source),
        "dossier": entry.dossier.model_dump(mode="json", exclude_defaults=True)
        if entry.dossier
        else None,
        "publicity": asdict(entry.publicity) if entry.publicity else None,
        "public_source": entry.public_source,
        "as_of": entry.as_of.isoformat() if entry.as_of else "",
    }


def entry_from(row: HistoryRow) -> Entry:
    """The entry that a history row holds."""
    data = row.data()
    publicity = data["publicity"]
    if publicity:
        publicity = Publicity(**{**publicity, "sources": tuple(publicity["sources"])})
    return Entry(
        id=row.id,
        form=data["form"],
        title=data["title"],
        spec=spec_from(data["spec"]),
        records=data["records"],
        source=SourceFigures(**data["source"]),
        dossier=Dossier.model_validate(data["dossier"]) if data["dossier"] else None,
        publicity=publicity,
        public_source=data["public_source"],
        as_of=_day(data["as_of"]),
        version=row.version,
        valid_from=_day(row.valid_from),
        valid_to=_day(row.valid_to),
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
    )


def spec_payload(spec: DatasetSpec) -> dict[str, Any]:
    """A spec as plain data."""
    data = asdict(spec)
    data["columns"] = [{**column} for column in data["columns"]]
    data["rule"]["never"] = sorted(sorted(names) for names in spec.rule.never)
    data["rule"]["mandatory"] = list(spec.rule.mandatory)
    return data


def spec_from(data: dict[str, Any]) -> DatasetSpec:
    """The spec out of `spec_payload`."""
    columns = tuple(
        Column(**{**column, "kind": FieldKind(column["kind"]), "role": Role(column["role"])})
        for column in data["columns"]
    )
    rule = {
        **data["rule"],
        "mandatory": tuple(data["rule"]["mandatory"]),
        "never": tuple(frozenset(names) for names in data["rule"]["never"]),
    }
    return DatasetSpec(data["id"], columns, RecordRule(**rule), data["public"])


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
