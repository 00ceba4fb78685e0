"""Incidents written to the store: found, found again, gone, reviewed, expired."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scanner.model.errors import UsageError
from scanner.model.incident import Incident
from scanner.model.recorded import INCIDENT_COLUMNS, VERDICTS
from scanner.record.batches import batched
from scanner.record.chain import Change, now
from scanner.record.codec import encode
from scanner.record.display import shown
from scanner.record.flatten import SEVERITY_RANK, at_rest, cells, document_key, incident_id, stamp
from scanner.record.schema import INCIDENTS, RECORD_IDS, REVIEWS

_CHUNK = 500
# What a review or a hold set stays as it was when the incident is found again.
_KEPT = ("detected_at", "verdict", "assignee", "reviewed_at", "decision_reason", "legal_hold")
# Columns whose change alone is no change of the incident.
_PASSING = frozenset({"last_seen", "seen_epoch", "scan_id", "body", "operator", "host"})


@dataclass(frozen=True, slots=True)
class Found:
    """An incident ready to be written."""

    id: str
    row: dict[str, Any]
    matched: bytes
    nonpublic: bytes


def prepare(incident: Incident, scan_id: str) -> Found:
    """The rows of an incident; done before the store is locked."""
    identity = incident_id(incident)
    moment = incident.event.at
    row: dict[str, Any] = cells(incident, identity)
    row |= {
        "document_key": document_key(incident.document),
        "at_rest": int(at_rest(incident.document.provenance.channel)),
        "reportable": int(incident.judgement.reportable),
        "severity_rank": SEVERITY_RANK[incident.judgement.exposure.value],
        "nonpublic": incident.finding.nonpublic,
        "last_seen": stamp(moment),
        "seen_epoch": int(moment.timestamp()),
        "scan_id": scan_id,
        "legal_hold": 0,
        "body": encode(incident),
    }
    finding = incident.finding
    return Found(identity, row, _packed(finding.record_ids), _packed(finding.nonpublic_ids))


def _packed(ids: bytes) -> bytes:
    return zlib.compress(ids, 1) if ids else b""


def rows_of(connection: sa.Connection, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The stored rows of those incidents that the store holds."""
    found: dict[str, dict[str, Any]] = {}
    for chunk in batched(ids, _CHUNK):
        query = sa.select(INCIDENTS).where(INCIDENTS.c.incident_id.in_(chunk))
        for row in connection.execute(query).mappings():
            found[row["incident_id"]] = dict(row)
    return found


def put(connection: sa.Connection, found: Sequence[Found]) -> list[Change]:
    """Write incidents, new ones and those found again; gives the changes for the chain."""
    newest = {item.id: item for item in found}
    before = rows_of(connection, newest)
    changes, fresh, again = [], [], []
    for identity, item in newest.items():
        old = before.get(identity)
        if old is None:
            fresh.append(item.row)
            changes.append(Change("incident", identity, "new", item.row, _told(item.row)))
        else:
            row, action = merged(old, item.row)
            again.append(row)
            changes.append(Change("incident", identity, action, row, _told(row, old), old))
    if fresh:
        connection.execute(sa.insert(INCIDENTS), fresh)
    update_rows(connection, again)
    _put_ids(connection, list(newest.values()))
    return changes


