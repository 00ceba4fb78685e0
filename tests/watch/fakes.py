"""A pipeline that looks for one word, and keeps its incidents in a file as the real store does."""

from __future__ import annotations

import os
import sqlite3
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from scanner.model.document import Document
from scanner.model.examined import Examined
from scanner.model.finding import Finding, Method
from scanner.model.incident import Event, Incident, Judgement, Severity
from scanner.model.outcome import Outcome

WORD = b"SECRET"


@dataclass
class Processed:
    document: Document
    token: object
    examined: list[Examined]
    incidents: list[Incident]
    incident_ids: list[str]


class FakePipeline:
    """Reads documents in this process. `store` is a SQLite file: incident key is unique."""

    def __init__(self, store: Path, *, slow: float = 0.0, fail=None) -> None:
        self.store = sqlite3.connect(store, timeout=30)
        self.store.execute("PRAGMA journal_mode=WAL")
        self.store.execute("PRAGMA synchronous=NORMAL")
        self.store.execute(
            "CREATE TABLE IF NOT EXISTS incident (key TEXT PRIMARY KEY, seen INTEGER, at REAL)"
        )
        self.store.execute("CREATE TABLE IF NOT EXISTS looked (path TEXT, at REAL)")
        self.slow = slow
        self.fail = fail
        self.done: deque[Processed] = deque()
        self.closed = False

    def submit(self, document, event: Event, *, data=None, token=None) -> None:
        if self.fail is not None:
            self.fail("submit")
        if self.slow:
            time.sleep(self.slow)
        self.done.append(self._one(document, event, token))

    def _one(self, document: Document, event: Event, token) -> Processed:
        try:
            with open(document.path, "rb") as source:
                content = source.read()
        except OSError as error:
            import errno

            outcome = Outcome.skipped(f"unreadable:{errno.errorcode[error.errno]}")
            return Processed(document, token, [Examined("", "text", 0, "", outcome)], [], [])
        import hashlib

        digest = hashlib.sha256(content).hexdigest()
        examined = Examined("", "text", len(content), digest, Outcome())
        if WORD not in content:
            return Processed(document, token, [examined], [], [])
        finding = Finding(Method.EXACT, "D1", content.count(WORD), nonpublic=5)
        judgement = Judgement(
            "CN",
            "ts_supported",
            similarity="substantial",
            exposure=Severity.HIGH,
            legal=Severity.HIGH,
        )
        incident = Incident(document, examined, finding, event, judgement)
        return Processed(
            document, token, [examined], [incident], [f"I-{digest[:8]}-{document.uri}"]
        )

    def results(self, *, wait=None):
        if self.fail is not None and self.done:
            self.fail("results")
        batch, self.done = list(self.done), deque()
        if not batch:
            time.sleep(min(wait or 0, 0.005))
            return
        now = time.time()
        for processed in batch:
            self.store.execute("INSERT INTO looked VALUES (?, ?)", (processed.document.uri, now))
            for key in processed.incident_ids:
                self.store.execute(
                    "INSERT INTO incident VALUES (?, 1, ?) ON CONFLICT (key) DO UPDATE SET seen = seen + 1",
                    (key, now),
                )
        self.store.commit()
        yield from batch

    def close(self) -> None:
        self.closed = True
        self.store.close()


def rows(store: Path, query: str):
    db = sqlite3.connect(store, timeout=30)
    try:
        return db.execute(query).fetchall()
    finally:
        db.close()


def looked(store: Path) -> list[str]:
    return [row[0] for row in rows(store, "SELECT path FROM looked ORDER BY rowid")]


def wait_for(condition, seconds: float = 60.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())


assert os.name == "posix"
