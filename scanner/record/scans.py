"""Scans, objects not read whole, custody and measures, written to the store."""

from __future__ import annotations

import dataclasses
import json
import secrets
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from scanner.model.chain import canonical
from scanner.model.document import Document, member_path
from scanner.model.errors import UsageError
from scanner.model.examined import Examined
from scanner.model.outcome import Coverage
from scanner.model.recorded import Custody, Measure, ScanRecord, ScanStart, Totals, Unread
from scanner.record.batches import batched
from scanner.record.chain import Change, now
from scanner.record.clock import clock_source
from scanner.record.display import shown
from scanner.record.flatten import document_key
from scanner.record.schema import CUSTODY, MEASURES, SCANS, UNREAD

_CHUNK = 500


def start(connection: sa.Connection, begun: ScanStart) -> tuple[str, list[Change]]:
    """A new scan's id, and its row written."""
    at = now()
    scan_id = f"{at[:19].replace('-', '').replace(':', '')}-{secrets.token_hex(4)}"
    body = {"start": dataclasses.asdict(begun), "clock_source": clock_source()}
    row = {
        "scan_id": scan_id,
        "started_at": at,
        "ended_at": "",
        "state": "running",
        "body": json.dumps(body, sort_keys=True),
    }
    connection.execute(sa.insert(SCANS).values(row))
    return scan_id, [Change("scan", scan_id, "started", row)]


def finish(
    connection: sa.Connection, scan_id: str, state: str, totals: Totals, incidents: int
) -> list[Change]:
    """Close a scan: state complete, stopped or failed, and what it went through."""
    found = connection.execute(sa.select(SCANS).where(SCANS.c.scan_id == scan_id)).mappings()
    row = dict(found.first() or {})
    if not row:
        raise UsageError(f"there is no scan {scan_id}")
    before, body = dict(row), json.loads(row["body"])
    body |= {"totals": dataclasses.asdict(totals), "incidents": incidents}
    row |= {"ended_at": now(), "state": state, "body": json.dumps(body, sort_keys=True)}
    connection.execute(sa.update(SCANS).where(SCANS.c.scan_id == scan_id).values(row))
    return [Change("scan", scan_id, state, row, before=before)]


def scan_of(row: Any) -> ScanRecord:
    """The scan of a table row."""
    body = json.loads(row["body"])
    totals = body.get("totals", {})
    totals["reasons"] = tuple((code, count) for code, count in totals.get("reasons", ()))
    told = {**body["start"], "roots": tuple(body["start"]["roots"])}
    return ScanRecord(
        id=row["scan_id"],
        start=ScanStart(**told),
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        state=row["state"],
        clock_source=body["clock_source"],
        totals=Totals(**totals),
        incidents=body.get("incidents", 0),
    )


def put_outcomes(
    connection: sa.Connection,
    scan_id: str,
    examined: Iterable[tuple[Document, Sequence[Examined]]],
) -> None:
    """Replace what is known of these documents' unread objects.

    A document stands here for as long as it is not read whole.
    """
    for batch in batched(examined, _CHUNK):
        keys = [document_key(document) for document, _ in batch]
        connection.execute(sa.delete(UNREAD).where(UNREAD.c.document_key.in_(keys)))
        rows = {}
        for document, objects in batch:
            for row in _unread_rows(scan_id, document, objects):
                rows[row["document_key"], row["path"]] = row
        if rows:
            connection.execute(sa.insert(UNREAD), list(rows.values()))


def has_outcomes(connection: sa.Connection, documents: Iterable[Document]) -> bool:
    """True where an unread object of one of these documents is known."""
    for batch in batched(documents, _CHUNK):
        keys = [document_key(document) for document in batch]
        chosen = sa.select(UNREAD.c.path).where(UNREAD.c.document_key.in_(keys)).limit(1)
        if connection.execute(chosen).first() is not None:
            return True
    return False


def forget_outcomes(connection: sa.Connection, keys: Iterable[bytes]) -> None:
    """Drop the unread objects of documents that are no longer there."""
    for chunk in batched(keys, _CHUNK):
        connection.execute(sa.delete(UNREAD).where(UNREAD.c.document_key.in_(chunk)))


def _unread_rows(
    scan_id: str, document: Document, objects: Sequence[Examined]
) -> Iterable[dict[str, Any]]:
    key = document_key(document)
    for examined in objects:
        if examined.outcome.coverage is Coverage.COMPLETE:
            continue
        yield {
            "document_key": key,
            "path": shown(member_path(document.uri, examined.inner)),
            "size": examined.size,
            "file_type": shown(examined.file_type),
            "coverage": examined.outcome.coverage.value,
            "reason": shown(examined.outcome.reason),
            "segments": examined.segments,
            "seconds": f"{examined.seconds:.3f}",
            "scan_id": scan_id,
        }


def unread_of(row: Any) -> Unread:
    """The unread object of a table row."""
    return Unread(
        path=row["path"],
        size=row["size"],
        file_type=row["file_type"],
        coverage=row["coverage"],
        reason=row["reason"],
        segments=row["segments"],
        seconds=float(row["seconds"]),
    )


def _next(connection: sa.Connection, table: sa.Table) -> int:
    query = sa.select(sa.func.coalesce(sa.func.max(table.c.number), 0) + 1)
    return int(connection.scalar(query) or 1)


def log_custody(
    connection: sa.Connection,
    who: str,
    action: str,
    subject: str,
    reason: str,
    detail: dict[str, Any],
) -> list[Change]:
    """Append to the custody log."""
    number = _next(connection, CUSTODY)
    row = {
        "number": number,
        "at": now(),
        "who": shown(who),
        "action": shown(action),
        "subject": shown(subject),
        "reason": shown(reason),
        "detail": canonical(detail),
    }
    connection.execute(sa.insert(CUSTODY).values(row))
    return [Change("custody", str(number), "logged", row)]


def custody_of(row: Any) -> Custody:
    """The custody entry of a table row."""
    return Custody(**{**row, "number": int(row["number"])})


def begin_measure(
    connection: sa.Connection, kind: str, text: str, host: str, operator: str
) -> tuple[int, list[Change]]:
    """The number of a new entry of the measure log, which runs from now."""
    number, at = _next(connection, MEASURES), now()
    row = {
        "number": number,
        "kind": shown(kind),
        "text": shown(text),
        "started_at": at,
        "ended_at": at,
        "open": 1,
        "host": shown(host),
        "operator": shown(operator),
    }
    connection.execute(sa.insert(MEASURES).values(row))
    return number, [Change("measure", str(number), "began", row)]


def beat_measure(connection: sa.Connection, number: int, *, end: bool) -> list[Change]:
    """Note that a measure is still in force, or with `end` that it ends now."""
    found = connection.execute(sa.select(MEASURES).where(MEASURES.c.number == number)).mappings()
    row = dict(found.first() or {})
    if not row:
        raise UsageError(f"there is no measure {number}")
    before = dict(row)
    row |= {"ended_at": now(), "open": 0 if end else row["open"]}
    connection.execute(sa.update(MEASURES).where(MEASURES.c.number == number).values(row))
    return [Change("measure", str(number), "ended" if end else "in force", row, before=before)]


def measure_of(row: Any) -> Measure:
    """The measure of a table row."""
    names = ("kind", "text", "started_at", "ended_at", "host", "operator")
    return Measure(**{name: row[name] for name in names}, open=bool(row["open"]))
