"""The registry's history: rows that are only ever added, each chained to the one before it.

Two times stand in every row: the days in which it holds (valid time) and when it was written down
(recorded time). So the registry can say what was in force on a day, and what was known of that
day later. Beside the database lies an anchor, the last row's number and hash, so that rows cut
off at the end are noticed too.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from scanner.model.errors import HomeError

START = "0" * 64
LOCK_SECONDS = 20.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS history (
  seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
  op TEXT NOT NULL, valid_from TEXT NOT NULL, valid_to TEXT NOT NULL, recorded_at TEXT NOT NULL,
  recorded_by TEXT NOT NULL, payload TEXT NOT NULL, prev_hash TEXT NOT NULL, row_hash TEXT NOT NULL
);
CREATE TRIGGER IF NOT EXISTS history_keeps BEFORE UPDATE ON history
  BEGIN SELECT RAISE(ABORT, 'the history is only added to'); END;
CREATE TRIGGER IF NOT EXISTS history_stays BEFORE DELETE ON history
  BEGIN SELECT RAISE(ABORT, 'the history is only added to'); END;
"""
_COLUMNS = "seq,kind,id,version,op,valid_from,valid_to,recorded_at,recorded_by,payload"


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be written down: `op` is set or remove."""

    kind: str
    id: str
    payload: dict[str, Any] = field(repr=False, default_factory=dict)
    op: str = "set"
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One row of the history."""

    seq: int
    kind: str
    id: str
    version: int
    op: str
    valid_from: str
    valid_to: str
    recorded_at: str
    recorded_by: str
    payload: str = field(repr=False)
    prev_hash: str = ""
    row_hash: str = ""

    def data(self) -> dict[str, Any]:
        """The payload."""
        value: dict[str, Any] = json.loads(self.payload)
        return value

    def covers(self, day: date) -> bool:
        """True where the row holds on `day`."""
        text = day.isoformat()
        return self.valid_from <= text and (not self.valid_to or text <= self.valid_to)


