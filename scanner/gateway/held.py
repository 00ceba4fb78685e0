"""Messages that the mail server holds for us, until every incident of theirs was reviewed.

The mail server keeps the only copy; here stands which incidents it waits for. A message is let go
once each of them was reviewed as no leak, and stays where one was confirmed.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from scanner.model.errors import HomeError

log = logging.getLogger("leakscan.gateway")

LETS_GO = frozenset({"false_positive", "authorised", "public_information"})
RELEASE = ("postsuper", "-H", "{id}")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS held (
  queue_id TEXT NOT NULL, identity TEXT NOT NULL, incidents TEXT NOT NULL, sender TEXT NOT NULL,
  held_at TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'held', changed_at TEXT NOT NULL,
  PRIMARY KEY (queue_id, identity)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Held:
    """One message on hold.

    `state`: held, released, kept (an incident of it was confirmed), gone (it never came to the
    mail server's queue).
    """

    queue_id: str
    identity: str
    incidents: tuple[str, ...]
    sender: str
    held_at: str
    state: str


class HeldMessages:
    """The list of messages on hold, on disk before the mail server is told to hold one."""

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = sqlite3.connect(
                folder / "held.db", timeout=30, check_same_thread=False, isolation_level=None
            )
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise HomeError(f"the list of held messages cannot be used: {error}") from None
        self._lock = threading.Lock()

    def add(self, queue_id: str, identity: str, incidents: Sequence[str], sender: str) -> None:
        """One more message on hold; on disk on return. Raises OSError.

        An older one under the same queue id is gone from the mail server by then.
        """
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        row = (queue_id, identity, json.dumps(sorted(set(incidents))), sender, now, now)
        try:
            with self._lock:
                self._db.execute(
                    "UPDATE held SET state = 'gone', changed_at = ? "
                    "WHERE queue_id = ? AND identity <> ? AND state = 'held'",
                    (now, queue_id, identity),
                )
                self._db.execute(
                    "INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?, ?, 'held', ?)", row
                )
        except sqlite3.Error as error:
            raise OSError(f"the list of held messages: {error}") from None

    def all(self, state: str | None = None) -> list[Held]:
        """Every message ever held, or those in one state, oldest first."""
        query = "SELECT queue_id, identity, incidents, sender, held_at, state FROM held "
        with self._lock:
            if state is None:
                rows = self._db.execute(query + "ORDER BY held_at").fetchall()
            else:
                rows = self._db.execute(
                    query + "WHERE state = ? ORDER BY held_at", (state,)
                ).fetchall()
        return [Held(r[0], r[1], tuple(json.loads(r[2])), r[3], r[4], r[5]) for r in rows]

    def mark(self, message: Held, state: str) -> None:
        """Change the state of a message."""
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        with self._lock:
            self._db.execute(
                "UPDATE held SET state = ?, changed_at = ? WHERE queue_id = ? AND identity = ?",
                (state, now, message.queue_id, message.identity),
            )

    def close(self) -> None:
        """Close the list."""
        with self._lock:
            self._db.close()


def release_reviewed(
    held: HeldMessages, verdict: Callable[[str], str], command: Sequence[str] = RELEASE
) -> list[Held]:
    """Let go every held message whose incidents all were reviewed as no leak.

    `verdict` gives the last verdict on an incident, "" where there is none yet. `command` is
    what makes the mail server deliver, `{id}` standing for its queue id; where it fails the
    message stays on the list and is tried again.
    """
    released = []
    for message in held.all("held"):
        verdicts = {verdict(incident) for incident in message.incidents}
        if "confirmed" in verdicts:
            held.mark(message, "kept")
        elif message.incidents and verdicts <= LETS_GO and _run(command, message.queue_id):
            held.mark(message, "released")
            released.append(message)
    return released


def _run(command: Sequence[str], queue_id: str) -> bool:
    words = [word.replace("{id}", queue_id) for word in command]
    try:
        subprocess.run(
            words, timeout=30, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("message %s could not be released: %s", queue_id, type(error).__name__)
        return False
    return True
