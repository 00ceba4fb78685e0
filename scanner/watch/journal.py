"""The watcher's memory: what was examined in which state, and messages still to be sent.

SQLite with a write-ahead log. A path is entered only after its incidents stand in the store, so
after a crash a document is at worst examined once more, never left out.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from scanner.model.errors import HomeError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS seen (path BLOB PRIMARY KEY, signature TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox (
  target TEXT NOT NULL, incident TEXT NOT NULL, payload TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL DEFAULT 0, done REAL,
  PRIMARY KEY (target, incident)
) WITHOUT ROWID;
"""
KEEP_SENT = 30 * 86400.0


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message about an incident that has to be sent."""

    target: str
    incident: str
    payload: str
    attempts: int


class Journal:
    """The journal in a folder; one process at a time. Methods may be called from any thread."""

    def __init__(self, folder: Path) -> None:
        self._lock = threading.RLock()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = sqlite3.connect(
                folder / "journal.db", timeout=30, check_same_thread=False, isolation_level=None
            )
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise HomeError(
                f"the watcher's journal in {folder} cannot be used ({error}): is the disk full, "
                "or may this account not write there?"
            ) from None
        self._unwritten: dict[bytes, str | None] = {}

    def signature(self, path: bytes) -> str:
        """In which state `path` was examined last; "" where it never was."""
        with self._lock:
            if path in self._unwritten:
                return self._unwritten[path] or ""
            row = self._db.execute("SELECT signature FROM seen WHERE path = ?", (path,)).fetchone()
        return str(row[0]) if row else ""

    def examined(self, path: bytes, signature: str) -> None:
        """Enter that `path` was examined in this state; on disk after the next `flush`."""
        with self._lock:
            self._unwritten[path] = signature

    def forget(self, path: bytes) -> None:
        """`path` is no longer there."""
        with self._lock:
            self._unwritten[path] = None

    def flush(self) -> None:
        """Write what was entered. Raises HomeError where the disk does not take it."""
        with self._lock:
            if not self._unwritten:
                return
            new = [(path, text) for path, text in self._unwritten.items() if text is not None]
            gone = [(path,) for path, text in self._unwritten.items() if text is None]
            try:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?)", new)
                self._db.executemany("DELETE FROM seen WHERE path = ?", gone)
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise HomeError(f"the watcher's journal cannot be written: {error}") from None
            self._unwritten.clear()

    def paths_under(self, root: bytes, batch: int = 1000) -> Iterator[bytes]:
        """The paths entered below a folder, in order; entries may be changed meanwhile."""
        prefix = root.rstrip(b"/") + b"/"
        last, end = prefix, prefix[:-1] + b"0"  # "0" follows "/"
        while True:
            with self._lock:
                rows = self._db.execute(
                    "SELECT path FROM seen WHERE path > ? AND path < ? ORDER BY path LIMIT ?",
                    (last, end, batch),
                ).fetchall()
            if not rows:
                return
            for (path,) in rows:
                yield path
            last = rows[-1][0]

    def note(self, name: str) -> str:
        """A remark kept under a name, "" where there is none."""
        with self._lock:
            row = self._db.execute("SELECT value FROM note WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def set_note(self, name: str, value: str) -> None:
        """Keep a remark under a name."""
        with self._lock:
            self._db.execute("INSERT OR REPLACE INTO note VALUES (?, ?)", (name, value))

    def post(self, target: str, incident: str, payload: str) -> None:
        """Put a message into the outbox; a second one for the same target and incident is none."""
        with self._lock:
            self._db.execute(
                "INSERT OR IGNORE INTO outbox (target, incident, payload) VALUES (?, ?, ?)",
                (target, incident, payload),
            )

    def unsent(self, limit: int = 50, *, now: float | None = None) -> list[Outgoing]:
        """Messages that are due, oldest first."""
        now = time.time() if now is None else now
        with self._lock:
            rows = self._db.execute(
                "SELECT target, incident, payload, attempts FROM outbox "
                "WHERE done IS NULL AND due <= ? ORDER BY due LIMIT ?",
                (now, limit),
            ).fetchall()
        return [Outgoing(*row) for row in rows]

    def unsent_count(self) -> int:
        """How many messages wait."""
        with self._lock:
            row = self._db.execute("SELECT count(*) FROM outbox WHERE done IS NULL").fetchone()
        return int(row[0])

    def sent(self, message: Outgoing) -> None:
        """A message arrived; kept a while so that it is not sent twice."""
        now = time.time()
        with self._lock:
            self._db.execute(
                "UPDATE outbox SET done = ?, payload = '' WHERE target = ? AND incident = ?",
                (now, message.target, message.incident),
            )
            self._db.execute("DELETE FROM outbox WHERE done < ?", (now - KEEP_SENT,))

    def not_sent(self, message: Outgoing, delay: float) -> None:
        """A message did not arrive; it is due again in `delay` seconds."""
        with self._lock:
            self._db.execute(
                "UPDATE outbox SET attempts = attempts + 1, due = ? "
                "WHERE target = ? AND incident = ?",
                (time.time() + delay, message.target, message.incident),
            )

    def close(self) -> None:
        """Write and close."""
        with self._lock, closing(self._db):
            self.flush()
