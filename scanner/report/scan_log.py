"""scan_log.csv: every scan, clean ones too, with what it went through and what was in force."""

from __future__ import annotations

from pathlib import Path

from scanner.model.recorded import CHAIN_COLUMNS, Reading, Row, ScanRecord
from scanner.report._chained import Chained
from scanner.report._table import write_table
from scanner.report.base import Profile, Report, Written
from scanner.report.files import replacing

COLUMNS = (
    *("scan_id", "state", "started_at", "ended_at", "clock_source", "operator", "host", "roots"),
    *("channel", "collection_mode", "documents", "unchanged", "complete", "partial", "skipped"),
    *("reasons", "bytes", "seconds", "incidents", "isolation", "self_test", "scanner_version"),
    *("registry_version", "index_version", "pack_version", "config_sha256"),
)


def _row(scan: ScanRecord) -> Row:
    start, totals = scan.start, scan.totals
    figures = (totals.documents, totals.unchanged, totals.complete, totals.partial, totals.skipped)
    return (
        *(scan.id, scan.state, scan.started_at, scan.ended_at, scan.clock_source),
        *(start.operator, start.host, ";".join(start.roots), start.channel, start.mode),
        *map(str, figures),
        ";".join(f"{code}={count}" for code, count in totals.reasons),
        *(str(totals.bytes), f"{totals.seconds:.3f}", str(scan.incidents)),
        *(start.isolation, start.self_test, start.scanner_version, start.registry_version),
        *(start.index_version, start.pack_version, start.config_sha256),
    )


def write(path: Path, reading: Reading, _profile: Profile) -> Written:
    """Write the report, its rows chained like those of incidents.csv."""
    with replacing(path) as (sink,):
        chained = Chained(COLUMNS, map(_row, reading.scans()))
        write_table(sink, (*COLUMNS, *CHAIN_COLUMNS), chained)
    return Written((path,), chained.count, sink.sha256, chained.head)


REPORT = Report("scan_log", "csv", write)
