"""A scan as the command line shows it: progress, summary, report, exit code."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from scanner.cli.options import INCIDENTS, OK, UNREAD, print_json, print_rows, say, tell
from scanner.cli.progress import Shown
from scanner.home import Home
from scanner.model.errors import UsageError
from scanner.record.store import Store
from scanner.report.csv import companions, coverage_path
from scanner.report.files import check_writable
from scanner.run.reports import write_report
from scanner.run.scan import Progress, Scan, Scanned
from scanner.settings import Settings

COLUMNS = (
    *("severity", "legal_severity", "dataset_id", "records_matched", "records_nonpublic"),
    *("trade_secret_status", "obligations", "path"),
)


def run_scan(
    home: Home,
    settings: Settings,
    paths: Sequence[str],
    report: Path | None = None,
    *,
    engine: str = "local",
    full: bool = False,
    everything: bool = False,
    as_json: bool = False,
    quiet: bool = False,
    show_table: bool = False,
) -> int:
    """Scan, print what was found, write the report; gives the exit code."""
    if engine != "local":
        raise UsageError(f"the engine {engine!r} is not built yet: use local")
    if report is not None:
        check_writable(report, *companions(report))
    scan = Scan(home, settings, paths, full=full)
    with Shown(lambda: progress_line(scan.progress), quiet or as_json), _Interruptible(scan):
        done = scan.run()
    with Store.open(home) as store:
        chosen = store.select(under=done.roots, events=everything, totals_scan=done.scan_id)
        found = chosen.count()
        if report is not None:
            write_report(store, chosen, "csv", report, operator=scan.operator)
        if as_json:
            print_json(_summary(done, found, report))
        else:
            _say_summary(done, found, report)
            if show_table or (found and report is None):
                rows = [recorded_row(one.row) for one in chosen.incidents()]
                print_rows(rows, COLUMNS, False)
    return exit_code(done, found)


def exit_code(done: Scanned, found: int) -> int:
    """1 where there are incidents, else 3 where something was not examined, else 0."""
    if found:
        return INCIDENTS
    totals = done.totals
    unread = totals.partial or totals.skipped or done.state != "complete"
    return UNREAD if unread else OK


def recorded_row(cells: Sequence[str]) -> dict[str, str]:
    """The cells of an incident by their column."""
    from scanner.model.recorded import INCIDENT_COLUMNS

    return dict(zip(INCIDENT_COLUMNS, cells, strict=True))


def _summary(done: Scanned, found: int, report: Path | None) -> dict[str, Any]:
    totals = done.totals
    return {
        "scan_id": done.scan_id,
        "state": done.state,
        "incidents": found,
        "documents": totals.documents,
        "unchanged": totals.unchanged,
        "complete": totals.complete,
        "partial": totals.partial,
        "skipped": totals.skipped,
        "reasons": dict(totals.reasons),
        "bytes": totals.bytes,
        "seconds": totals.seconds,
        "report": str(report or ""),
    }


def _say_summary(done: Scanned, found: int, report: Path | None) -> None:
    totals = done.totals
    changed = totals.documents - totals.unchanged
    say(
        tell(
            "found",
            incidents=found,
            documents=totals.documents,
            changed=changed,
            unchanged=totals.unchanged,
        )
    )
    counts = {
        "complete": totals.complete,
        "partial": totals.partial,
        "skipped": totals.skipped,
    }
    if report is not None:
        say(tell("coverage", file=coverage_path(report), **counts))
        say(tell("report_at", file=report))
    else:
        say(tell("coverage_no_report", **counts))
    if done.state == "stopped":
        say(tell("stopped"))


class _Interruptible:
    """Ctrl-C and SIGTERM stop a scan cleanly; a second Ctrl-C ends it at once."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self._before: dict[int, Any] = {}

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._scan.stop()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def __enter__(self) -> None:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._stop)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def progress_line(progress: Progress) -> str:
    """Documents, rate and time left as one line."""
    seconds = max(time.monotonic() - progress.started, 0.001)
    rate = progress.bytes / seconds
    line = (
        f"{progress.documents:,} documents, {progress.bytes / 1e6:,.1f} MB, "
        f"{progress.documents / seconds:,.0f}/s, {rate / 1e6:,.1f} MB/s, "
        f"{progress.incidents:,} incidents"
    )
    if progress.counted and progress.known_bytes and rate:
        left = max(progress.known_bytes - progress.bytes, 0) / rate
        share = min(progress.bytes / progress.known_bytes, 1.0)
        line += f", {share:.0%}, {int(left // 60)}:{int(left % 60):02} left"
    return line
