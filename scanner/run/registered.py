"""What is registered, as told to people: overview, one entry, its assessment."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from scanner.home import Home
from scanner.judge.pack import open_pack
from scanner.model.errors import UsageError
from scanner.registry.designation import Assessment, Entry
from scanner.registry.registry import Registry
from scanner.run.enrol import described, measure_now
from scanner.settings import load_settings


def overview(home: Home) -> list[dict[str, Any]]:
    """One row for each dataset and public directory, sorted by id."""
    registry = Registry.open(home)
    rows = [_row(registry, entry) for entry in [*registry.datasets(), *registry.publics()]]
    return sorted(rows, key=lambda row: str(row["id"]))


def _row(registry: Registry, entry: Entry) -> dict[str, Any]:
    dossier = entry.dossier
    return {
        "id": entry.id,
        "form": entry.form,
        "title": entry.title,
        "records": entry.records,
        "status": "" if entry.form == "public" else registry.assess(entry.id).status,
        "owner": (dossier.owner_party or dossier.business_owner) if dossier else "",
        "review_due": dossier.review_due if dossier else None,
        "as_of": entry.as_of,
    }


def described_entry(home: Home, dataset_id: str) -> dict[str, Any]:
    """One entry whole, without values. Raises UsageError where there is none."""
    registry = Registry.open(home)
    entry = registry.get(dataset_id)
    if entry is None:
        raise UsageError(f"there is no dataset {dataset_id!r}: see `leakscan registry list`")
    rule, source = entry.spec.rule, entry.source
    told = _row(registry, entry)
    told |= {
        "version": entry.version,
        "recorded_at": entry.recorded_at,
        "recorded_by": entry.recorded_by,
        "source_file": source.name,
        "source_sha256": source.sha256,
        "public_source": entry.public_source,
        "minimum_fields": rule.minimum_fields,
        "radius_tokens": rule.radius_tokens,
        "minimum_records": rule.minimum_records,
        "mandatory": list(rule.mandatory),
        "never": [sorted(names) for names in rule.never],
        "columns": [described(column) for column in entry.spec.columns],
    }
    return told


def assessed(home: Home, dataset_id: str, as_of: date | None = None) -> tuple[Entry, Assessment]:
    """The three conditions of a dataset as of a day, with the publicity measured now.

    Raises UsageError where there is no such dataset.
    """
    registry = Registry.open(home)
    entry = registry.get(dataset_id)
    if entry is not None and entry.form == "table":
        measure_now(home, registry, [dataset_id])
    pack = open_pack(load_settings(home.settings_file).pack)
    day = as_of or datetime.now(UTC).date()
    assessment = registry.assess(dataset_id, day, pack.rules)
    assert entry is not None  # assess refused unknown ids
    return entry, assessment
