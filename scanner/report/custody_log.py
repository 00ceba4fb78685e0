"""custody_log.csv: who exported or revealed what, when and why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scanner.model.recorded import Reading, Row
from scanner.report._table import write_table
from scanner.report.base import Profile, Report, Written
from scanner.report.files import replacing

COLUMNS = ("number", "at", "who", "action", "subject", "reason", "detail")


def _rows(reading: Reading) -> Iterator[Row]:
    for entry in reading.custody():
        yield (
            str(entry.number),
            *(entry.at, entry.who, entry.action, entry.subject, entry.reason, entry.detail),
        )


def write(path: Path, reading: Reading, _profile: Profile) -> Written:
    """Write the report. Who handled evidence is named in every profile."""
    with replacing(path) as (sink,):
        rows = write_table(sink, COLUMNS, _rows(reading))
    return Written((path,), rows, sink.sha256)


REPORT = Report("custody_log", "csv", write)
