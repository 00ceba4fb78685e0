"""A selection of incidents and what goes with it, read from the store without holding it all."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from scanner.model.document import MEMBER
from scanner.model.recorded import (
    INCIDENT_COLUMNS,
    Custody,
    Measure,
    Recorded,
    Row,
    ScanRecord,
    Totals,
    Unread,
)
from scanner.record import scans
from scanner.record.codec import decode
from scanner.record.database import Database
from scanner.record.flatten import SEVERITY_RANK
from scanner.record.schema import CUSTODY, INCIDENTS, MEASURES, RECORD_IDS, SCANS, UNREAD

_STEP = 1000


@dataclass(frozen=True, slots=True)
class Query:
    """Which incidents. Empty fields do not restrict.

    `under`: shown paths or URIs of folders, files or containers. `events` adds what is recorded
    as an event only; `gone` adds what is no longer where it was found. `severity` is the lowest.
    `totals_scan` is the scan whose totals are told, where the incidents are not of one scan.
    """

    under: tuple[str, ...] = ()
    scan_id: str = ""
    dataset: str = ""
    status: str = ""
    severity: str = ""
    method: str = ""
    channel: str = ""
    ids: tuple[str, ...] = ()
    totals_scan: str = ""
    events: bool = False
    gone: bool = False
    limit: int = 0
    offset: int = 0


def _under(column: Any, roots: tuple[str, ...]) -> Any:
    clauses = []
    for root in roots:
        clauses.append(column == root)
        tails = ("",) if root.endswith(("/", "\\")) else ("/", "\\", MEMBER)
        for tail in tails:
            start = root + tail
            clauses.append((column >= start) & (column < start[:-1] + chr(ord(start[-1]) + 1)))
    return sa.or_(*clauses)


def _where(query: Query) -> list[Any]:
    table = INCIDENTS.c
    clauses: list[Any] = []
    if not query.events:
        clauses.append(table.reportable == 1)
    if not query.gone and query.status not in ("gone", "expired"):
        clauses.append(table.status.not_in(("gone", "expired")))
    if query.under:
        clauses.append(_under(table.path, query.under))
    if query.severity:
        clauses.append(table.severity_rank >= SEVERITY_RANK[query.severity])
    if query.ids:
        clauses.append(table.incident_id.in_(query.ids))
    told = {
        "scan_id": query.scan_id,
        "dataset_id": query.dataset,
        "status": query.status,
        "detection_method": query.method,
        "channel": query.channel,
    }
    clauses += [table[name] == value for name, value in told.items() if value]
    return clauses


class Selection:
    """What a query selects; satisfies scanner.model.recorded.Reading."""

    def __init__(self, database: Database, query: Query) -> None:
        self._database = database
        self.query = query

    def _ordered(self, *columns: Any) -> sa.Select[Any]:
        table = INCIDENTS.c
        order = (table.severity_rank.desc(), table.path, table.incident_id)
        chosen = sa.select(*columns).where(*_where(self.query)).order_by(*order)
        if self.query.limit:
            chosen = chosen.limit(self.query.limit).offset(self.query.offset)
        return chosen

    def count(self) -> int:
        """How many incidents the query selects, limit and offset left aside."""
        chosen = sa.select(sa.func.count()).select_from(INCIDENTS).where(*_where(self.query))
        with self._database.read() as connection:
            return int(connection.scalar(chosen) or 0)

    def rows(self) -> Iterator[Row]:
        """The cells of each incident in the order of INCIDENT_COLUMNS: severest first, by path."""
        chosen = self._ordered(*(INCIDENTS.c[name] for name in INCIDENT_COLUMNS))
        with self._database.read() as connection:
            # The driver's own cursor gives plain tuples: half the time of wrapped rows.
            compiled = chosen.compile(
                dialect=connection.dialect, compile_kwargs={"render_postcompile": True}
            )
            values = tuple(compiled.params[name] for name in compiled.positiontup or ())
            result = connection.connection.cursor()
            try:
                result.execute(str(compiled), values)
                while batch := result.fetchmany(_STEP):
                    yield from batch
            finally:
                result.close()

    def incidents(self) -> Iterator[Recorded]:
        """The same incidents whole; emptied (expired) ones are left out."""
        ids = (RECORD_IDS.c.matched, RECORD_IDS.c.nonpublic.label("nonpublic_ids"))
        chosen = self._ordered(*INCIDENTS.c, *ids).select_from(
            INCIDENTS.outerjoin(RECORD_IDS, RECORD_IDS.c.incident_id == INCIDENTS.c.incident_id)
        )
        with self._database.read() as connection:
            for row in connection.execution_options(yield_per=_STEP).execute(chosen).mappings():
                if row["body"]:
                    yield recorded(row)

    def unread(self) -> Iterator[Unread]:
        """The objects under the query's roots that were not read whole, by path."""
        chosen = sa.select(UNREAD).order_by(UNREAD.c.path, UNREAD.c.document_key)
        if self.query.under:
            chosen = chosen.where(_under(UNREAD.c.path, self.query.under))
        if self.query.scan_id:
            chosen = chosen.where(UNREAD.c.scan_id == self.query.scan_id)
        with self._database.read() as connection:
            for row in connection.execution_options(yield_per=_STEP).execute(chosen).mappings():
                yield scans.unread_of(row)

    def old_unread(self, scan_id: str) -> Iterator[bytes]:
        """The keys of documents whose unread objects were noted by another scan than this."""
        chosen = sa.select(UNREAD.c.document_key).distinct().where(UNREAD.c.scan_id != scan_id)
        if self.query.under:
            chosen = chosen.where(_under(UNREAD.c.path, self.query.under))
        with self._database.read() as connection:
            for row in connection.execution_options(yield_per=_STEP).execute(chosen):
                yield row[0]

    def scans(self, scan_id: str = "") -> Iterator[ScanRecord]:
        """The scans, oldest first; that scan, or the query's own, alone where one is named."""
        chosen = sa.select(SCANS).order_by(SCANS.c.started_at, SCANS.c.scan_id)
        if named := scan_id or self.query.scan_id:
            chosen = chosen.where(SCANS.c.scan_id == named)
        with self._database.read() as connection:
            for row in connection.execution_options(yield_per=_STEP).execute(chosen).mappings():
                yield scans.scan_of(row)

    def totals(self) -> Totals:
        """What the selected scans went through, added up."""
        total, reasons = Totals(), Counter[str]()
        for scan in self.scans(self.query.totals_scan):
            part = scan.totals
            reasons.update(dict(part.reasons))
            total = replace(
                total,
                documents=total.documents + part.documents,
                complete=total.complete + part.complete,
                partial=total.partial + part.partial,
                skipped=total.skipped + part.skipped,
                unchanged=total.unchanged + part.unchanged,
                bytes=total.bytes + part.bytes,
                seconds=total.seconds + part.seconds,
            )
        return replace(total, reasons=tuple(sorted(reasons.items())))

    def custody(self) -> Iterator[Custody]:
        """The custody log, oldest first."""
        with self._database.read() as connection:
            for row in connection.execute(sa.select(CUSTODY).order_by("number")).mappings():
                yield scans.custody_of(row)

    def measures(self) -> Iterator[Measure]:
        """When the scanner was active: the measure log and every scan, oldest first."""
        with self._database.read() as connection:
            logged = connection.execute(sa.select(MEASURES).order_by("number")).mappings()
            spans = [scans.measure_of(row) for row in logged]
        spans += [_span(scan) for scan in self.scans()]
        yield from sorted(spans, key=lambda span: (span.started_at, span.kind))


def _span(scan: ScanRecord) -> Measure:
    return Measure(
        kind="scan",
        text=json.dumps(list(scan.start.roots), ensure_ascii=False),
        started_at=scan.started_at,
        ended_at=scan.ended_at or scan.started_at,
        open=scan.state == "running",
        host=scan.start.host,
        operator=scan.start.operator,
    )


def recorded(row: Any) -> Recorded:
    """The incident of a table row joined with its record numbers."""
    matched, nonpublic = (zlib.decompress(row[name]) if row[name] else b"" for name in _IDS)
    return Recorded(
        id=row["incident_id"],
        incident=decode(json.loads(row["body"]), matched, nonpublic),
        row=tuple(row[name] for name in INCIDENT_COLUMNS),
        legal_hold=bool(row["legal_hold"]),
        **{name: row[name] for name in _PLAIN},
    )


_IDS = ("matched", "nonpublic_ids")
_PLAIN = (
    *("detected_at", "last_seen", "status", "scan_id", "verdict", "assignee", "reviewed_at"),
    "decision_reason",
)
