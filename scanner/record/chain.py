"""The store's hash chain: every change appends a row; a seal and an anchor hold its head.

The seal stands in the store, written with each change under the audit key: rows appended by
someone without the key do not fit it. The anchor stands in a file beside the store and is
written after each commit, before the change is acknowledged: a cut tail, or a store put back
from an old copy, does not reach it. Only the last change before a crash may lie past the anchor;
the next opening anchors it.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from scanner.model.chain import GENESIS, canonical, link
from scanner.model.errors import StoreError
from scanner.record.batches import batched
from scanner.record.schema import AUDIT, SEAL

KEY_BYTES = 32
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: how many rows, and the hash of the last one."""

    rows: int
    hash: str


EMPTY = Head(0, GENESIS)


@dataclass(frozen=True, slots=True)
class Change:
    """One change to one row of a chained table.

    `row` is its new state, whole, and `before` its state as it was read from the table.
    """

    kind: str
    subject: str
    action: str
    row: dict[str, Any] | None = None
    detail: dict[str, Any] | None = None
    before: dict[str, Any] | None = None


def now() -> str:
    """The time as the chain writes it: ISO 8601 in UTC with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def digest(row: dict[str, Any]) -> str:
    """The SHA-256 of a table row: its columns as canonical JSON, bytes as hex."""
    plain = {name: item.hex() if isinstance(item, bytes) else item for name, item in row.items()}
    return link("", canonical(plain))


def head_of(connection: sa.Connection) -> Head:
    """The head of the chain as its last row gives it."""
    last = sa.select(AUDIT.c.seq, AUDIT.c.row_hash).order_by(AUDIT.c.seq.desc()).limit(1)
    row = connection.execute(last).first()
    return Head(row[0], row[1]) if row else EMPTY


def append(connection: sa.Connection, key: bytes, changes: Iterable[Change], by: str) -> Head:
    """Append one row for each change and seal the new head; gives the head.

    Where somebody else changed the store since, an alarm row goes before: what is written now
    would otherwise cover it up.
    """
    changes = list(changes)
    head, rows, at = head_of(connection), [], now()
    for change in [*_alarms(connection, key, head, changes), *changes]:
        text = canonical(
            {
                "action": change.action,
                "at": at,
                "by": by,
                "detail": change.detail or {},
                "digest": digest(change.row) if change.row is not None else "",
                "kind": change.kind,
                "seq": head.rows + 1,
                "subject": change.subject,
            }
        )
        hashed = link(head.hash, text)
        rows.append(
            {
                "seq": head.rows + 1,
                "kind": change.kind,
                "subject": change.subject,
                "row": text,
                "prev_hash": head.hash,
                "row_hash": hashed,
            }
        )
        head = Head(head.rows + 1, hashed)
    if rows:
        connection.execute(sa.insert(AUDIT), rows)
        _seal(connection, key, head)
    return head


def _alarms(
    connection: sa.Connection, key: bytes, head: Head, changes: list[Change]
) -> Iterator[Change]:
    """What was changed by others: the end of the chain, or a row that is about to be replaced."""
    if head.rows and sealed(connection, key) != head:
        yield Change("alarm", "store", "unsealed_before", None, {"found": head.rows})
    for kind in sorted({change.kind for change in changes if change.before is not None}):
        before = {
            change.subject: change.before
            for change in reversed(changes)
            if change.kind == kind and change.before is not None
        }
        for batch in batched(before, _CHUNK):
            known = _latest(connection, kind, batch)
            for subject in batch:
                if known.get(subject) != digest(before[subject]):
                    yield Change("alarm", f"{kind} {subject}", "edited_before")


def _latest(connection: sa.Connection, kind: str, subjects: list[str]) -> dict[str, str]:
    """The digests that the chain last gave these rows."""
    ours = (AUDIT.c.kind == kind) & AUDIT.c.subject.in_(subjects)
    last = sa.select(sa.func.max(AUDIT.c.seq)).where(ours).group_by(AUDIT.c.subject)
    chosen = sa.select(AUDIT.c.subject, AUDIT.c.row).where(AUDIT.c.seq.in_(last))
    return {subject: told(row).get("digest", "") for subject, row in connection.execute(chosen)}


def told(row: str) -> dict[str, Any]:
    """What a chain row says; nothing where it was made unreadable."""
    try:
        said = json.loads(row)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _seal(connection: sa.Connection, key: bytes, head: Head) -> None:
    values = {"rows": head.rows, "head": head.hash, "mac": mac(key, "seal", head)}
    if not connection.execute(sa.update(SEAL).where(SEAL.c.number == 1).values(values)).rowcount:
        connection.execute(sa.insert(SEAL).values(number=1, **values))


def mac(key: bytes, use: str, head: Head) -> str:
    """The code, hex, that ties a head to the audit key for one use."""
    return hmac.digest(key, f"{use}\n{head.rows}\n{head.hash}".encode(), "sha256").hex()


def sealed(connection: sa.Connection, key: bytes) -> Head | None:
    """The sealed head, or None where the seal is missing or was not made with the key."""
    row = connection.execute(sa.select(SEAL.c.rows, SEAL.c.head, SEAL.c.mac)).first()
    if row is None:
        return None
    head = Head(row[0], row[1])
    return head if hmac.compare_digest(mac(key, "seal", head), row[2]) else None


def _write_key(path: Path) -> None:
    """A new key under its name only once it is whole; the caller holds the store's lock."""
    temporary = path.with_name(f".{path.name}.new")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w", encoding="ascii") as out:
        out.write(secrets.token_hex(KEY_BYTES) + "\n")
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(path)


def audit_key(path: Path, *, create: bool) -> bytes:
    """The audit key, made (0600) with `create`. Raises StoreError where it cannot be had."""
    try:
        if create and not path.exists():
            _write_key(path)
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        raise StoreError(
            f"the audit key {path} is missing: put it back beside the incident store, without it "
            "the store's history cannot be verified or continued"
        ) from None
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else "it holds no key"
        raise StoreError(f"the audit key {path} cannot be read: {said}") from None
    if len(key) != KEY_BYTES:
        raise StoreError(f"the audit key {path} is not 64 hexadecimal digits: put it back")
    return key
