"""What the registry holds as evidence of one dataset, as of an event: measures and items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from scanner.registry.designation import Entry
from scanner.registry.dossier import Dossier, Evidence
from scanner.registry.fields import covers
from scanner.registry.registry import Registry


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """A measure: when it ran, whether on the day asked for, and since when the registry knows."""

    dataset_id: str
    code: str
    text: str
    scope: str
    start: str
    end: str
    in_force: bool
    observed: str
    evidence: tuple[str, ...]
    first_recorded_at: str
    recorded_after_event: bool


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """A piece of evidence. `described` is False where the dossier only names it."""

    dataset_id: str
    id: str
    kind: str
    supports: tuple[str, ...]
    made_at: str
    period: str
    custodian: str
    place: str
    sha256: str
    seal: str
    described: bool
    made_after_event: bool


def measure_rows(registry: Registry, dataset_id: str, day: date) -> list[MeasureRow]:
    """The measures of a dataset as stated now, judged as of `day`, sorted by code and start."""
    entry = registry.get(dataset_id)
    if entry is None or entry.dossier is None:
        return []
    first = _first_recorded(registry.versions(dataset_id))
    rows = []
    for measure in entry.dossier.conditions.measures or ():
        start = measure.start.isoformat() if measure.start else ""
        recorded = first.get((measure.code, start), entry.recorded_at)
        rows.append(
            MeasureRow(
                dataset_id=dataset_id,
                code=measure.code,
                text=measure.text,
                scope=measure.scope,
                start=start,
                end=measure.end.isoformat() if measure.end else "",
                in_force=bool(measure.start) and covers(measure.start, measure.end, day),
                observed=measure.observed or "",
                evidence=tuple(measure.evidence),
                first_recorded_at=recorded,
                recorded_after_event=recorded[:10] > day.isoformat(),
            )
        )
    return sorted(rows, key=lambda row: (row.code, row.start))


def evidence_rows(entry: Entry, day: date) -> list[EvidenceRow]:
    """Every piece of evidence that a dossier describes or names, sorted by id."""
    dossier = entry.dossier
    if dossier is None:
        return []
    described = {item.id: item for item in dossier.evidence}
    supports: dict[str, set[str]] = {name: set(item.supports) for name, item in described.items()}
    for name, what in _named(dossier):
        supports.setdefault(name, set()).add(what)
    return [
        _row(entry.id, name, described.get(name), tuple(sorted(supports[name])), day)
        for name in sorted(supports)
    ]


def _row(
    dataset_id: str, name: str, item: Evidence | None, supports: tuple[str, ...], day: date
) -> EvidenceRow:
    return EvidenceRow(
        dataset_id=dataset_id,
        id=name,
        kind=item.kind if item else "",
        supports=supports,
        made_at=item.made_at.isoformat() if item and item.made_at else "",
        period=item.period if item else "",
        custodian=item.custodian if item else "",
        place=item.place if item else "",
        sha256=item.sha256 if item else "",
        seal=item.seal if item else "none",
        described=item is not None,
        made_after_event=bool(item and item.made_at and item.made_at > day),
    )


def _named(dossier: Dossier) -> Iterator[tuple[str, str]]:
    for name in dossier.conditions.secrecy.evidence:
        yield name, "secrecy"
    for name in dossier.conditions.value.evidence:
        yield name, "value"
    for measure in dossier.conditions.measures or ():
        for name in measure.evidence:
            yield name, measure.code


def _first_recorded(versions: list[Entry]) -> dict[tuple[str, str], str]:
    """When each measure, by code and start, first stood in the registry."""
    found: dict[tuple[str, str], str] = {}
    for entry in versions:
        measures = (entry.dossier.conditions.measures or ()) if entry.dossier else ()
        for measure in measures:
            start = measure.start.isoformat() if measure.start else ""
            found.setdefault((measure.code, start), entry.recorded_at)
    return found
