"""What class of recipient an address is, as far as the registry knows the people around it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from scanner.model.finding import Finding
from scanner.model.incident import Event
from scanner.registry.designation import Designation
from scanner.registry.dossier import Authorised
from scanner.registry.fields import covers
from scanner.registry.organisation import Agreement, Authorisation, Organisation, Party, Person

WORST_FIRST = (
    "competitor", "public", "external_unauthorised", "unknown_external", "own_personal",
    "own_removable", "internal_unauthorised", "customer_self", "owner_of_data",
    "authority_or_counsel", "external_authorised", "internal_authorised", "none",
)  # fmt: skip

_BY_PARTY = {
    "competitor": "competitor",
    "public": "public",
    "customer": "customer_self",
    "third_party_owner": "owner_of_data",
    "authority": "authority_or_counsel",
    "counsel": "authority_or_counsel",
}


@dataclass(frozen=True, slots=True)
class Recipient:
    """The class of a recipient, why no agreement covers it (codes), and the party behind it."""

    kind: str
    misfits: tuple[str, ...] = ()
    party: Party | None = None


def domain_of(address: str) -> str:
    """The domain of a mail address, folded; empty where it has none."""
    return address.rpartition("@")[2].strip().strip(">").casefold() if "@" in address else ""


def plain(address: str) -> str:
    """The address alone, folded, out of forms like `Name <a@b>`."""
    inner = address.rpartition("<")[2].partition(">")[0] if "<" in address else address
    return inner.strip().casefold()


def person_of(organisation: Organisation, account: str) -> Person | None:
    """The person who has this work account, mail address or id."""
    wanted = plain(account)
    if not wanted:
        return None
    for person in organisation.persons:
        if wanted == person.id.casefold() or wanted in {
            name.casefold() for name in person.accounts
        }:
            return person
    return None


def party_of(organisation: Organisation, address: str) -> Party | None:
    """The party whose address or domain (or a domain above it) this is."""
    wanted, domain = plain(address), domain_of(plain(address))
    for party in organisation.parties:
        if wanted in {one.casefold() for one in party.addresses}:
            return party
    for party in organisation.parties:
        if any(within(domain, one) for one in party.domains):
            return party
    return None


def within(domain: str, of: str) -> bool:
    """True where a domain is another one or lies below it."""
    of = of.casefold().lstrip("@.")
    return bool(of) and (domain == of or domain.endswith("." + of))


def classify(
    addresses: Iterable[str], designation: Designation, event: Event, finding: Finding
) -> Recipient:
    """The worst class among the recipients of an event; `none` where there are none."""
    found = [one(address, designation, event, finding) for address in addresses if address.strip()]
    if not found:
        return Recipient("none")
    return min(found, key=lambda item: WORST_FIRST.index(item.kind))


def one(address: str, designation: Designation, event: Event, finding: Finding) -> Recipient:
    """The class of one recipient."""
    organisation, day = designation.organisation, event.at.date()
    for person in organisation.persons:
        if plain(address) in {item.casefold() for item in person.private_addresses}:
            return _private(person, event, organisation, day)
    party = party_of(organisation, address)
    if party is None:
        return _stranger(address, designation, event)
    if party.kind in ("self", "affiliate") and party.kind == "self":
        return Recipient(_internal(address, designation, day), (), party)
    if party.kind == "third_party_owner" or (
        designation.entry.dossier and party.id == designation.entry.dossier.owner_party
    ):
        return _owner(party, designation)
    if plain_kind := _BY_PARTY.get(party.kind):
        return Recipient(plain_kind, (), party)
    misfits = fit(address, party, designation, event, finding)
    kind = "external_unauthorised" if misfits else "external_authorised"
    return Recipient(kind, misfits, party)


def _owner(party: Party, designation: Designation) -> Recipient:
    dossier = designation.entry.dossier
    if dossier and dossier.owner_party and dossier.owner_party != party.id:
        return Recipient("external_unauthorised", ("not_the_owner",), party)
    return Recipient("owner_of_data", (), party)


def _private(person: Person, event: Event, organisation: Organisation, day: date) -> Recipient:
    actor = person_of(organisation, event.actor or event.sender)
    if person.status_on(day) == "left":
        return Recipient("external_unauthorised", ("left",))
    if actor is not None and actor.id == person.id:
        return Recipient("own_personal")
    return Recipient("external_unauthorised", ("private_of_another",))


def _stranger(address: str, designation: Designation, event: Event) -> Recipient:
    known_self = any(party.kind == "self" for party in designation.organisation.parties)
    sender = domain_of(plain(event.sender))
    if not known_self and sender and domain_of(plain(address)) == sender:
        return Recipient(_internal(address, designation, event.at.date()))
    return Recipient("unknown_external")


def _internal(address: str, designation: Designation, day: date) -> str:
    """Inside the company: unauthorised only where grants are recorded and none fits."""
    person = person_of(designation.organisation, address)
    if person and person.status_on(day) == "left":
        return "external_unauthorised"
    grants = list(grants_of(designation, day))
    if not grants:
        return "internal_authorised"
    covered = any(_grants(grant, person, plain(address), None) for grant in grants)
    return "internal_authorised" if covered else "internal_unauthorised"


Grant = Authorised | Authorisation


def grants_of(designation: Designation, day: date) -> Iterable[Grant]:
    """The grants on the dataset in force on a day, from its dossier and the organisation."""
    dossier = designation.entry.dossier
    for grant in dossier.authorised if dossier else ():
        if covers(grant.start, grant.end, day):
            yield grant
    for row in designation.organisation.authorisations:
        if row.dataset == designation.id and row.holds(day):
            yield row


def _grants(grant: Grant, person: Person | None, address: str, party: Party | None) -> bool:
    if grant.address and grant.address.casefold() == address:
        return True
    if grant.domain and within(domain_of(address), grant.domain):
        return True
    if party and grant.party == party.id:
        return True
    if person is None:
        return False
    roles = {role.casefold() for role in person.roles}
    return grant.person == person.id or bool(grant.role and grant.role.casefold() in roles)


def grants_for_person(designation: Designation, person: Person, day: date) -> list[Grant]:
    """The grants that cover a person."""
    accounts = person.accounts or (person.id,)
    return [
        grant
        for grant in grants_of(designation, day)
        if any(_grants(grant, person, account.casefold(), None) for account in accounts)
    ]


def fit(
    address: str, party: Party, designation: Designation, event: Event, finding: Finding
) -> tuple[str, ...]:
    """Why no agreement or grant covers a party's recipient; empty where one does.

    Dataset, date, fields, volume and channel must all fit in the same agreement or grant; the
    codes are those of the one that comes closest.
    """
    day = event.at.date()
    closest: tuple[str, ...] = ("no_agreement",)
    candidates = [
        _misfits(agreement, designation, event, finding, day)
        for agreement in designation.organisation.agreements
        if party.id in agreement.parties
    ]
    candidates += [
        _limits(grant.fields, grant.channels, grant.max_records, event, finding)
        for grant in grants_of(designation, day)
        if _grants(grant, None, plain(address), party)
    ]
    return min(candidates, key=len, default=closest)


def _misfits(
    agreement: Agreement, designation: Designation, event: Event, finding: Finding, day: date
) -> tuple[str, ...]:
    found = [] if agreement.holds(day) else ["date"]
    if agreement.datasets and designation.id not in agreement.datasets:
        found.append("dataset")
    limits = _limits(agreement.fields, agreement.channels, agreement.max_records, event, finding)
    return (*found, *limits)


def _limits(
    fields: Sequence[str],
    channels: Sequence[str],
    max_records: int | None,
    event: Event,
    finding: Finding,
) -> tuple[str, ...]:
    found = []
    if fields and {name for name, count in finding.field_counts if count} - set(fields):
        found.append("fields")
    if max_records is not None and finding.records > max_records:
        found.append("volume")
    if channels and channel_of(event) not in channels:
        found.append("channel")
    return tuple(found)


def channel_of(event: Event) -> str:
    """The channel as agreements and rules name it: mail for what is sent, else the act."""
    return "mail" if event.kind == "send" else event.kind
