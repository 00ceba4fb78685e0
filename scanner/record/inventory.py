"""Signatures of the documents already examined, so that unchanged ones are not read again.

A mark may be lost (the document is then read once more) but never comes before its incidents:
mark a document only after Store.record returned. The inventory empties itself where its store is
another one, or an older copy of it, because marks would then point at incidents that are not
there.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from scanner.home import Home
from scanner.model.document import Document
from scanner.model.errors import StoreError
from scanner.model.outcome import Outcome
from scanner.record.batches import batched
from scanner.record.flatten import document_key
from scanner.record.store import Store

_LAYOUT = 1
_FLUSH = 5000
_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS versions (number INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS documents (
    key BLOB PRIMARY KEY,
    signature TEXT NOT NULL,
    version INTEGER NOT NULL,
    walk INTEGER NOT NULL,
    coverage TEXT NOT NULL,
    reason TEXT NOT NULL
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """How far an unchanged document was read when it was last examined."""

    coverage: str
    reason: str


class Inventory:
    """The inventory of one home. Use `Inventory.open`; close it, or use it as a context manager."""

    def __init__(self, path: Path, connection: sqlite3.Connection, store: Store) -> None:
        self._path = path
        self._connection = connection
        self._store = store
        self._versions: dict[str, int] = {}
        self._marks: list[tuple[bytes, str, int, int, str, str]] = []
        self._walked: list[tuple[int, bytes]] = []
        self._walk = 0

    @staticmethod
    def open(home: Home, store: Store, *, busy_seconds: float = 30.0) -> Inventory:
        """The inventory of a home, made on first use; a damaged one is begun anew."""
        path = home.inventory
        try:
            connection = _connect(path, busy_seconds)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise StoreError(f"the inventory {path} cannot be used ({error})") from None
            for name in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
                name.unlink(missing_ok=True)
            connection = _connect(path, busy_seconds)
        inventory = Inventory(path, connection, store)
        inventory._begin()
        return inventory

    def _begin(self) -> None:
        with self._transaction() as connection:
            told = dict(connection.execute("SELECT name, value FROM meta").fetchall())
            same = self._store.holds(int(told.get("rows", "0")), told.get("head", ""))
            if not same or told.get("layout") != str(_LAYOUT):
                connection.execute("DELETE FROM documents")
                connection.execute("DELETE FROM versions")
            self._walk = int(told.get("walk", "0")) + 1
            head = self._store.head()
            self._tell({"rows": head.rows, "head": head.hash})
            self._tell({"walk": self._walk, "layout": _LAYOUT})
            self._versions = dict(connection.execute("SELECT text, number FROM versions"))

    def unchanged(self, documents: Sequence[Document], version: str) -> list[Seen | None]:
        """For each document what is known of it, None where it has to be examined.

        `version` names everything besides the document that findings depend on: index, registry,
        settings, scanner. A document without a signature is always examined.
        """
        number = self._version(version)
        query = "SELECT signature, version, coverage, reason FROM documents WHERE key = ?"
        seen: list[Seen | None] = []
        with self._translated():
            for document in documents:
                key = document_key(document)
                row = self._connection.execute(query, (key,)).fetchone()
                same = row and document.signature and row[:2] == (document.signature, number)
                seen.append(Seen(row[2], row[3]) if same else None)
                if row:
                    self._walked.append((self._walk, key))
        if len(self._walked) >= _FLUSH:
            self.flush()
        return seen

    def mark(self, document: Document, version: str, outcome: Outcome) -> None:
        """Note that a document was examined. Its incidents must be in the store already."""
        self._marks.append(
            (
                document_key(document),
                document.signature,
                self._version(version),
                self._walk,
                outcome.coverage.value,
                outcome.reason,
            )
        )
        if len(self._marks) >= _FLUSH:
            self.flush()

    def flush(self) -> None:
        """Write the marks that are held back."""
        if not self._marks and not self._walked:
            return
        with self._transaction() as connection:
            connection.executemany("UPDATE documents SET walk = ? WHERE key = ?", self._walked)
            connection.executemany(
                "INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?)", self._marks
            )
            head = self._store.head()
            self._tell({"rows": head.rows, "head": head.hash})
        self._marks.clear()
        self._walked.clear()

    def vanished(self, roots: Iterable[bytes]) -> Iterator[bytes]:
        """The keys of documents under these roots that this walk did not come by.

        To be asked only after every root was walked to its end.
        """
        self.flush()
        query = "SELECT key FROM documents WHERE walk != ? AND key >= ? AND key < ? ORDER BY key"
        for root in sorted(set(roots)):
            start = root if root.endswith((b"/", b"\\")) else root + b"/"
            bounds = [(start, start[:-1] + bytes([start[-1] + 1])), (root, root + b"\x00")]
            with self._translated():
                for low, high in bounds:
                    for (key,) in self._connection.execute(query, (self._walk, low, high)):
                        yield key

    def walked(self, keys: Iterable[bytes]) -> set[bytes]:
        """Those of these keys that this walk came by and that are marked."""
        self.flush()
        query = "SELECT 1 FROM documents WHERE key = ? AND walk = ?"
        with self._translated():
            return {
                key
                for key in keys
                if self._connection.execute(query, (key, self._walk)).fetchone() is not None
            }

    def forget(self, keys: Iterable[bytes]) -> None:
        """Drop documents, so that they are examined when they are seen again."""
        for batch in batched(keys, _FLUSH):
            with self._transaction() as connection:
                rows = [(key,) for key in batch]
                connection.executemany("DELETE FROM documents WHERE key = ?", rows)

    def close(self) -> None:
        """Write what is held back and close."""
        try:
            self.flush()
        finally:
            self._connection.close()

    def __enter__(self) -> Inventory:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _version(self, text: str) -> int:
        if text not in self._versions:
            with self._transaction() as connection:
                connection.execute("INSERT OR IGNORE INTO versions (text) VALUES (?)", (text,))
                self._versions = dict(connection.execute("SELECT text, number FROM versions"))
        return self._versions[text]

    def _tell(self, values: dict[str, str | int]) -> None:
        rows = [(name, str(value)) for name, value in values.items()]
        self._connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"the inventory {self._path} cannot be used ({error})") from None


def _connect(path: Path, busy_seconds: float) -> sqlite3.Connection:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.executescript(_TABLES)
    except BaseException:
        connection.close()
        raise
    return connection
