"""The verdict on an outgoing document, and its JSON form (docs/outgoing.md describes it)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from scanner.messages import LANGUAGES, message
from scanner.model.document import Document, member_path
from scanner.model.examined import Examined
from scanner.model.finding import Method
from scanner.model.incident import Event, Incident
from scanner.run.send_judging import ALLOW, SendJudging, Weighed, graver
from scanner.run.sending import ForRecipient


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence by its key, with what is filled in."""

    code: str
    values: tuple[tuple[str, str], ...] = ()

    def text(self, lang: str) -> str:
        """The sentence in a language."""
        return message("outgoing", self.code, lang, **dict(self.values))

    def as_json(self) -> dict[str, str]:
        """Code and both languages."""
        return {"code": self.code, **{lang: self.text(lang) for lang in sorted(LANGUAGES)}}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may happen to an outgoing document.

    `decision` is allow, hold or block. `each` holds for every incident what its recipients make of
    it. `unread` are the objects that were not read whole and may not pass unseen.
    """

    decision: str
    document: Document
    event: Event
    incidents: tuple[Incident, ...] = field(repr=False)
    incident_ids: tuple[str, ...] = ()
    each: tuple[tuple[ForRecipient, ...], ...] = field(default=(), repr=False)
    unread: tuple[Examined, ...] = ()
    reasons: tuple[Said, ...] = ()
    would_allow: tuple[Said, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The verdict as plain data, keys in a fixed order."""
        return {
            "verdict": self.decision,
            "document": self.document.uri,
            "at": self.event.at.isoformat(timespec="seconds"),
            "sender": self.event.sender,
            "recipients": self._recipients(),
            "findings": [
                _finding(incident, identity)
                for incident, identity in zip(
                    self.incidents, self.incident_ids or [""] * len(self.incidents), strict=True
                )
                if incident.finding.method is not Method.UNREAD
            ],
            "unread": [
                {
                    "path": member_path(self.document.uri, one.inner),
                    "coverage": one.outcome.coverage.value,
                    "reason": one.outcome.reason,
                }
                for one in self.unread
            ],
            "reasons": [said.as_json() for said in self.reasons],
            "would_allow": [said.as_json() for said in self.would_allow],
        }

    def _recipients(self) -> list[dict[str, Any]]:
        told = []
        for address in self.event.recipients:
            mine = [item for group in self.each for item in group if item.address == address]
            classes = sorted({item.recipient_class or "unknown" for item in mine})
            told.append(
                {
                    "address": address,
                    "classes": classes,
                    "party": next((item.party for item in mine if item.party), ""),
                    "own_records": self._count(address, "own"),
                    "foreign_records": self._count(address, "foreign"),
                    "misfits": sorted({code for item in mine for code in item.misfits}),
                    "obligations": sorted(
                        {
                            f"{duty.id}:{duty.state}"
                            for item in mine
                            for duty in item.judgement.obligations
                        }
                    ),
                    "exemptions": sorted({item.judgement.exemption for item in mine} - {""}),
                }
            )
        return told

    def _count(self, address: str, which: str) -> int | None:
        """How many different records of all datasets are the recipient's own, or others'."""
        found: dict[str, set[int]] = {}
        for incident, group in zip(self.incidents, self.each, strict=True):
            for item in group:
                records = item.own if which == "own" else item.foreign
                if item.address == address and records is not None:
                    found.setdefault(incident.finding.dataset_id, set()).update(records)
        return sum(len(records) for records in found.values()) if found else None


def _finding(incident: Incident, identity: str) -> dict[str, Any]:
    finding, judgement = incident.finding, incident.judgement
    return {
        "incident_id": identity,
        "path": member_path(incident.document.uri, incident.examined.inner),
        "dataset_id": finding.dataset_id,
        "dataset_title": incident.dataset_title,
        "method": finding.method.value,
        "records": finding.records,
        "nonpublic": finding.nonpublic,
        "similarity": judgement.similarity,
        "trade_secret_status": judgement.trade_secret_status,
        "severity": judgement.exposure.value,
        "legal_severity": judgement.legal.value,
        "obligations": [f"{duty.id}:{duty.state}" for duty in judgement.obligations],
        "triggers": sorted({name for duty in judgement.obligations for name in duty.triggers}),
        "exemption": judgement.exemption,
        "masked_sample": finding.sample,
    }


