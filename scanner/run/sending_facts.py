"""Facts of one act of sending that hang on its recipient: leave, rules, encryption."""

from __future__ import annotations

from scanner.judge.recipients import (
    Grant,
    Recipient,
    channel_of,
    domain_of,
    grants_for_person,
    person_of,
    plain,
    within,
)
from scanner.judge.vocabulary import Value
from scanner.model.finding import Finding
from scanner.model.incident import Event
from scanner.registry.designation import Designation
from scanner.registry.organisation import Person

PRIVATE = frozenset({"own_personal", "own_removable"})


def recipient_facts(
    foreign: frozenset[int] | None,
    designation: Designation,
    event: Event,
    found: Recipient,
    kind: str,
    encrypted: bool | None,
    seen: Finding,
) -> dict[str, Value | None]:
    """Facts of one act that hang on its recipient; None takes a fact away.

    `kind` is the class the recipient was given, `seen` what of the finding is not their own.
    """
    facts: dict[str, Value | None] = {}
    if foreign is not None:
        facts["match.foreign_records"] = len(foreign)
    actor = person_of(designation.organisation, event.actor or event.sender)
    if actor is not None:
        facts |= _approval(designation, event, found, kind, actor, seen)
        if found.party is not None:
            facts["recipient.linked_to_actor"] = actor.id in found.party.linked_persons
    facts |= _places(designation, event, found, kind)
    if encrypted is not None:
        facts["protection.encrypted"] = encrypted
        if any(rule.required_encryption for rule in designation.organisation.rules):
            facts["protection.required_missing"] = not encrypted
    return facts


def _approval(
    designation: Designation,
    event: Event,
    found: Recipient,
    kind: str,
    actor: Person,
    finding: Finding,
) -> dict[str, Value | None]:
    """Whether a leave with a ticket covers this recipient, not only this sender."""
    day = event.at.date()
    mine = grants_for_person(designation, actor, day)
    tickets = [grant for grant in mine if grant.ticket]
    tickets += [
        row
        for row in designation.organisation.authorisations
        if row.dataset == designation.id and row.ticket and _reaches(row, event, found)
    ]
    if not tickets:
        recorded = bool(mine) or bool(designation.organisation.authorisations)
        return {"approval.valid": False, "purpose.approved": False} if recorded else {}
    covers = any(
        _within_limits(grant, event, finding) and _place_fits(grant, event, found, kind)
        for grant in tickets
    )
    return {
        "approval.valid": True,
        "approval.covers_event": covers,
        "purpose.approved": covers,
    }


def _reaches(row: Grant, event: Event, found: Recipient) -> bool:
    """True where a leave names this very recipient."""
    address = plain(event.recipients[0])
    if row.address and row.address.casefold() == address:
        return True
    if row.domain and within(domain_of(address), row.domain):
        return True
    return bool(row.party and found.party is not None and row.party == found.party.id)


def _within_limits(grant: Grant, event: Event, finding: Finding) -> bool:
    used = {name for name, count in finding.field_counts if count}
    return (
        (grant.max_records is None or finding.records <= grant.max_records)
        and (not grant.channels or channel_of(event) in grant.channels)
        and (not grant.actions or event.kind in grant.actions)
        and not (grant.fields and used - set(grant.fields))
    )


def _place_fits(grant: Grant, event: Event, found: Recipient, kind: str) -> bool:
    """A leave of a person reaches the places it names; where it names none, home alone."""
    if _reaches(grant, event, found):
        return True
    if not grant.places:
        return kind in PRIVATE
    return bool({place.casefold() for place in grant.places} & _names(event, found, kind))


def _names(event: Event, found: Recipient, kind: str) -> set[str]:
    """Under which names a rule or leave can mean this recipient."""
    address = plain(event.recipients[0])
    party = found.party.id.casefold() if found.party else ""
    return {address, domain_of(address), party, kind} - {""}


def _places(
    designation: Designation, event: Event, found: Recipient, kind: str
) -> dict[str, Value | None]:
    """Whether the rules let the dataset go this way to this recipient."""
    day = event.at.date()
    dossier = designation.entry.dossier
    mine = {designation.id, dossier.category if dossier else ""}
    rules = [
        rule
        for rule in designation.organisation.rules
        if rule.holds(day)
        and not (rule.published_on and rule.published_on > day)
        and (not rule.datasets or mine & set(rule.datasets))
        and (rule.allowed_channels is not None or rule.allowed_places is not None)
    ]
    if not rules:
        return {}
    names = _names(event, found, kind)
    allowed = all(
        (rule.allowed_channels is None or channel_of(event) in rule.allowed_channels)
        and (
            rule.allowed_places is None
            or bool(names & {place.casefold() for place in rule.allowed_places})
        )
        for rule in rules
    )
    return {"rule.allows_channel": allowed}
