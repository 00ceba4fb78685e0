"""The organisation around the datasets: parties, persons, agreements, rules, grants and places."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, TypeVar

from pydantic import Field

from scanner.registry.fields import Day, Many, Name, Names, Strict, covers


class Row(Strict):
    """What every row of the organisation has: an id and the period in which it holds."""

    id: Annotated[Name, Field(min_length=1)]
    start: Annotated[Day | None, Field(alias="from")] = None
    end: Annotated[Day | None, Field(alias="to")] = None
    note: str = ""

    def holds(self, day: date) -> bool:
        """True where the row is in force on `day`."""
        return covers(self.start, self.end, day)


class Party(Row):
    """A company, authority or group of people."""

    name: str = ""
    kind: Literal[
        "self", "affiliate", "customer", "supplier", "processor", "competitor",
        "third_party_owner", "authority", "counsel", "public",
    ]  # fmt: skip
    domains: Names = ()
    addresses: Names = ()
    jurisdiction: Name = ""
    linked_persons: Names = ()


class Person(Row):
    """Somebody who works, or worked, for the company."""

    name: Annotated[str, Field(repr=False)] = ""
    roles: Names = ()
    post: str = ""
    relation: Literal["employee", "director_or_senior", "contractor", "ex_employee"] | None = None
    status: Literal["active", "notice_period", "left"] | None = None
    notice_from: Day | None = None
    left_on: Day | None = None
    accounts: Names = ()
    private_addresses: Annotated[Names, Field(repr=False)] = ()
    agreements: Names = ()
    acknowledged_rules: Names = ()
    trainings: Names = ()

    def status_on(self, day: date) -> str | None:
        """active, notice_period or left on that day; None where it is not known."""
        if self.left_on and day >= self.left_on:
            return "left"
        if self.notice_from and day >= self.notice_from:
            return "notice_period"
        if self.notice_from or self.left_on:
            return "active"
        return self.status


class Agreement(Row):
    """A contract that binds its parties to confidentiality."""

    kind: Literal["employment", "nda", "customer_promise", "processing"]
    parties: Annotated[Names, Field(min_length=1)]
    datasets: Names = ()
    fields: Names = ()
    purpose: str = ""
    channels: Names = ()
    max_records: Annotated[int, Field(ge=0)] | None = None
    survival: str = ""
    signed_evidence: Name = ""
    onward_transfer: bool | None = None
    notice_clause: str = ""


class Rule(Row):
    """A rule of the company about how datasets may be handled."""

    text: str = ""
    adopted_via: str = ""
    published_on: Day | None = None
    applies_to: Names = ()
    datasets: Names = ()
    allowed_channels: Names | None = None
    allowed_places: Names | None = None
    required_marks: Names = ()
    required_encryption: bool = False
    acknowledged_by: Names = ()


class Authorisation(Row):
    """Leave for somebody to do something with a dataset."""

    dataset: Name
    role: Name | None = None
    person: Name | None = None
    party: Name | None = None
    domain: Name | None = None
    address: Name | None = None
    actions: Names = ()
    purpose: str = ""
    channels: Names = ()
    places: Names = ()
    fields: Names = ()
    max_records: Annotated[int, Field(ge=0)] | None = None
    approver: Name = ""
    ticket: Name = ""
    conditions: str = ""


class Location(Row):
    """A place by the beginning of its path or URI, and what kind of place it is."""

    prefix: Annotated[Name, Field(min_length=1)]
    place: Annotated[
        Literal[
            "approved", "internal_restricted", "internal_everyone", "unapproved",
            "own_removable", "own_personal", "public_internet",
        ],
        Field(alias="class"),
    ]  # fmt: skip
    readers: Names = ()
    encrypted: bool | None = None
    jurisdiction: Name = ""


class OrganisationFile(Strict):
    """One file of `registry load`."""

    parties: Many[Party] = ()
    persons: Many[Person] = ()
    agreements: Many[Agreement] = ()
    rules: Many[Rule] = ()
    authorisations: Many[Authorisation] = ()
    locations: Many[Location] = ()


R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Organisation:
    """What of the organisation is in force on one day, each kind sorted by id.

    Agreements are all there, those that have ended too: ask each whether it `holds`.
    """

    parties: tuple[Party, ...] = ()
    persons: tuple[Person, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    rules: tuple[Rule, ...] = ()
    authorisations: tuple[Authorisation, ...] = ()
    locations: tuple[Location, ...] = ()


KINDS: dict[str, type[Row]] = {
    "parties": Party,
    "persons": Person,
    "agreements": Agreement,
    "rules": Rule,
    "authorisations": Authorisation,
    "locations": Location,
}
"""The lists of an organisation file and what stands in them."""
