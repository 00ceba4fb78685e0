"""The incident store: one SQLite file, each change durable and chained before acknowledgement."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

import sqlalchemy as sa

from scanner.home import Home
from scanner.model.chain import canonical
from scanner.model.document import Document
from scanner.model.errors import UsageError
from scanner.model.examined import Examined
from scanner.model.incident import Incident
from scanner.model.recorded import Recorded
from scanner.record import incidents as changes_of
from scanner.record import scans
from scanner.record.anchor import Anchor
from scanner.record.chain import Change, Head, append, audit_key, head_of, mac, sealed
from scanner.record.database import BUSY_SECONDS, Database
from scanner.record.journal import Journal
from scanner.record.schema import AUDIT, INCIDENTS, REVIEWS
from scanner.record.select import Query, Selection

Opened = tuple[Document, Sequence[Examined]]


def audit_files(home: Home) -> tuple[Path, Path]:
    """Where the audit key and the anchor of a home's store lie."""
    return home.root / "audit.key", home.root / "audit.anchor"


class Store(Journal):
    """An opened incident store. Use `Store.open`; close it, or use it as a context manager."""

    def __init__(self, database: Database, key: bytes, anchor: Anchor) -> None:
        self._database = database
        self._key = key
        self._anchor = anchor

    @staticmethod
    def open(home: Home, *, busy_seconds: float = BUSY_SECONDS) -> Store:
        """The store of a home, made on first use, brought up to this version.

        Raises StoreError where it is of a newer version, locked, damaged or without its key.
        """
        key_file, anchor_file = audit_files(home)
        database = Database(home.store, busy_seconds)
        try:
            if not key_file.exists():
                with database.write() as connection:
                    audit_key(key_file, create=head_of(connection).rows == 0)
            key = audit_key(key_file, create=False)
            store = Store(database, key, Anchor(anchor_file, key))
            store._recover()
        except BaseException:
            database.close()
            raise
        return store

    def close(self) -> None:
        """Close the store."""
        self._database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _recover(self) -> None:
        """Anchor what a crash left past the anchor; note in the chain where the anchor is lost."""
        anchored = self._anchor.read()  # before the head, which other processes move on
        with self._database.read() as connection:
            head, seal = head_of(connection), sealed(connection, self._key)
        if head.rows == 0 and anchored is None:
            self._make()
            return
        if anchored is not None and anchored.rows <= head.rows:
            if seal == head:
                self._anchor.write(head)
            return
        with self._database.write() as connection:
            anchored = self._anchor.read()
            found = head_of(connection).rows
            if anchored is not None and anchored.rows <= found:
                return  # another process was making the store
            detail = {"anchored": anchored.rows if anchored else -1, "found": found}
            lost = Change("alarm", "store", "anchor_lost", None, detail)
            head = append(connection, self._key, [lost], "")
        self._anchor.write(head, force=True)

    def _make(self) -> None:
        """Begin the chain with a row that names the store."""
        self._anchor.create()
        with self._database.write() as connection:
            if head_of(connection).rows:
                return
            made = Change("store", secrets.token_hex(16), "made")
            head = append(connection, self._key, [made], "")
        self._anchor.write(head)

    def _commit(self, by: str, work: Callable[[sa.Connection], list[Change]]) -> None:
        """Run `work` in one transaction, chain its changes, anchor the new head."""
        with self._database.write() as connection:
            changes = work(connection)
            head = append(connection, self._key, changes, by) if changes else None
        if head is not None:
            self._anchor.write(head)

    # incidents

    def record(
        self,
        incidents: Sequence[Incident] = (),
        *,
        scan_id: str = "",
        examined: Iterable[Opened] = (),
    ) -> list[str]:
        """The ids of the incidents, written together with what became of their documents.

        On return they are on the disk. The same thing found again updates its incident. With
        `examined`, the objects of these documents that were not read whole are noted in the same
        commit, and those known from earlier are dropped.
        """
        found = [changes_of.prepare(incident, scan_id) for incident in incidents]
        by = incidents[0].operator if incidents else ""
        opened = list(examined)

        def work(connection: sa.Connection) -> list[Change]:
            scans.put_outcomes(connection, scan_id, opened)
            return changes_of.put(connection, found)

        if found or self._outcomes_change(opened):
            self._commit(by, work)
        return [item.id for item in found]

    def _outcomes_change(self, opened: Sequence[Opened]) -> bool:
        """False where the documents are read whole and nothing else is known of them."""
        if not opened:
            return False
        if any(one.outcome.reason for _, objects in opened for one in objects):
            return True
        with self._database.read() as connection:
            return scans.has_outcomes(connection, [document for document, _ in opened])

    def settle(
        self,
        scan_id: str,
        examined: Iterable[bytes],
        vanished: Iterable[bytes] = (),
    ) -> int:
        """How many incidents are now "gone".

        `examined` are the keys (`scanner.record.flatten.document_key`) of documents that the scan
        read whole, `vanished` those that it did not find any more. Their incidents that the scan
        did not find again are marked, never deleted.
        """
        count = 0
        lost = list(vanished)

        def work(connection: sa.Connection) -> list[Change]:
            nonlocal count
            scans.forget_outcomes(connection, lost)
            gone = changes_of.settle(connection, scan_id, [*examined, *lost])
            count = len(gone)
            return gone

        self._commit("", work)
        return count

    def review(self, identity: str, verdict: str, reason: str, who: str) -> None:
        """Append a review: a verdict of VERDICTS with its reason."""
        found = self.find(identity)
        self._commit(who, lambda c: changes_of.review(c, found, verdict, reason, who))

    def assign(self, identity: str, assignee: str, who: str) -> None:
        """Give an incident to a person."""
        found = self.find(identity)
        self._commit(who, lambda c: changes_of.assign(c, found, assignee, who))

    def hold(self, identity: str, reason: str, who: str, *, on: bool = True) -> None:
        """Set or lift the legal hold of an incident."""
        found = self.find(identity)
        self._commit(who, lambda c: changes_of.hold(c, found, on, reason, who))

    def expire(self, days: int, *, now: datetime | None = None) -> int:
        """How many incidents were emptied because nobody saw them for `days` days."""
        before = (now or datetime.now(UTC)) - timedelta(days=days)
        count = 0

        def work(connection: sa.Connection) -> list[Change]:
            nonlocal count
            expired = changes_of.expire(connection, before)
            count = sum(change.kind == "incident" for change in expired)
            return expired

        self._commit("", work)
        if count:
            self._database.compact()
        return count

    def old_unread(self, scan_id: str, under: tuple[str, ...]) -> Iterator[bytes]:
        """The keys of documents under these shown roots whose unread objects another scan noted.

        After a whole scan, those that its walk did not come by either are no longer there: drop
        them with `settle`.
        """
        yield from Selection(self._database, Query(under=under)).old_unread(scan_id)

    # reading

    def select(self, query: Query | None = None, **fields: Any) -> Selection:
        """The incidents of a query (see Query for the fields), read as they are asked for."""
        return Selection(self._database, query or Query(**fields))

    def find(self, identity: str) -> str:
        """The whole id of an incident told by its beginning. Raises UsageError."""
        clean = identity.strip().lower()
        column = INCIDENTS.c.incident_id
        chosen = sa.select(column).where(column >= clean, column < clean + "g").limit(2)
        with self._database.read() as connection:
            ids = [row[0] for row in connection.execute(chosen)] if clean else []
        if not ids:
            raise UsageError(f"there is no incident {identity}")
        if len(ids) > 1:
            raise UsageError(f"more than one incident begins with {identity}: give more digits")
        return str(ids[0])

    def get(self, identity: str) -> Recorded:
        """One incident whole, told by its id or the beginning of it."""
        found = self.find(identity)
        chosen = self.select(ids=(found,), events=True, gone=True)
        for incident in chosen.incidents():
            return incident
        raise UsageError(f"the incident {found} has expired: its content was deleted")

    def history(self, identity: str) -> list[dict[str, Any]]:
        """What happened to an incident, oldest first, from the chain."""
        found = self.find(identity)
        chosen = sa.select(AUDIT.c.row).where(AUDIT.c.kind == "incident")
        chosen = chosen.where(AUDIT.c.subject == found).order_by(AUDIT.c.seq)
        with self._database.read() as connection:
            return [json.loads(row[0]) for row in connection.execute(chosen)]

    def reviews(self, identity: str) -> list[dict[str, Any]]:
        """The reviews of an incident, oldest first."""
        found = self.find(identity)
        chosen = sa.select(REVIEWS).where(REVIEWS.c.incident_id == found).order_by("number")
        with self._database.read() as connection:
            return [dict(row) for row in connection.execute(chosen).mappings()]

    # the chain

    def head(self) -> Head:
        """The end of the chain."""
        with self._database.read() as connection:
            return head_of(connection)

    def holds(self, rows: int, row_hash: str) -> bool:
        """True where the chain's row of that number has that hash: nothing was put back since."""
        chosen = sa.select(AUDIT.c.row_hash).where(AUDIT.c.seq == rows)
        with self._database.read() as connection:
            return bool(connection.scalar(chosen) == row_hash)

    def export_anchor(self) -> str:
        """The head of the chain as one line to keep outside (mail it, print it)."""
        head = self.head()
        return canonical(
            {"head": head.hash, "mac": mac(self._key, "export", head), "rows": head.rows}
        )

    @property
    def pseudonym_key(self) -> bytes:
        """The key under which reports replace persons by pseudonyms."""
        return hmac.digest(self._key, b"pseudonym", hashlib.sha256)
