"""Decides over one message: examined, recorded, and only then answered."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from datetime import datetime

from scanner.gateway.bridge import Bridge, Unavailable
from scanner.gateway.bypass import BypassLog
from scanner.gateway.held import HeldMessages
from scanner.gateway.message import Message
from scanner.gateway.options import Options
from scanner.gateway.session import Answer
from scanner.messages import message as text
from scanner.model.document import Channel, Document, Provenance
from scanner.model.outcome import Coverage
from scanner.run.health import Health
from scanner.run.live import PipelineLike, ProcessedLike
from scanner.run.send_judging import ALLOW, BLOCK, Envelope, Policy, SendJudging, graver
from scanner.settings import Settings
from scanner.source.watched import shown

log = logging.getLogger("leakscan.gateway")

ACCEPT = Answer("accept")
# What of an examination means that the scanner failed, and not that the message is unreadable.
_OURS = ("cancelled", "disk-full", "unreadable:")


class Desk:
    """Takes whole messages, gives answers. Raises only what makes the mail server try again."""

    def __init__(
        self,
        options: Options,
        bridge: Bridge,
        held: HeldMessages,
        bypass: BypassLog,
        health: Health,
    ) -> None:
        self._options = options
        self._bridge = bridge
        self._held = held
        self._bypass = bypass
        self._health = health

    async def decide(self, message: Message) -> Answer:
        """The answer to one message."""
        started = time.monotonic()
        envelope = Envelope(
            message.sender, tuple(message.recipients), message.user or message.sender
        )
        document = document_of(message)
        try:
            processed = await self._examined(document, envelope, message)
        except (Unavailable, OSError) as error:
            return await self._unexamined(document, envelope, message, error)
        answer = await self._answer(processed, message)
        self._health.count("messages")
        self._health.count("incidents", len(processed.incident_ids))
        self._health.duration(time.monotonic() - started)
        return answer

    async def _examined(
        self, document: Document, envelope: Envelope, message: Message
    ) -> ProcessedLike:
        event = envelope.event(datetime.now().astimezone())
        processed = await self._bridge.examine(document, event, message.read)
        whole = next((one for one in processed.examined if not one.inner), None)
        if whole is None or (
            whole.outcome.coverage is Coverage.SKIPPED and whole.outcome.reason.startswith(_OURS)
        ):
            raise Unavailable("the message was not examined")
        return processed

    async def _unexamined(
        self, document: Document, envelope: Envelope, message: Message, error: Exception
    ) -> Answer:
        self._health.count("failures")
        if self._options.on_failure != "pass":
            raise error
        log.error("message %s goes unexamined: %s", message.queue_id, error)
        await asyncio.to_thread(self._bypass.add, document.uri, message, envelope.actor)
        self._health.count("bypassed")
        return ACCEPT

    async def _answer(self, processed: ProcessedLike, message: Message) -> Answer:
        if not processed.incidents and all(not one.outcome.reason for one in processed.examined):
            return ACCEPT
        decision, ids = await self._bridge.call(lambda pipeline: decided(pipeline, processed))
        if decision == ALLOW or self._options.mode == "monitor":
            return ACCEPT
        short = (ids[0] if ids else "")[:12]
        if decision == BLOCK and self._options.mode == "reject":
            self._health.count("rejected")
            lines = [text("gateway", "rejected", lang, id=short) for lang in ("en", "zh")]
            return Answer("refuse", " / ".join(lines), 550, "5.7.1")
        await asyncio.to_thread(
            self._held.add, message.queue_id, message.identity, ids, message.sender
        )
        self._health.count("held")
        return Answer("hold", text("gateway", "held", "en", id=short))


def document_of(message: Message) -> Document:
    """A message as a document. A second try of the same message is the same document."""
    name = shown((message.message_id.strip("<>") or "no-message-id").encode())[:200]
    return Document(
        f"mail:{name}#{message.identity}",
        size=message.size,
        provenance=Provenance(Channel.MAIL, owner=message.user or message.sender),
    )


def decided(pipeline: PipelineLike, processed: ProcessedLike) -> tuple[str, list[str]]:
    """The strictest decision over a message, and the incidents that call for one."""
    judging = getattr(pipeline, "judging", None)
    if not isinstance(judging, SendJudging):
        raise TypeError("the gateway needs a pipeline of open_outgoing")
    decision = ALLOW
    ids: list[str] = []
    weighed = judging.weigh(processed.incidents)
    for item, identity in zip(weighed, processed.incident_ids, strict=True):
        if item.decision != ALLOW:
            ids.append(identity)
        decision = graver(decision, item.decision)
    if judging.policy.unread_parts(processed.examined):
        decision = graver(decision, judging.policy.unread)
    return decision, ids


def policy_of(options: Options, settings: Settings) -> Policy:
    """The policy in force: the one told, else the settings', fitted to the mode."""
    told = options.policy or Policy.of(settings)
    return replace(told, enforced=options.mode != "monitor", record_unread=True)