def chain_hash(previous: str, row: dict[str, Any]) -> str:
    """SHA-256 over the previous hash, a line end and the row as canonical JSON."""
    text = json.dumps(row, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()


class History:
    """The rows on disk. Reading is free; writing takes the one write lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "registry.db"
        self._anchor = folder / "registry.head"

    def rows(self) -> tuple[HistoryRow, ...]:
        """All rows, oldest first, after the chain was checked.

        Raises HomeError where a row was changed, taken out, or cut off.
        """
        if not self._file.exists():
            if self._anchor.exists():
                raise HomeError(f"{self._file} is missing, though {self._anchor} names its head")
            return ()
        anchor = self._read_anchor()
        with self._connect() as db:
            rows = _read(db)
        _check(rows, anchor, self._file)
        return rows

    def append(
        self, changes: Sequence[Change], *, by: str, at: datetime | None = None, after: str | None
    ) -> tuple[HistoryRow, ...]:
        """Write the changes down, all or none, and return their rows.

        `after` is the head the caller has read: where another writer was faster, nothing is
        written and HomeError says so. None writes behind whatever is there.
        """
        if not changes:
            return ()
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        now = (at or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="microseconds")
        with self._connect(create=True) as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                rows = _read(db)
                _check(rows, self._read_anchor(), self._file)
                head = rows[-1].row_hash if rows else START
                if after is not None and after != head:
                    raise HomeError(
                        "another leakscan changed the registry meanwhile: run the command again"
                    )
                added = _chain(rows, changes, now, by)
                _insert(db, added)
                db.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
                raise
            self._seal(db)
        return added

    def _seal(self, db: sqlite3.Connection) -> None:
        """Name the last row in the anchor, under the write lock, so that it never goes back."""
        db.execute("BEGIN IMMEDIATE")
        try:
            last = db.execute("SELECT seq, row_hash FROM history ORDER BY seq DESC LIMIT 1")
            seq, head = last.fetchone()
            self._write_anchor(seq, head)
        finally:
            db.execute("COMMIT")

    @contextlib.contextmanager
    def _connect(self, *, create: bool = False) -> Iterator[sqlite3.Connection]:
        try:
            fresh = create and not self._file.exists()
            if fresh:
                os.close(os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600))
            db = sqlite3.connect(self._file, timeout=LOCK_SECONDS, isolation_level=None)
        except (sqlite3.Error, OSError) as error:
            raise HomeError(f"the registry {self._file} cannot be opened: {error}") from None
        try:
            if create:
                db.execute("PRAGMA journal_mode=WAL")
                db.execute("PRAGMA synchronous=FULL")
                db.executescript(_SCHEMA)
            yield db
        except sqlite3.OperationalError as error:
            locked = "locked" in str(error) or "busy" in str(error)
            what = "is locked by another leakscan" if locked else f"cannot be used: {error}"
            raise HomeError(f"the registry {self._file} {what}") from None
        except sqlite3.DatabaseError as error:
            raise HomeError(f"the registry {self._file} is damaged: {error}") from None
        finally:
            db.close()

    def _read_anchor(self) -> tuple[int, str] | None:
        try:
            seq, head = self._anchor.read_text(encoding="ascii").split()
            return int(seq), head
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            raise HomeError(f"{self._anchor} is damaged: it names the registry's head") from None

    def _write_anchor(self, seq: int, head: str) -> None:
        temporary = self._anchor.with_suffix(f".{os.getpid()}")
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w", encoding="ascii") as out:
            out.write(f"{seq} {head}\n")
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(self._anchor)


def _read(db: sqlite3.Connection) -> tuple[HistoryRow, ...]:
    found = db.execute(f"SELECT {_COLUMNS},prev_hash,row_hash FROM history ORDER BY seq")  # noqa: S608
    return tuple(HistoryRow(*row) for row in found)


def _insert(db: sqlite3.Connection, rows: Sequence[HistoryRow]) -> None:
    marks = ",".join("?" * 12)
    db.executemany(
        f"INSERT INTO history ({_COLUMNS},prev_hash,row_hash) VALUES ({marks})",  # noqa: S608
        [tuple(getattr(row, name) for name in HistoryRow.__slots__) for row in rows],
    )


def _chain(
    rows: Sequence[HistoryRow], changes: Sequence[Change], now: str, by: str
) -> tuple[HistoryRow, ...]:
    head = rows[-1].row_hash if rows else START
    seq = rows[-1].seq if rows else 0
    versions: dict[tuple[str, str], int] = {}
    for row in rows:
        versions[row.kind, row.id] = row.version
    added: list[HistoryRow] = []
    for change in changes:
        seq += 1
        version = versions.get((change.kind, change.id), 0) + 1
        versions[change.kind, change.id] = version
        body: dict[str, Any] = {
            "seq": seq,
            "kind": change.kind,
            "id": change.id,
            "version": version,
            "op": change.op,
            "valid_from": change.valid_from.isoformat() if change.valid_from else "",
            "valid_to": change.valid_to.isoformat() if change.valid_to else "",
            "recorded_at": now,
            "recorded_by": by,
            "payload": json.dumps(change.payload, sort_keys=True, ensure_ascii=False),
        }
        row_hash = chain_hash(head, body)
        added.append(HistoryRow(**body, prev_hash=head, row_hash=row_hash))
        head = row_hash
    return tuple(added)


def _check(rows: Sequence[HistoryRow], anchor: tuple[int, str] | None, file: Path) -> None:
    head = START
    for number, row in enumerate(rows, 1):
        body = {name: getattr(row, name) for name in _COLUMNS.split(",")}
        if row.seq != number or row.prev_hash != head or row.row_hash != chain_hash(head, body):
            raise HomeError(
                f"{file} was changed by hand at row {number}: put the last backup back "
                "(the registry's history is evidence, it is only added to)"
            )
        head = row.row_hash
    if anchor and (
        len(rows) < anchor[0] or (anchor[0] and rows[anchor[0] - 1].row_hash != anchor[1])
    ):
        raise HomeError(
            f"{file} ends before row {anchor[0]}, its recorded head: rows were cut off or an old "
            "copy was put back"
        )