def update_rows(connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
    """Write back whole rows of incidents that exist."""
    if not rows:
        return
    names = [column.name for column in INCIDENTS.c if column.name != "incident_id"]
    statement = (
        sa.update(INCIDENTS)
        .where(INCIDENTS.c.incident_id == sa.bindparam("key"))
        .values({name: sa.bindparam(f"new_{name}") for name in names})
    )
    values = [
        {"key": row["incident_id"], **{f"new_{name}": row[name] for name in names}} for row in rows
    ]
    connection.execute(statement, values)


def _put_ids(connection: sa.Connection, found: list[Found]) -> None:
    for chunk in batched((item.id for item in found), _CHUNK):
        connection.execute(sa.delete(RECORD_IDS).where(RECORD_IDS.c.incident_id.in_(chunk)))
    rows = [
        {"incident_id": item.id, "matched": item.matched, "nonpublic": item.nonpublic}
        for item in found
        if item.matched or item.nonpublic
    ]
    if rows:
        connection.execute(sa.insert(RECORD_IDS), rows)


def merged(old: dict[str, Any], new: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The row of an incident found again, and the action for its history.

    A closed incident opens again where it came back after it was gone, or where more non-public
    records or a higher severity are found than were reviewed.
    """
    row = {**new, **{name: old[name] for name in _KEPT}}
    if old["seen_epoch"] > new["seen_epoch"]:
        row |= {"last_seen": old["last_seen"], "seen_epoch": old["seen_epoch"]}
    came_back = old["status"] in ("gone", "expired")
    worse = (
        new["nonpublic"] > old["nonpublic"] or new["severity_rank"] > old["severity_rank"]
    ) and old["status"] == "closed"
    if came_back or worse:
        row["status"] = "reopened" if old["verdict"] else "open"
    else:
        row["status"] = old["status"]
    if came_back:
        return row, "reappeared"
    moved = any(row[name] != old[name] for name in row if name not in _PASSING)
    return row, "changed" if moved else "seen"


def _told(row: dict[str, Any], old: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the history says of a change: figures only, so that it may outlive the incident."""
    names = ("status", "severity", "legal_severity", "records_matched", "records_nonpublic")
    if old is None:
        return {name: row[name] for name in names}
    told = {name: [old[name], row[name]] for name in names if old[name] != row[name]}
    if old["sha256"] != row["sha256"]:
        told["content"] = ["", "changed"]
    return told


def settle(connection: sa.Connection, scan_id: str, keys: Iterable[bytes]) -> list[Change]:
    """Mark gone what lay in these documents and was not found again by this scan."""
    changes = []
    for chunk in batched(keys, _CHUNK):
        query = sa.select(INCIDENTS).where(
            INCIDENTS.c.document_key.in_(chunk),
            INCIDENTS.c.at_rest == 1,
            INCIDENTS.c.scan_id != scan_id,
            INCIDENTS.c.status.not_in(("gone", "expired")),
        )
        rows = [dict(row) for row in connection.execute(query).mappings()]
        for row in rows:
            told, old = {"status": [row["status"], "gone"]}, dict(row)
            row["status"] = "gone"
            changes.append(Change("incident", row["incident_id"], "gone", row, told, old))
        update_rows(connection, rows)
    return changes


def review(
    connection: sa.Connection, identity: str, verdict: str, reason: str, who: str
) -> list[Change]:
    """Append a review and set the incident's verdict by it."""
    if verdict not in VERDICTS:
        raise UsageError(f"{verdict!r} is no verdict: choose one of {', '.join(VERDICTS)}")
    if not reason.strip():
        raise UsageError("a review needs a reason")
    status = "in_review" if verdict == "needs_facts" else "closed"
    set_now = {"verdict": verdict, "decision_reason": shown(reason), "status": status}
    return _reviewed(connection, identity, "review", set_now, who, verdict, reason)


def assign(connection: sa.Connection, identity: str, assignee: str, who: str) -> list[Change]:
    """Give the incident to a person."""
    row = one(connection, identity)
    status = "in_review" if row["status"] in ("open", "reopened") else row["status"]
    set_now = {"assignee": shown(assignee), "status": status}
    return _reviewed(connection, identity, "assign", set_now, who, "", assignee)


def hold(connection: sa.Connection, identity: str, on: bool, reason: str, who: str) -> list[Change]:
    """Set or lift the legal hold, under which an incident does not expire."""
    action = "hold" if on else "release"
    return _reviewed(connection, identity, action, {"legal_hold": int(on)}, who, "", reason)


def _reviewed(
    connection: sa.Connection,
    identity: str,
    action: str,
    set_now: dict[str, Any],
    who: str,
    verdict: str,
    reason: str,
) -> list[Change]:
    old, at = one(connection, identity), now()
    if old["status"] == "gone":
        set_now.pop("status", None)
    row = {**old, **set_now}
    if action == "review":
        row["reviewed_at"] = at
    number = connection.scalar(sa.select(sa.func.coalesce(sa.func.max(REVIEWS.c.number), 0) + 1))
    entry = {
        "number": number,
        "incident_id": identity,
        "at": at,
        "who": shown(who),
        "action": action,
        "verdict": verdict,
        "reason": shown(reason),
    }
    connection.execute(sa.insert(REVIEWS).values(entry))
    update_rows(connection, [row])
    return [
        Change("review", str(number), action, entry, {"incident": identity}),
        Change("incident", identity, action, row, _told(row, old), old),
    ]


def one(connection: sa.Connection, identity: str) -> dict[str, Any]:
    """The row of one incident. Raises UsageError where there is none."""
    row = rows_of(connection, [identity]).get(identity)
    if row is None:
        raise UsageError(f"there is no incident {identity}")
    return row


# What stays of an expired incident: that it was, when, what became of it. No person, no path.
_REMAINS = frozenset(
    {
        *("incident_id", "detected_at", "severity", "legal_severity", "verdict", "disposition"),
        *("dataset_id", "trade_secret_status", "channel", "detection_method", "similarity"),
        *("third_party", "policy_pack", "scanner_version", "reviewed_at"),
    }
)


def expire(connection: sa.Connection, before: datetime) -> list[Change]:
    """Empty incidents last seen before a time and not on legal hold; their row stays."""
    query = sa.select(INCIDENTS).where(
        INCIDENTS.c.seen_epoch < int(before.timestamp()),
        INCIDENTS.c.legal_hold == 0,
        INCIDENTS.c.status != "expired",
    )
    changes, rows = [], []
    for row in connection.execute(query).mappings():
        kept = dict(row)
        kept |= {name: "" for name in INCIDENT_COLUMNS if name not in _REMAINS}
        kept |= {"status": "expired", "document_key": b"", "body": "", "reportable": 0}
        rows.append(kept)
        told = {"status": [row["status"], "expired"]}
        changes.append(Change("incident", kept["incident_id"], "expired", kept, told, dict(row)))
    update_rows(connection, rows)
    for chunk in batched((row["incident_id"] for row in rows), _CHUNK):
        connection.execute(sa.delete(RECORD_IDS).where(RECORD_IDS.c.incident_id.in_(chunk)))
        changes += _expire_reviews(connection, chunk)
    return changes


def _expire_reviews(connection: sa.Connection, ids: list[str]) -> list[Change]:
    of_these = REVIEWS.c.incident_id.in_(ids)
    emptied = {"who": "", "reason": ""}
    found = connection.execute(sa.select(REVIEWS).where(of_these)).mappings()
    rows = [dict(row) for row in found]
    connection.execute(sa.update(REVIEWS).where(of_these).values(emptied))
    return [
        Change("review", str(row["number"]), "expired", row | emptied, before=row) for row in rows
    ]
