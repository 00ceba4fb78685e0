"""incidents.jsonl: one JSON object a line, with everything the store keeps that may be shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scanner.model.recorded import INCIDENT_COLUMNS, Reading, Recorded
from scanner.report.base import PERSON_COLUMNS, Profile, Report, Written
from scanner.report.files import replacing


def _object(found: Recorded, profile: Profile) -> dict[str, Any]:
    incident = found.incident
    told: dict[str, Any] = dict(zip(INCIDENT_COLUMNS, profile.row(found.row), strict=True))
    told["recipients"] = [profile.person(who) for who in incident.event.recipients]
    return told | {
        "last_seen": found.last_seen,
        "scan_id": found.scan_id,
        "legal_hold": found.legal_hold,
        "event_kind": incident.event.kind,
        "location_class": incident.event.location_class,
        "field_counts": dict(incident.finding.field_counts),
        "field_depth": incident.finding.field_depth,
        "canaries": incident.finding.canaries,
        "dataset_records": incident.finding.dataset_records,
        "units": incident.finding.units,
        "reasons": list(incident.finding.reasons),
        "facts": _facts(incident.judgement.facts, profile),
    }


def _facts(facts: tuple[tuple[str, str], ...], profile: Profile) -> dict[str, str]:
    """The facts a judgement rests on; those that name a person as the profile shows them."""
    return {
        name: profile.person(value) if name in PERSON_COLUMNS else value for name, value in facts
    }


def _lines(reading: Reading, profile: Profile) -> Iterator[str]:
    for found in reading.incidents():
        # ASCII only: bytes that are no text stay as escapes that every reader takes.
        yield json.dumps(_object(found, profile), sort_keys=True) + "\n"


def write(path: Path, reading: Reading, profile: Profile) -> Written:
    """Write the report."""
    with replacing(path) as (sink,):
        rows = 0
        for line in _lines(reading, profile):
            sink.write(line.encode("ascii"))
            rows += 1
    return Written((path,), rows, sink.sha256)


REPORT = Report("jsonl", "jsonl", write)
