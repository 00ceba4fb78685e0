"""How the dataset may be handled: rules, approvals, and who is bound to keep it."""

from __future__ import annotations

from scanner.judge.places import Place, begins
from scanner.judge.recipients import (
    Grant,
    Recipient,
    channel_of,
    domain_of,
    grants_for_person,
    grants_of,
    person_of,
    plain,
    within,
)
from scanner.judge.vocabulary import Value
from scanner.model.document import Document
from scanner.model.finding import Finding
from scanner.model.incident import Event
from scanner.registry.designation import Designation
from scanner.registry.organisation import Rule

_OUTSIDERS = frozenset({"competitor", "public", "external_unauthorised", "unknown_external"})


def _rules(designation: Designation, event: Event) -> tuple[list[Rule], bool]:
    """The rules for this dataset and person, and whether one hangs on who the person is."""
    day = event.at.date()
    dossier = designation.entry.dossier
    names = {designation.id, dossier.category if dossier else ""}
    person = person_of(designation.organisation, event.actor or event.sender)
    found: list[Rule] = []
    open_ = False
    for rule in designation.organisation.rules:
        if not rule.holds(day) or (rule.published_on and rule.published_on > day):
            continue
        if rule.datasets and not names & set(rule.datasets):
            continue
        if rule.applies_to and "all" not in rule.applies_to:
            if person is None:
                open_ = True
                continue
            if not {person.id, person.relation, *person.roles} & set(rule.applies_to):
                continue
        found.append(rule)
    return found, open_


def rule_facts(
    designation: Designation, event: Event, document: Document, place: Place
) -> dict[str, Value | None]:
    """Whether a handling rule applies, and whether it allows this way or place."""
    rules, open_ = _rules(designation, event)
    if not rules:
        recorded = bool(designation.organisation.rules) and not open_
        return {"rule.applies": False if recorded else None}
    fits = [fit for rule in rules if (fit := _allows(rule, event, document, place)) is not None]
    return {"rule.applies": True, "rule.allows_channel": all(fits) if fits else None}


def _allows(rule: Rule, event: Event, document: Document, place: Place) -> bool | None:
    """Whether a rule allows this way or place; None where it says nothing of it."""
    if event.kind != "at_rest":
        channels = rule.allowed_channels
        return None if channels is None else channel_of(event) in channels
    if rule.allowed_places is None:
        return None
    return any(begins(document.uri, one) or one == place.kind for one in rule.allowed_places)


def required_missing(
    designation: Designation, event: Event, facts: dict[str, Value | None]
) -> bool | None:
    """Whether a mark or encryption that a rule demands is missing; None where it cannot be seen."""
    rules, _ = _rules(designation, event)
    if not any(rule.required_encryption for rule in rules):
        return False if not any(rule.required_marks for rule in rules) else None
    encrypted = facts.get("protection.encrypted")
    return None if encrypted is None else not encrypted


def approval_facts(
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


def bound_by(designation: Designation, event: Event) -> tuple[str, ...]:
    """Why this very person was bound on that day: law (directors), contract, rule."""
    organisation, day = designation.organisation, event.at.date()
    person = person_of(organisation, event.actor or event.sender)
    if person is None:
        return ()
    found = {"law"} if person.relation == "director_or_senior" else set()
    for agreement in organisation.agreements:
        mine = person.id in agreement.parties or agreement.id in person.agreements
        about = not agreement.datasets or designation.id in agreement.datasets
        if mine and about and agreement.holds(day):
            found.add("contract")
    for rule in _rules(designation, event)[0]:
        if person.id in rule.acknowledged_by or rule.id in person.acknowledged_rules:
            found.add("rule")
    return tuple(sorted(found))
