"""The store's logs: scans, custody, measures. A part of scanner.record.store.Store."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from scanner.model.recorded import ScanStart, Totals
from scanner.record import scans
from scanner.record.chain import Change
from scanner.record.database import Database
from scanner.record.schema import CUSTODY

Work = Callable[[sa.Connection], list[Change]]


class Journal:
    """What a store writes about its own use. `_commit` is the store's."""

    _database: Database

    def _commit(self, by: str, work: Work) -> None:
        raise NotImplementedError

    def start_scan(self, begun: ScanStart) -> str:
        """The id of a new scan; its record stays though the scan be cut short."""
        scan_id = ""

        def work(connection: sa.Connection) -> list[Change]:
            nonlocal scan_id
            scan_id, changes = scans.start(connection, begun)
            return changes

        self._commit(begun.operator, work)
        return scan_id

    def finish_scan(
        self, scan_id: str, totals: Totals, *, state: str = "complete", incidents: int = 0
    ) -> None:
        """Close a scan (complete, stopped or failed) with what it went through."""
        self._commit("", lambda c: scans.finish(c, scan_id, state, totals, incidents))

    def log_custody(
        self, who: str, action: str, subject: str, reason: str = "", **detail: Any
    ) -> None:
        """Note who exported or revealed what, when and why."""
        self._commit(who, lambda c: scans.log_custody(c, who, action, subject, reason, detail))

    def begin_measure(self, kind: str, text: str, *, host: str = "", operator: str = "") -> int:
        """The number of a new entry of the measure log."""
        number = 0

        def work(connection: sa.Connection) -> list[Change]:
            nonlocal number
            number, changes = scans.begin_measure(connection, kind, text, host, operator)
            return changes

        self._commit(operator, work)
        return number

    def beat_measure(self, number: int, *, end: bool = False) -> None:
        """Note that a measure is in force now, or ends now."""
        self._commit("", lambda c: scans.beat_measure(c, number, end=end))

    def exported_heads(self) -> dict[str, tuple[int, str]]:
        """By its last hash, the number of rows and the SHA-256 of every chained report.

        They are those of the custody log's entries "export" with row_count, sha256, head_hash.
        """
        chosen = sa.select(CUSTODY.c.detail).where(CUSTODY.c.action == "export")
        heads: dict[str, tuple[int, str]] = {}
        with self._database.read() as connection:
            for (detail,) in connection.execute(chosen):
                told = json.loads(detail)
                if "head_hash" in told:
                    heads[told["head_hash"]] = (int(told["row_count"]), str(told["sha256"]))
        return heads
