"""measure_log.csv: from when to when the scanner was active, as evidence of a measure."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from scanner.model.recorded import CHAIN_COLUMNS, Measure, Reading, Row
from scanner.report._chained import Chained
from scanner.report._table import write_table
from scanner.report.base import Profile, Report, Written
from scanner.report.files import replacing

COLUMNS = ("kind", "text", "started_at", "ended_at", "open", "host", "operator")


def _row(measure: Measure) -> Row:
    return (
        *(measure.kind, measure.text, measure.started_at, measure.ended_at),
        "true" if measure.open else "false",
        *(measure.host, measure.operator),
    )


def write(path: Path, reading: Reading, _profile: Profile) -> Written:
    """Write the report, its rows chained like those of incidents.csv."""
    rows: Iterable[Row] = (_row(measure) for measure in reading.measures())
    with replacing(path) as (sink,):
        chained = Chained(COLUMNS, rows)
        write_table(sink, (*COLUMNS, *CHAIN_COLUMNS), chained)
    return Written((path,), chained.count, sink.sha256, chained.head)


REPORT = Report("measure_log", "csv", write)
