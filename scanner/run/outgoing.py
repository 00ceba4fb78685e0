"""The verdict on a document before it leaves: allow, hold or block, why, what would allow it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from scanner.home import Home
from scanner.messages import message
from scanner.model.document import Channel, Document
from scanner.model.errors import UsageError
from scanner.run.pipeline import Pipeline
from scanner.run.send_judging import Envelope, Policy, SendJudging, open_outgoing
from scanner.run.verdict import Verdict, verdict_on
from scanner.settings import Settings
from scanner.source.folder import document_of
from scanner.source.mailbox import HEADERS, addresses_of, looks_like_message

__all__ = ["Envelope", "Policy", "Verdict", "check", "check_with", "open_outgoing"]


def check(
    home: Home,
    settings: Settings,
    file: Path,
    *,
    sender: str = "",
    recipients: Sequence[str] = (),
    policy: Policy | None = None,
    operator: str = "",
    now: datetime | None = None,
    record: bool = True,
) -> Verdict:
    """The verdict on one file or message (.eml), recorded unless `record` is False.

    `sender` and `recipients` are the envelope; where they are not given, a message's own headers
    speak. Raises UsageError where the file is none, and LeakscanError where a part of the home
    cannot be opened.
    """
    document = _document(file)
    with open_outgoing(
        home, settings, policy or Policy.of(settings), workers=1, operator=operator
    ) as pipeline:
        envelope = _envelope(file, sender, recipients)
        return check_with(pipeline, document, envelope, now=now, record=record)


def check_with(
    pipeline: Pipeline,
    document: Document,
    envelope: Envelope,
    *,
    data: bytes | None = None,
    now: datetime | None = None,
    record: bool = True,
) -> Verdict:
    """The verdict on a document by a pipeline of `open_outgoing`."""
    judging = pipeline.judging
    if not isinstance(judging, SendJudging):
        raise TypeError("the pipeline does not judge what is sent: use open_outgoing")
    event = envelope.event(now or datetime.now().astimezone())
    processed = pipeline.examine(document, event, data=data, record=record)
    return verdict_on(
        judging,
        document,
        event,
        processed.examined,
        processed.incidents,
        processed.incident_ids,
    )


def _document(file: Path) -> Document:
    found = document_of(file, Channel.CHECK)
    if not isinstance(found, Document):
        raise UsageError(message("outgoing", "no_file", path=file, reason=found.reason))
    return found


def _envelope(file: Path, sender: str, recipients: Sequence[str]) -> Envelope:
    """The envelope as told, and what is not told from the headers of a message."""
    told = tuple(dict.fromkeys(part.strip() for part in recipients if part.strip()))
    try:
        with file.open("rb") as source:
            head = source.read(HEADERS)
    except OSError:
        head = b""
    if not looks_like_message(head):
        return Envelope(sender, told)
    own = addresses_of(head)
    return Envelope(sender or own.sender, told or own.recipients)
