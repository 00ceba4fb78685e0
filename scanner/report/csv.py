"""incidents.csv with its coverage companion and the anchor of its hash chain."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scanner.model.chain import canonical
from scanner.model.recorded import (
    CHAIN_COLUMNS,
    COVERAGE_COLUMNS,
    INCIDENT_COLUMNS,
    Reading,
    Row,
    Totals,
    Unread,
)
from scanner.report._chained import Chained
from scanner.report._table import write_table
from scanner.report.base import Profile, Report, Written
from scanner.report.files import replacing

COLUMNS = (*INCIDENT_COLUMNS, *CHAIN_COLUMNS)
TOTAL = "TOTAL"
ANCHOR_FORMAT = "leakscan report anchor 1"


def coverage_path(path: Path) -> Path:
    """Where the coverage companion of a report lies: X.csv has X.coverage.csv."""
    return path.with_name(f"{_stem(path)}.coverage.csv")


def anchor_path(path: Path) -> Path:
    """Where the anchor of a report lies: X.csv has X.anchor.json."""
    return path.with_name(f"{_stem(path)}.anchor.json")


def _stem(path: Path) -> str:
    return path.name[:-4] if path.name.lower().endswith(".csv") else path.name


def companions(path: Path) -> tuple[Path, ...]:
    """The files written beside a report."""
    return coverage_path(path), anchor_path(path)


def _coverage_rows(reading: Reading) -> Iterator[Row]:
    segments, seconds = 0, 0.0
    for unread in reading.unread():
        segments += unread.segments
        seconds += unread.seconds
        yield _unread_row(unread)
    yield _total_row(reading.totals(), segments)


def _unread_row(unread: Unread) -> Row:
    return (
        unread.path,
        str(unread.size) if unread.size >= 0 else "",
        unread.file_type,
        unread.coverage,
        unread.reason,
        str(unread.segments),
        f"{unread.seconds:.3f}",
    )


def _total_row(totals: Totals, segments: int) -> Row:
    return (
        TOTAL,
        str(totals.bytes),
        f"documents={totals.documents};unchanged={totals.unchanged}",
        f"COMPLETE={totals.complete};PARTIAL={totals.partial};SKIPPED={totals.skipped}",
        ";".join(f"{code}={count}" for code, count in totals.reasons),
        str(segments),
        f"{totals.seconds:.3f}",
    )


def write(path: Path, reading: Reading, profile: Profile) -> Written:
    """Write the report, its coverage companion and its anchor."""
    coverage, anchor = companions(path)
    with replacing(coverage, path, anchor) as (coverage_sink, sink, anchor_sink):
        chained = Chained(INCIDENT_COLUMNS, map(profile.row, reading.rows()))
        write_table(sink, COLUMNS, chained)
        unread = write_table(coverage_sink, COVERAGE_COLUMNS, _coverage_rows(reading))
        told = {
            "coverage_rows": unread,
            "coverage_sha256": coverage_sink.sha256,
            "format": ANCHOR_FORMAT,
            "head_hash": chained.head,
            "profile": profile.name,
            "row_count": chained.count,
            "sha256": sink.sha256,
        }
        anchor_sink.write(canonical(profile.signed(told)).encode() + b"\n")
    return Written((path, coverage, anchor), chained.count, sink.sha256, chained.head)


REPORT = Report("csv", "csv", write, companions)
