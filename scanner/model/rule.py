"""What a dataset's columns mean and when matched fields make a record."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class FieldKind(StrEnum):
    """What the values of a column are."""

    COMPANY = "company"
    PERSON = "person"
    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"
    NATIONAL_ID = "national_id"  # resident id, SSN, unified credit code ...
    ACCOUNT = "account"  # bank card, IBAN, customer number
    PLACE = "place"  # city, province, country
    DATE = "date"
    NUMBER = "number"  # amounts, quantities
    CATEGORY = "category"  # few distinct values: tier, gender, status
    TEXT = "text"  # free text: habits, remarks, terms
    EMPTY = "empty"


class Role(StrEnum):
    """What a column says about the customer (the law's field roles)."""

    IDENTITY = "identity"
    CONTACT = "contact"
    TRANSACTION = "transaction"
    DEEP = "deep"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a dataset.

    `indexed` columns have their values fingerprinted. `strong` is True where one value alone is
    enough for a record (national id, mobile, e-mail, account). `pi` is the personal-information
    class of the values: none, C (ordinary), B, A, sensitive.
    """

    name: str
    kind: FieldKind
    role: Role = Role.NONE
    indexed: bool = True
    strong: bool = False
    claimed: bool = False
    pi: str = "none"


@dataclass(frozen=True, slots=True)
class RecordRule:
    """When matched fields make a record of the dataset.

    At least `minimum_fields` different columns of one record within `radius_tokens` tokens (or in
    one row of a table), or one strong column alone. `mandatory` columns must be among them;
    a set of matched columns that is a subset of one of `never` makes no record.
    A finding needs `minimum_records`.
    """

    minimum_fields: int = 2
    radius_tokens: int = 35
    minimum_records: int = 1
    mandatory: tuple[str, ...] = ()
    never: tuple[frozenset[str], ...] = ()


@dataclass(frozen=True, slots=True)
class DatasetSpec:
    """What the index needs to know of a dataset. A public directory has `public` True."""

    id: str
    columns: tuple[Column, ...]
    rule: RecordRule = field(default_factory=RecordRule)
    public: bool = False

    @property
    def indexed(self) -> tuple[Column, ...]:
        """The columns whose values are fingerprinted, in order."""
        return tuple(column for column in self.columns if column.indexed)
