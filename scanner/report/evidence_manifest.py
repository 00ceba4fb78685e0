"""evidence_manifest.csv: one row for each object with its hash and how it was collected."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scanner.model.recorded import Reading, Row
from scanner.report._table import write_table
from scanner.report.base import Profile, Report, Written
from scanner.report.files import replacing

COLUMNS = (
    *("object_id", "incident_id", "path", "container_path", "file_type", "size_bytes", "sha256"),
    *("hash_after_equal", "modified_at", "owner_account", "readers", "detected_at", "last_seen"),
    *("scan_id", "collection_mode", "extraction_status", "extraction_reason", "operator", "host"),
    *("scanner_version", "registry_version", "config_sha256", "policy_pack"),
)
_STATUS = {"COMPLETE": "complete", "PARTIAL": "partial", "SKIPPED": "failed"}


def _rows(reading: Reading, profile: Profile) -> Iterator[Row]:
    for found in reading.incidents():
        incident = found.incident
        cell = found.cell
        container, _, member = cell("path").rpartition("!")
        digest = cell("sha256")
        yield (
            f"sha256:{digest}" if digest else "",
            found.id,
            cell("path"),
            container if member and incident.examined.inner else "",
            *(cell(name) for name in ("file_type", "size_bytes", "sha256")),
            "true" if incident.examined.stable else "false",
            cell("modified_at"),
            profile.person(cell("owner_account")),
            *(cell(name) for name in ("readers", "detected_at")),
            found.last_seen,
            found.scan_id,
            cell("collection_mode"),
            _STATUS[cell("coverage")],
            cell("coverage_reason"),
            *(cell(name) for name in ("operator", "host", "scanner_version")),
            *(cell(name) for name in ("registry_version", "config_sha256", "policy_pack")),
        )


def write(path: Path, reading: Reading, profile: Profile) -> Written:
    """Write the report."""
    with replacing(path) as (sink,):
        rows = write_table(sink, COLUMNS, _rows(reading, profile))
    return Written((path,), rows, sink.sha256)


REPORT = Report("evidence_manifest", "csv", write)
