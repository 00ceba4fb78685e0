"""The facts of one finding, as far as they are known: what is not known is left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from scanner.judge.handling import approval_facts, bound_by, required_missing, rule_facts
from scanner.judge.places import Place, place_of
from scanner.judge.recipients import (
    Recipient,
    classify,
    grants_for_person,
    grants_of,
    person_of,
)
from scanner.judge.similarity import coverage
from scanner.judge.vocabulary import SHARE, Value
from scanner.model.document import Document
from scanner.model.finding import Finding, Method
from scanner.model.incident import Event
from scanner.registry.designation import Assessment, Designation
from scanner.registry.organisation import Person

_OUTSIDE_SENT = frozenset({"send", "publish", "share"})


@dataclass(frozen=True, slots=True)
class Gathered:
    """The facts, and codes of why an outside recipient is not covered by an agreement."""

    facts: dict[str, Value]
    misfits: tuple[str, ...] = ()


def gather(
    finding: Finding,
    designation: Designation,
    assessment: Assessment,
    status: str,
    level: str,
    event: Event,
    document: Document,
) -> Gathered:
    """Everything the law engine asks for, out of finding, dataset, event and document."""
    place = place_at(event, document, designation)
    recipient = _recipient(finding, designation, event, place)
    facts: dict[str, Value | None] = {
        **_match(finding, level),
        "recipient.class": recipient.kind or None,
        "location.class": place.kind or None,
        "location.acl_ok": place.acl_ok,
        "event.kind": event.kind or None,
        **_actor(designation, event, recipient),
        **rule_facts(designation, event, document, place),
        **approval_facts(designation, event, finding, document, recipient, place),
        "protection.encrypted": _encrypted(event, place),
        **_dataset(designation, assessment, status, event),
    }
    if facts["rule.applies"] is True and facts.get("protection.required_missing") is None:
        facts["protection.required_missing"] = required_missing(designation, event, facts)
    known = {name: value for name, value in facts.items() if value is not None}
    return Gathered(known, recipient.misfits)


def _match(finding: Finding, level: str) -> dict[str, Value | None]:
    known = bool(finding.dataset_records)
    covered = round(coverage(finding), 6) if known else None
    facts: dict[str, Value | None] = {"match.level": level, "match.coverage": covered}
    if finding.method is Method.DOCUMENT:
        # One document, whatever the number of its fingerprints.
        return {**facts, "match.nonpublic": min(1, finding.records), SHARE: covered}
    if finding.method is Method.SELECTION:
        # The names are public; what is not is that they were chosen.
        return {**facts, "match.nonpublic": finding.records, "match.deep": 0, SHARE: covered}
    share = min(1.0, finding.nonpublic / finding.dataset_records) if known else None
    return {
        **facts,
        "match.nonpublic": finding.nonpublic,
        "match.deep": finding.deep,
        SHARE: round(share, 6) if share is not None else None,
    }


def place_at(event: Event, document: Document, designation: Designation) -> Place:
    """Where the act left the document; unknown for what was sent, wherever the message lay."""
    if event.location_class:
        found = place_of(document, designation)
        return Place(event.location_class, found.acl_ok, found.encrypted)
    if event.kind == "send":
        return Place()
    return place_of(document, designation)


def _recipient(finding: Finding, designation: Designation, event: Event, place: Place) -> Recipient:
    told = event.recipient_class
    if event.recipients and told in ("", "none"):
        return classify(event.recipients, designation, event, finding)
    if told and told != "none":
        return Recipient(told)
    if place.kind == "public_internet":
        return Recipient("public")
    if place.kind in ("own_removable", "own_personal"):
        return Recipient(place.kind)
    return Recipient("none" if event.kind != "send" else "")


def _actor(designation: Designation, event: Event, recipient: Recipient) -> dict[str, Value | None]:
    nobody: dict[str, Value | None] = {}
    if recipient.kind == "none":
        nobody = {"recipient.linked_to_actor": False}
    person = person_of(designation.organisation, event.actor or event.sender)
    if person is None:
        return nobody
    day = event.at.date()
    return {
        "actor.status": person.status_on(day),
        "actor.authorisation": _authorised(designation, person, day),
        "recipient.linked_to_actor": (person.id in recipient.party.linked_persons)
        if recipient.party
        else None,
        **nobody,
    }


def _authorised(designation: Designation, person: Person, day: date) -> str | None:
    if not list(grants_of(designation, day)):
        return None
    return "authorised" if grants_for_person(designation, person, day) else "unauthorised"


def _encrypted(event: Event, place: Place) -> bool | None:
    """What was sent and could be read without a key was sent in clear."""
    if place.encrypted is not None:
        return place.encrypted
    return False if event.kind in _OUTSIDE_SENT else None


def _dataset(
    designation: Designation, assessment: Assessment, status: str, event: Event
) -> dict[str, Value | None]:
    confidential = True if bound_by(designation, event) else assessment.confidential
    dossier = designation.entry.dossier
    if dossier is None:
        return {"dataset.status": status or None, "dataset.confidential": confidential}
    promised: bool | None = True if dossier.promise_agreement else None
    if promised is None and dossier.owner_kind == "own":
        promised = False
    return {
        "dataset.status": status or None,
        "dataset.confidential": confidential,
        "dataset.owner": dossier.owner_kind,
        "dataset.promise": promised,
        "dataset.level": dossier.level,
    }
