"""findings.csv: one row for each trigger of each obligation, and one for each act."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scanner.model.recorded import Reading, Recorded, Row
from scanner.report._table import write_table
from scanner.report.base import Profile, Report, Written
from scanner.report.files import replacing

COLUMNS = (
    *("incident_id", "detected_at", "path", "dataset_id", "kind", "id", "state", "trigger"),
    *("exposure", "legal_severity", "third_party", "exemption", "policy_pack", "law_refs"),
    *("facts", "facts_to_establish"),
)


def _rows(reading: Reading, _profile: Profile) -> Iterator[Row]:
    for found in reading.incidents():
        judgement = found.incident.judgement
        for obligation in judgement.obligations:
            for trigger in obligation.triggers or ("",):
                yield _row(found, "obligation", obligation.id, obligation.state, trigger)
        for act in judgement.acts:
            yield _row(found, "act", act, "", "")


def _row(found: Recorded, kind: str, identity: str, state: str, trigger: str) -> Row:
    facts = ";".join(f"{name}={value}" for name, value in found.incident.judgement.facts)
    return (
        found.id,
        found.detected_at,
        found.cell("path"),
        found.cell("dataset_id"),
        kind,
        identity,
        state,
        trigger,
        *(found.cell(name) for name in ("severity", "legal_severity", "third_party")),
        *(found.cell(name) for name in ("exemption", "policy_pack", "law_refs")),
        facts,
        found.cell("facts_to_establish"),
    )


def write(path: Path, reading: Reading, profile: Profile) -> Written:
    """Write the report."""
    with replacing(path) as (sink,):
        rows = write_table(sink, COLUMNS, _rows(reading, profile))
    return Written((path,), rows, sink.sha256)


REPORT = Report("findings", "csv", write)
