"""Messages that were let go unexamined because nothing could be examined: each one an incident.

They are written down before they go, in a file of their own, since the store may be what failed;
once it works again they are entered there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from scanner.gateway.message import Message
from scanner.model.document import Channel, Document, Provenance
from scanner.model.examined import Examined
from scanner.model.incident import Event, Incident
from scanner.model.outcome import Outcome
from scanner.run.judging import Judging
from scanner.run.send_judging import unread_incident


@dataclass(frozen=True, slots=True)
class Bypass:
    """One message that went unexamined."""

    uri: str
    sender: str
    recipients: tuple[str, ...]
    actor: str
    size: int
    at: str


class BypassLog:
    """The file of bypasses that are not in the store yet."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = folder / "bypass.jsonl"

    def add(self, uri: str, message: Message, actor: str) -> None:
        """Write one down; on disk on return. Raises OSError."""
        entry = Bypass(
            uri,
            message.sender,
            tuple(message.recipients),
            actor,
            message.size,
            datetime.now().astimezone().isoformat(timespec="seconds"),
        )
        fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(fd, "ab") as out:
            out.write(json.dumps(asdict(entry), sort_keys=True).encode() + b"\n")
            out.flush()
            os.fsync(out.fileno())

    def pending(self) -> list[Bypass]:
        """Those not yet in the store."""
        try:
            lines = self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        found = []
        for line in lines:
            try:
                values = json.loads(line)
            except ValueError:
                continue  # cut by a crash: then the message was not let go either
            found.append(Bypass(**{**values, "recipients": tuple(values["recipients"])}))
        return found

    def enter(self, judging: Judging, record: Callable[[list[Incident]], object]) -> int:
        """Enter all into the store, then empty the file; gives how many there were."""
        entries = self.pending()
        if entries:
            record([_incident(judging, entry) for entry in entries])
            self._path.unlink()
        return len(entries)


def _incident(judging: Judging, entry: Bypass) -> Incident:
    document = Document(entry.uri, size=entry.size, provenance=Provenance(Channel.MAIL))
    outcome = Outcome.skipped("cancelled", "let go unexamined: the scanner did not work")
    examined = Examined("", "mail", entry.size, "", outcome)
    event = Event(
        at=datetime.fromisoformat(entry.at),
        kind="send",
        actor=entry.actor,
        sender=entry.sender,
        recipients=entry.recipients,
        collection_mode="real_time",
    )
    return unread_incident(judging, document, examined, event, "bypass", "logged")
