"""Judging what is sent: each recipient by itself, and a policy that says what follows.

with open_outgoing(home, settings, Policy()) as pipeline:
pipeline.submit(document, Envelope(sender, recipients).event(now))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from scanner.home import Home
from scanner.judge.recipients import plain
from scanner.model.document import Document
from scanner.model.examined import Examined
from scanner.model.finding import Finding, Method, unpack_ids
from scanner.model.incident import Event, Incident, Judgement, Severity
from scanner.model.rule import FieldKind
from scanner.run.judging import Judging
from scanner.run.own import OwnRecords
from scanner.run.pipeline import Pipeline
from scanner.run.sending import ForRecipient, judge_sending, merged, together, without, worst
from scanner.settings import Settings

ALLOW, HOLD, BLOCK = "allow", "hold", "block"
_ORDER = (ALLOW, HOLD, BLOCK)
FEW = 10  # recipients' own addresses in one message that are no list yet
MANY = 100  # recipients of a message that is no letter to a few people any more
_RANK = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Policy:
    """When a document is held or blocked.

    `hold_from` and `block_from` are exposures. `unread` is what happens to a document that could
    not be read whole; `pass_unread` are reason codes (or their beginnings) that do not count.
    `enforced` False only watches: everything leaves, and is recorded. `record_unread` makes an
    incident of what could not be read, so that a person can let it go.
    `encrypted_domains` are recipients' domains to which everything travels under a company key.
    """

    hold_from: Severity = Severity.LOW
    block_from: Severity = Severity.HIGH
    unread: str = HOLD
    pass_unread: frozenset[str] = frozenset()
    enforced: bool = True
    record_unread: bool = False
    encrypted: bool | None = None
    encrypted_domains: frozenset[str] = frozenset()

    @staticmethod
    def of(settings: Settings) -> Policy:
        """The policy that the settings describe."""
        return Policy(
            hold_from=Severity(settings.hold_from),
            block_from=Severity(settings.block_from),
            pass_unread=frozenset(settings.pass_unread),
            encrypted_domains=frozenset(one.lower() for one in settings.encrypted_domains),
        )

    def decide(self, finding: Finding, judgement: Judgement) -> str:
        """What one finding for one recipient calls for."""
        if finding.method is Method.UNREAD:
            return self.unread
        if not judgement.reportable:
            return ALLOW
        if finding.method is Method.EXACT and not finding.nonpublic and not judgement.obligations:
            return ALLOW  # public records only
        rank = _RANK[judgement.exposure]
        if finding.method is Method.CUSTOMER_LIST:  # nobody registered it: a person looks at it
            listed = finding.label == "customer_list"
            return HOLD if listed and rank >= _RANK[self.hold_from] else ALLOW
        if rank >= _RANK[self.block_from]:
            return BLOCK
        return HOLD if rank >= _RANK[self.hold_from] else ALLOW

    def unread_parts(self, objects: Sequence[Examined]) -> list[Examined]:
        """The objects that were not read whole and may not pass."""
        passing = tuple(self.pass_unread)
        return [
            one
            for one in objects
            if one.outcome.reason and not (passing and one.outcome.reason.startswith(passing))
        ]

    def encryption(self, address: str) -> bool | None:
        """Whether content to this address travels under a company key; None: nobody said."""
        domain = address.rpartition("@")[2].strip("<> ").lower()
        return True if domain in self.encrypted_domains else self.encrypted


def graver(first: str, second: str) -> str:
    """The stricter of two decisions."""
    return max(first, second, key=_ORDER.index)


@dataclass(frozen=True, slots=True)
class Weighed:
    """An incident, what each recipient makes of it, and what it calls for."""

    incident: Incident = field(repr=False)
    each: tuple[ForRecipient, ...] = field(repr=False)
    decision: str


@dataclass(frozen=True, slots=True)
class SendJudging(Judging):
    """Judging that tells recipients apart. Documents that are not being sent are judged as ever."""

    policy: Policy
    own: OwnRecords = field(repr=False)

    @staticmethod
    def over(base: Judging, home: Home, policy: Policy) -> SendJudging:
        """The same registry and pack, with a policy for what is sent."""
        return SendJudging(
            base.registry,
            base.pack,
            base.config_sha256,
            base.index_version,
            base.operator,
            base.host,
            policy,
            OwnRecords(home),
        )

    def incidents(
        self, document: Document, objects: Sequence[Examined], event: Event
    ) -> list[Incident]:
        """The findings judged for each recipient; each incident carries the worst of them."""
        found = Judging.incidents(self, document, objects, event)
        if event.kind != "send":
            return found
        told = [self._told(weighed) for weighed in self.weigh(found)]
        if self.policy.record_unread:
            told += [
                self._unread(document, one, event) for one in self.policy.unread_parts(objects)
            ]
        return told

    def weigh(self, incidents: Sequence[Incident]) -> list[Weighed]:
        """The incidents of one message with what each recipient makes of them, and what follows.

        Each is judged by all that the message holds of its dataset, not by its part alone.
        """
        groups: dict[tuple[str, Method], list[Finding]] = {}
        for incident in incidents:
            finding = incident.finding
            if finding.record_ids and finding.dataset_id:
                groups.setdefault((finding.dataset_id, finding.method), []).append(finding)
        told = []
        for incident in incidents:
            finding = incident.finding
            if finding.method is Method.UNREAD:
                told.append(Weighed(incident, (), self.policy.unread))
                continue
            group = groups.get((finding.dataset_id, finding.method), [])
            whole = merged(group) if len(group) > 1 else finding
            whole = self._without_addressees(whole, incident.event)
            judged = tuple(self._each(incident, whole))
            decision = ALLOW
            for judgement in [item.judgement for item in judged] or [incident.judgement]:
                decision = graver(decision, self.policy.decide(whole, judgement))
            told.append(Weighed(incident, judged, decision))
        return told

    def _without_addressees(self, finding: Finding, event: Event) -> Finding:
        """A finding of bare mail addresses without those of the recipients themselves.

        A message to three customers shows their addresses; that alone is no list of customers.
        Where FEW or more are shown, it is one.
        """
        entry = self.registry.get(finding.dataset_id) if finding.dataset_id else None
        if entry is None or not finding.record_ids or len(event.recipients) >= MANY:
            return finding
        kinds = {column.name: column.kind for column in entry.spec.columns}
        if any(n and kinds.get(name) is not FieldKind.EMAIL for name, n in finding.field_counts):
            return finding
        addressed: set[int] = set()
        for address in event.recipients:
            addressed |= self.own(finding.dataset_id, plain(address), None) or frozenset()
        ids = set(unpack_ids(finding.record_ids))
        if not ids & addressed or len(ids & addressed) >= FEW:
            return finding
        return without(finding, frozenset(addressed))

    def _each(self, incident: Incident, finding: Finding) -> list[ForRecipient]:
        event = incident.event
        designation = None
        if finding.dataset_id:
            designation = self.registry.designation(finding.dataset_id, event.at)
        organisation = self.registry.organisation(event.at)
        told: list[ForRecipient] = []
        for address in event.recipients:
            told += judge_sending(
                finding,
                designation,
                organisation,
                replace(event, recipients=(address,)),
                incident.document,
                self.pack,
                self.own,
                encrypted=self.policy.encryption(address),
                lapsed=lambda party: self._lapsed(party, event.at),
            )
        return told

    def _lapsed(self, party: str, at: datetime) -> bool:
        """Whether an agreement with a party ended before that day."""
        day = at.date().isoformat()
        return any(
            row.kind == "agreements"
            and row.op == "set"
            and row.valid_to
            and row.valid_to < day
            and party in row.data().get("parties", ())
            for row in self.registry.history
        )

    def _told(self, weighed: Weighed) -> Incident:
        told = weighed.incident
        if weighed.each:
            event = replace(told.event, recipient_class=worst(weighed.each).recipient_class)
            told = replace(told, event=event, judgement=together(weighed.each))
        disposition = self._disposition(weighed.decision)
        return replace(told, judgement=replace(told.judgement, disposition=disposition))

    def _disposition(self, decision: str) -> str:
        if not self.policy.enforced:
            return "logged"
        return {ALLOW: "logged", HOLD: "held", BLOCK: "blocked"}[decision]

    def _unread(self, document: Document, one: Examined, event: Event) -> Incident:
        return unread_incident(
            self, document, one, event, one.outcome.reason, self._disposition(self.policy.unread)
        )


def unread_incident(
    judging: Judging,
    document: Document,
    examined: Examined,
    event: Event,
    reason: str,
    disposition: str,
) -> Incident:
    """An outgoing document, or a part of one, that nobody could look into."""
    judgement = Judgement(
        pack=judging.pack.stamp,
        trade_secret_status="",
        similarity="",
        exposure=Severity.MEDIUM,
        disposition=disposition,
    )
    return Incident(
        document,
        examined,
        Finding(Method.UNREAD, "", 0, reasons=(reason,)),
        event,
        judgement,
        registry_version=judging.registry_version,
        config_sha256=judging.config_sha256,
        operator=judging.operator,
        host=judging.host,
    )


def open_outgoing(
    home: Home,
    settings: Settings,
    policy: Policy,
    *,
    workers: int | None = None,
    operator: str = "",
) -> Pipeline:
    """A pipeline that judges what is sent for each recipient."""
    pipeline = Pipeline.open(home, settings, workers=workers, operator=operator)
    pipeline.judging = SendJudging.over(pipeline.judging, home, policy)
    return pipeline


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who sends, and to whom: the envelope counts, not what the message says of itself."""

    sender: str = ""
    recipients: tuple[str, ...] = ()
    actor: str = ""

    def event(self, at: datetime) -> Event:
        """The act of sending."""
        return Event(
            at=at,
            kind="send",
            actor=self.actor or self.sender,
            sender=self.sender,
            recipients=self.recipients,
            recipient_class="" if self.recipients else "none",
            collection_mode="real_time",
        )
