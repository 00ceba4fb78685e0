"""What is registered, as told to people: overview, one entry, its assessment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

from scanner.home import Home
from scanner.judge.pack import open_pack
from scanner.messages import message
from scanner.model.errors import UsageError
from scanner.registry.designation import Assessment, Condition, Entry
from scanner.registry.publicity import Publicity
from scanner.registry.registry import Registry
from scanner.run.enrol import described
from scanner.run.publicity import measured_now
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


@dataclass(frozen=True, slots=True)
class Assessed:
    """An assessment with the publicity measured now."""

    entry: Entry
    assessment: Assessment
    publicity: Publicity | None

    def as_data(self) -> dict[str, Any]:
        """The same as plain data."""
        told = asdict(self.assessment)
        told.pop("publicity")
        return {
            "id": self.entry.id,
            "title": self.entry.title,
            "status": self.assessment.status,
            **told,
            "publicity": asdict(self.publicity) if self.publicity else None,
        }

    def lines(self, lang: str | None = None) -> Iterator[str]:
        """The same in sentences."""
        found = self.assessment
        yield f"{self.entry.id}: {self.entry.title}"
        yield message("cli", "assess_status", lang, status=found.status, day=found.as_of)
        for name in ("secrecy", "value", "measures"):
            yield from _condition(name, getattr(found, name), lang)
        if found.in_place:
            codes = ", ".join(found.in_place)
            yield message("cli", "assess_in_place", lang, codes=codes, strength=found.strength)
        if self.publicity is not None and self.publicity.sources:
            yield _publicity(self.publicity, lang)
            if self.publicity.mostly_public:
                yield message("cli", "assess_mostly_public", lang)
        for code in found.stale:
            yield message("cli", "assess_stale", lang, what=_said("stale", code, lang))
        for item in found.made_after_event:
            yield message("cli", "assess_after", lang, item=item)


def _condition(name: str, condition: Condition, lang: str | None) -> Iterator[str]:
    title = message("cli", f"assess_{name}", lang)
    reasons = "; ".join(_said("reason", code, lang) for code in condition.reasons)
    proposal = condition.proposal if condition.proposal != condition.status else ""
    line = f"  {title}: {condition.status}"
    if proposal:
        line += f" ({proposal})"
    yield f"{line}. {reasons}" if reasons else line
    for code in condition.missing:
        yield "    " + message("cli", "assess_missing", lang, what=_said("missing", code, lang))


def _said(kind: str, code: str, lang: str | None) -> str:
    """The sentence of a code, the code itself where there is none."""
    for room in ("registry", "judge"):
        try:
            return message(room, f"{kind}.{code}", lang)
        except KeyError:
            continue
    return code


def _publicity(found: Publicity, lang: str | None) -> str:
    return message(
        "cli",
        "assess_publicity",
        lang,
        sources=", ".join(found.sources),
        entity=f"{found.entity_public:.1%}",
        strict=f"{found.fully_public_strict:.1%}",
        loose=f"{found.fully_public_loose:.1%}",
        deep=f"{found.deep_nonpublic:.1%}",
        proposal=found.proposal,
    )


def assessed(home: Home, dataset_id: str, as_of: date | None = None) -> Assessed:
    """The three conditions of a dataset as of a day, with the publicity measured now.

    Raises UsageError where there is no such dataset.
    """
    registry = Registry.open(home)
    entry = registry.get(dataset_id)
    if entry is not None and entry.form == "table":
        found = measured_now(home, registry, dataset_id)
        if found is not None and found != entry.publicity:
            entry = registry.update(dataset_id, publicity=found)
    pack = open_pack(load_settings(home.settings_file).pack)
    day = as_of or datetime.now(UTC).date()
    assessment = registry.assess(dataset_id, day, pack.rules)
    assert entry is not None  # assess refused unknown ids
    return Assessed(entry, assessment, assessment.publicity)
