"""The facts of one finding, as far as they are known: what is not known is left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from scanner.judge.places import Place, begins, place_of
from scanner.judge.recipients import (
    Grant,
    Recipient,
    channel_of,
    classify,
    domain_of,
    grants_for_person,
    grants_of,
    person_of,
    plain,
    within,
)
from scanner.judge.similarity import coverage
from scanner.judge.vocabulary import SHARE, Value
from scanner.model.document import Document
from scanner.model.finding import Finding, Method
from scanner.model.incident import Event
from scanner.registry.designation import Assessment, Designation
from scanner.registry.organisation import Person, Rule

_OUTSIDERS = frozenset({"competitor", "public", "external_unauthorised", "unknown_external"})
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
    place = _place(event, document, designation)
    recipient = _recipient(finding, designation, event, place)
    facts: dict[str, Value | None] = {
        **_match(finding, level),
        "recipient.class": recipient.kind or None,
        "location.class": place.kind or None,
        "location.acl_ok": place.acl_ok,
        "event.kind": event.kind or None,
        **_actor(designation, event, recipient),
        **_rule(designation, event, document, place),
        **_approval(designation, event, finding, document, recipient, place),
        "protection.encrypted": _encrypted(event, place),
        **_dataset(designation, assessment, status),
    }
    if facts["rule.applies"] is True and facts.get("protection.required_missing") is None:
        facts["protection.required_missing"] = _required_missing(designation, event, facts)
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


def _place(event: Event, document: Document, designation: Designation) -> Place:
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


def _rules(designation: Designation, day: date) -> list[Rule]:
    dossier = designation.entry.dossier
    names = {designation.id, dossier.category if dossier else ""}
    return [
        rule
        for rule in designation.organisation.rules
        if rule.holds(day)
        and not (rule.published_on and rule.published_on > day)
        and (not rule.datasets or names & set(rule.datasets))
    ]


def _rule(
    designation: Designation, event: Event, document: Document, place: Place
) -> dict[str, Value | None]:
    rules = _rules(designation, event.at.date())
    if not rules:
        recorded = bool(designation.organisation.rules)
        return {"rule.applies": False if recorded else None}
    allows: bool | None = None
    for rule in rules:
        channels, places = rule.allowed_channels, rule.allowed_places
        if event.kind == "at_rest":
            if places is not None:
                fits = any(begins(document.uri, one) or one == place.kind for one in places)
                allows = fits if allows is None else allows and fits
        elif channels is not None:
            fits = channel_of(event) in channels
            allows = fits if allows is None else allows and fits
    return {"rule.applies": True, "rule.allows_channel": allows}


def _required_missing(
    designation: Designation, event: Event, facts: dict[str, Value | None]
) -> bool | None:
    rules = _rules(designation, event.at.date())
    if not any(rule.required_encryption for rule in rules):
        return False if not any(rule.required_marks for rule in rules) else None
    encrypted = facts.get("protection.encrypted")
    return None if encrypted is None else not encrypted


def _approval(
    designation: Designation,
    event: Event,
    finding: Finding,
    document: Document,
    recipient: Recipient,
    place: Place,
) -> dict[str, Value | None]:
    """Whether leave with a ticket was given to the person, or for this recipient, and covers it."""
    day = event.at.date()
    person = person_of(designation.organisation, event.actor or event.sender)
    mine = grants_for_person(designation, person, day) if person else []
    named = [grant for grant in grants_of(designation, day) if _names(grant, event, recipient)]
    tickets = [grant for grant in (*mine, *named) if grant.ticket]
    if not tickets:
        recorded = person is not None and bool(list(grants_of(designation, day)))
        return {"approval.valid": False, "purpose.approved": False} if recorded else {}
    covers = any(
        _within(grant, event, finding) and _reaches(grant, event, document, recipient, place)
        for grant in tickets
    )
    return {
        "approval.valid": True,
        "approval.covers_event": covers,
        "purpose.approved": covers,
    }


def _names(grant: Grant, event: Event, recipient: Recipient) -> bool:
    """True where a grant names the recipients themselves: address, domain or party."""
    if grant.party and recipient.party and grant.party == recipient.party.id:
        return True
    told = [plain(address) for address in event.recipients]
    if grant.address:
        return bool(told) and all(address == grant.address.casefold() for address in told)
    if grant.domain:
        return bool(told) and all(within(domain_of(one), grant.domain) for one in told)
    return False


def _reaches(
    grant: Grant, event: Event, document: Document, recipient: Recipient, place: Place
) -> bool:
    """True where the leave extends to this recipient and place; never silently to an outsider."""
    if recipient.kind in _OUTSIDERS:
        return _names(grant, event, recipient)
    if not grant.places:
        return True
    if recipient.kind in grant.places or (place.kind and place.kind in grant.places):
        return True
    return event.kind != "send" and any(begins(document.uri, one) for one in grant.places)


def _within(grant: Grant, event: Event, finding: Finding) -> bool:
    """True where number, channel and fields keep to the leave."""
    if grant.max_records is not None and finding.records > grant.max_records:
        return False
    if grant.channels and channel_of(event) not in grant.channels:
        return False
    used = {name for name, count in finding.field_counts if count}
    return not (grant.fields and used - set(grant.fields))


def _encrypted(event: Event, place: Place) -> bool | None:
    """What was sent and could be read without a key was sent in clear."""
    if place.encrypted is not None:
        return place.encrypted
    return False if event.kind in _OUTSIDE_SENT else None


def _dataset(
    designation: Designation, assessment: Assessment, status: str
) -> dict[str, Value | None]:
    dossier = designation.entry.dossier
    if dossier is None:
        return {"dataset.status": status or None}
    promised: bool | None = True if dossier.promise_agreement else None
    if promised is None and dossier.owner_kind == "own":
        promised = False
    return {
        "dataset.status": status or None,
        "dataset.confidential": assessment.confidential,
        "dataset.owner": dossier.owner_kind,
        "dataset.promise": promised,
        "dataset.level": dossier.level,
    }