def verdict_on(
    judging: SendJudging,
    document: Document,
    event: Event,
    objects: Sequence[Examined],
    incidents: Sequence[Incident],
    incident_ids: Sequence[str] = (),
) -> Verdict:
    """The verdict over everything that was found in a document."""
    decision = ALLOW
    reasons: list[Said] = []
    remedies: list[Said] = []
    each: list[tuple[ForRecipient, ...]] = []
    for weighed in judging.weigh(incidents):
        each.append(weighed.each)
        if weighed.decision == ALLOW or weighed.incident.finding.method is Method.UNREAD:
            continue
        decision = graver(decision, weighed.decision)
        reasons += _reasons(judging, weighed)
        remedies += _remedies(judging, weighed)
    unread = judging.policy.unread_parts(objects)
    for one in unread:
        decision = graver(decision, judging.policy.unread)
        path = member_path(document.uri, one.inner)
        reasons.append(Said("unread", (("path", path), ("reason", one.outcome.reason))))
    if unread and judging.policy.unread != ALLOW:
        remedies.append(Said("do_readable"))
    return Verdict(
        decision,
        document,
        event,
        tuple(incidents),
        tuple(incident_ids),
        tuple(each),
        tuple(unread),
        tuple(dict.fromkeys(reasons)) or (Said("nothing"),),
        tuple(dict.fromkeys(remedies)),
    )


def _reasons(judging: SendJudging, weighed: Weighed) -> list[Said]:
    incident, judged = weighed.incident, weighed.each
    finding = incident.finding
    title = incident.dataset_title or finding.dataset_id
    if not finding.dataset_id:
        told = [Said("list_found", (("records", str(finding.records)),))]
    else:
        told = [
            Said(
                "records_found",
                (
                    ("records", str(finding.records)),
                    ("nonpublic", str(finding.nonpublic)),
                    ("dataset", title),
                ),
            )
        ]
    for item in judged:
        if judging.policy.decide(finding, item.judgement) == ALLOW:
            continue
        kind = item.recipient_class or "unknown"
        told.append(Said(f"class_{kind}", (("address", item.address),)))
        if item.foreign and item.own:
            told.append(
                Said("foreign", (("address", item.address), ("count", str(len(item.foreign)))))
            )
        told += [
            Said(f"misfit_{code}", (("address", item.address),))
            for code in item.misfits
            if code in _MISFITS
        ]
        told += [Said(f"duty_{duty.id}") for duty in item.judgement.obligations]
    return told


_MISFITS = frozenset({"no_agreement", "date", "dataset", "fields", "volume", "channel"})


def _remedies(judging: SendJudging, weighed: Weighed) -> list[Said]:
    incident, judged = weighed.incident, weighed.each
    told: list[Said] = []
    for item in judged:
        if judging.policy.decide(incident.finding, item.judgement) == ALLOW:
            continue
        address = ("address", item.address)
        triggers = {name for duty in item.judgement.obligations for name in duty.triggers}
        if item.recipient_class == "external_authorised" and triggers & {"O1.c", "O5.c", "O5.b"}:
            told.append(Said("do_encrypt", (address,)))
            continue
        if item.foreign and item.own:
            told.append(Said("do_own_only", (address,)))
        if set(item.misfits) & {"no_agreement", "date", "dataset", "fields", "volume"}:
            told.append(Said("do_agreement", (address,)))
        told.append(Said("do_approval", (address,)))
        told.append(Said("do_recipient", (address,)))
    if incident.finding.dataset_id:
        told.append(Said("do_remove"))
    else:
        told.append(Said("do_register"))
    return told
