"""Organisation files read, checked against each other, and turned into registry rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from scanner.model.errors import DossierError
from scanner.registry.fields import fail
from scanner.registry.history import Change, HistoryRow
from scanner.registry.organisation import (
    KINDS,
    Agreement,
    Authorisation,
    OrganisationFile,
    Party,
    Person,
    Row,
    Rule,
)
from scanner.registry.yamlfile import YamlFile, read_yaml

MAX_FILE_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many rows were written, how many were there already, and datasets named but unknown."""

    written: int
    unchanged: int
    unknown_datasets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """A row and where it stands."""

    kind: str
    row: Row = field(repr=False)
    source: YamlFile
    number: int

    def where(self, *keys: str | int) -> str:
        """File, line and key of a part of the row."""
        return self.source.where((self.kind, self.number, *keys))


@dataclass(slots=True)
class OrganisationRead:
    """What the files hold together."""

    placed: list[Placed] = field(default_factory=list)

    @property
    def dataset_ids(self) -> set[str]:
        """Every dataset that a row names."""
        found: set[str] = set()
        for item in self.placed:
            if isinstance(item.row, Authorisation):
                found.add(item.row.dataset)
            elif isinstance(item.row, (Agreement, Rule)):
                found.update(item.row.datasets)
        return found


def read_organisation(
    files: Sequence[Path], known: Mapping[str, set[str]], today: date
) -> OrganisationRead:
    """The rows of the files, checked: periods, doubles, and every id they refer to.

    `known` are the ids that the registry has already, by kind. Raises DossierError.
    """
    read = OrganisationRead()
    for path in files:
        source = read_yaml(path, DossierError, max_bytes=MAX_FILE_BYTES)
        if not isinstance(source.value, dict):
            raise DossierError(f"{source.name}:1: needs one of the keys {', '.join(KINDS)}")
        try:
            whole = OrganisationFile.model_validate(source.value)
        except ValidationError as error:
            raise fail(error, source) from None
        for kind in KINDS:
            rows: tuple[Row, ...] = getattr(whole, kind)
            read.placed += [Placed(kind, row, source, n) for n, row in enumerate(rows)]
    _check_periods(read.placed, today)
    ids = {kind: set(known.get(kind, ())) for kind in KINDS}
    for item in read.placed:
        ids[item.kind].add(item.row.id)
    for item in read.placed:
        _check_references(item, ids)
    return read


def changes_of(
    read: OrganisationRead, latest: Mapping[tuple[str, str, str], HistoryRow]
) -> tuple[list[Change], int]:
    """The rows to write, without those that the registry holds already, and how many those are."""
    changes: list[Change] = []
    same = 0
    for item in read.placed:
        row = item.row
        payload: dict[str, Any] = row.model_dump(mode="json", exclude_defaults=True)
        start = row.start.isoformat() if row.start else ""
        old = latest.get((item.kind, row.id, start))
        if old and old.op == "set" and old.data() == payload:
            same += 1
            continue
        changes.append(Change(item.kind, row.id, payload, "set", row.start, row.end))
    return changes, same


def _check_periods(placed: Sequence[Placed], today: date) -> None:
    by_id: dict[tuple[str, str], list[Placed]] = {}
    for item in placed:
        row = item.row
        if row.start and row.end and row.end < row.start:
            raise DossierError(f"{item.where('to')}: ends before it starts")
        for other in by_id.setdefault((item.kind, row.id), []):
            if _overlap(row, other.row):
                raise DossierError(
                    f"{item.where('id')}: {row.id!r} holds at the same time as "
                    f"{other.source.name}:{other.source.line((other.kind, other.number))}: "
                    "give each its own from and to"
                )
        by_id[item.kind, row.id].append(item)
        if isinstance(row, Rule) and row.published_on and row.published_on > today:
            raise DossierError(f"{item.where('published_on')}: cannot lie in the future")


def _overlap(one: Row, other: Row) -> bool:
    first, last = date.min, date.max
    return (one.start or first) <= (other.end or last) and (other.start or first) <= (
        one.end or last
    )


def _check_references(item: Placed, ids: Mapping[str, set[str]]) -> None:
    for key, name, kinds in _references(item.row):
        if not any(name in ids[kind] for kind in kinds):
            what = " or ".join(_SINGULAR[kind] for kind in kinds)
            raise DossierError(f"{item.where(*key)}: there is no {what} with the id {name!r}")


_SINGULAR = {
    "parties": "party",
    "persons": "person",
    "agreements": "agreement",
    "rules": "rule",
    "authorisations": "authorisation",
    "locations": "location",
}

Reference = tuple[tuple[str | int, ...], str, tuple[str, ...]]


def _references(row: Row) -> Iterator[Reference]:
    if isinstance(row, Agreement):
        yield from _each("parties", row.parties, "parties", "persons")
    elif isinstance(row, Party):
        yield from _each("linked_persons", row.linked_persons, "persons")
    elif isinstance(row, Person):
        yield from _each("agreements", row.agreements, "agreements")
        yield from _each("acknowledged_rules", row.acknowledged_rules, "rules")
    elif isinstance(row, Rule):
        yield from _each("acknowledged_by", row.acknowledged_by, "persons")
    elif isinstance(row, Authorisation):
        if row.person:
            yield ("person",), row.person, ("persons",)
        if row.party:
            yield ("party",), row.party, ("parties",)


def _each(key: str, names: Sequence[str], *kinds: str) -> Iterator[Reference]:
    for number, name in enumerate(names):
        yield (key, number), name, kinds
