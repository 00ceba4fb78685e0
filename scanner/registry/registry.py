"""The registry of designated datasets, public directories and the organisation around them."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from scanner.home import Home
from scanner.model.errors import UsageError
from scanner.model.rule import DatasetSpec
from scanner.registry.conditions import ConditionRules, assess
from scanner.registry.designation import Assessment, Designation, Entry, SourceFigures
from scanner.registry.dossier import Dossier
from scanner.registry.entries import entry_from, entry_payload
from scanner.registry.history import Change, History, HistoryRow
from scanner.registry.load import Loaded, changes_of, read_organisation
from scanner.registry.organisation import KINDS, Agreement, Organisation, Row
from scanner.registry.publicity import Publicity

DATASET, PUBLIC = "dataset", "public"


class Registry:
    """A view of the registry as it was when it was opened or last written by this object."""

    def __init__(self, home: Home) -> None:
        self._history = History(home.registry)
        self._rows: tuple[HistoryRow, ...] = self._history.rows()
        self._cache: dict[int, Entry] = {}
        self._organisations: dict[date, Organisation] = {}
        self._designations: dict[tuple[str, date], Designation | None] = {}

    @classmethod
    def open(cls, home: Home) -> Registry:
        """The registry of a home; empty where nothing was registered yet.

        Raises HomeError where its chain is broken.
        """
        return cls(home)

    @property
    def version(self) -> str:
        """A short hash of everything the registry holds; incidents are stamped with it."""
        return self._rows[-1].row_hash[:12] if self._rows else "empty"

    @property
    def history(self) -> tuple[HistoryRow, ...]:
        """Every row ever written, oldest first."""
        return self._rows

    def reload(self) -> None:
        """See what others have written meanwhile."""
        self._take(self._history.rows())

    # reading

    def datasets(self) -> list[Entry]:
        """The datasets that are registered now, sorted by id, without public directories."""
        return self._current(DATASET)

    def publics(self) -> list[Entry]:
        """The public directories that are registered now, sorted by id."""
        return self._current(PUBLIC)

    def get(
        self, dataset_id: str, as_of: datetime | date | None = None, *, known_at: str | None = None
    ) -> Entry | None:
        """The entry of a dataset or directory, None where there is none.

        With `as_of` the version that holds on that day; with `known_at` (a recorded time, ISO,
        UTC) only what had been written down by then.
        """
        row = self._row((DATASET, PUBLIC), dataset_id, _day(as_of), known_at)
        return self._entry(row) if row else None

    def versions(self, dataset_id: str) -> list[Entry]:
        """Every version of an entry, oldest first, removals left out."""
        return [
            self._entry(row)
            for row in self._rows
            if row.id == dataset_id and row.kind in (DATASET, PUBLIC) and row.op == "set"
        ]

    def organisation(self, as_of: datetime | date | None = None) -> Organisation:
        """Parties, persons, rules, grants and places in force on that day, and all agreements."""
        day = _day(as_of) or datetime.now(UTC).date()
        if day not in self._organisations:
            found = {name: self._in_force(name, model, day) for name, model in KINDS.items()}
            found["agreements"] = self._versions(Agreement)
            self._organisations[day] = Organisation(**found)  # type: ignore[arg-type]
        return self._organisations[day]

    def designation(
        self, dataset_id: str, as_of: datetime | date | None = None
    ) -> Designation | None:
        """What the judge needs of a dataset as of the event; None where it is not registered.

        Where no version holds on that day yet, the first one speaks: measures, reviews and
        evidence carry their own dates.
        """
        day = _day(as_of)
        if day is None:
            return self._designate(dataset_id, None)
        if (dataset_id, day) not in self._designations:
            self._designations[dataset_id, day] = self._designate(dataset_id, day)
        return self._designations[dataset_id, day]

    def _designate(self, dataset_id: str, as_of: date | None) -> Designation | None:
        entry = self.get(dataset_id, as_of)
        if entry is None:
            known = self.versions(dataset_id)
            if not known or self._row((DATASET, PUBLIC), dataset_id, None, None) is None:
                return None
            entry = known[0]
        return Designation(entry, self.organisation(as_of))

    def assess(
        self,
        dataset_id: str,
        as_of: datetime | date | None = None,
        rules: ConditionRules | None = None,
    ) -> Assessment:
        """The three conditions of a dataset as of a day (today where none is given).

        Raises UsageError where there is no such dataset.
        """
        designation = self.designation(dataset_id, as_of)
        if designation is None or designation.entry.form == PUBLIC:
            raise UsageError(f"there is no dataset {dataset_id!r}: see `leakscan registry list`")
        day = _day(as_of) or datetime.now(UTC).date()
        return assess(designation.entry.dossier, designation.entry.publicity, day, rules)

    # writing

    def add(
        self,
        spec: DatasetSpec,
        dossier: Dossier | None = None,
        *,
        records: int,
        source: SourceFigures | None = None,
        publicity: Publicity | None = None,
        form: str = "table",
        title: str = "",
        by: str = "",
    ) -> Entry:
        """Register a dataset. Raises UsageError where its id is taken, or the dossier's differs."""
        self.check_free(spec.id)
        entry = Entry(
            id=spec.id,
            form=form,
            title=title or (dossier.title if dossier else spec.id),
            spec=spec,
            records=records,
            source=source or SourceFigures(),
            dossier=_own(dossier, spec.id),
            publicity=publicity,
        )
        return self._set(DATASET, entry, None, by)

    def add_public(
        self,
        spec: DatasetSpec,
        *,
        source_text: str,
        as_of: date,
        records: int,
        source: SourceFigures | None = None,
        by: str = "",
    ) -> Entry:
        """Register a public directory: what it holds is known to the public."""
        self.check_free(spec.id)
        entry = Entry(
            id=spec.id,
            form=PUBLIC,
            title=source_text,
            spec=replace(spec, public=True),
            records=records,
            source=source or SourceFigures(),
            public_source=source_text,
            as_of=as_of,
        )
        return self._set(PUBLIC, entry, None, by)

    def update(
        self,
        dataset_id: str,
        *,
        spec: DatasetSpec | None = None,
        dossier: Dossier | None = None,
        records: int | None = None,
        source: SourceFigures | None = None,
        publicity: Publicity | None = None,
        as_of: date | None = None,
        title: str | None = None,
        valid_from: date | None = None,
        by: str = "",
    ) -> Entry:
        """A new version of an entry; what is not given stays.

        `valid_from` is the day from which it holds, open where the old version is corrected.
        Raises UsageError where there is no such entry.
        """
        old = self.get(dataset_id)
        if old is None:
            raise UsageError(f"there is no dataset {dataset_id!r}: see `leakscan registry list`")
        told: dict[str, Any] = {
            "spec": spec,
            "dossier": _own(dossier, dataset_id),
            "records": records,
            "source": source,
            "publicity": publicity,
            "as_of": as_of,
            "title": title if title is not None else (dossier.title if dossier else None),
        }
        entry = replace(old, **{key: value for key, value in told.items() if value is not None})
        return self._set(PUBLIC if old.form == PUBLIC else DATASET, entry, valid_from, by)

    def remove(self, dataset_id: str, reason: str = "", by: str = "") -> None:
        """Take a dataset or directory out; its history stays. UsageError where there is none."""
        old = self.get(dataset_id)
        if old is None:
            raise UsageError(f"there is no dataset {dataset_id!r}: see `leakscan registry list`")
        kind = PUBLIC if old.form == PUBLIC else DATASET
        self._write([Change(kind, dataset_id, {"reason": reason}, op="remove")], by)

    def load(self, files: Sequence[Path], *, today: date | None = None, by: str = "") -> Loaded:
        """Load organisation files, all or nothing, and tell what was new.

        Raises DossierError naming file, line and key; the registry is unchanged then.
        """
        known = {
            name: {row.id for row in self._rows if row.kind == name and row.op == "set"}
            for name in KINDS
        }
        read = read_organisation(files, known, today or datetime.now(UTC).date())
        latest = {(row.kind, row.id, row.valid_from): row for row in self._rows}
        changes, same = changes_of(read, latest)
        self._write(changes, by)
        ids = {entry.id for entry in self.datasets()}
        return Loaded(len(changes), same, tuple(sorted(read.dataset_ids - ids)))

    # inside

    def check_free(self, dataset_id: str) -> None:
        """Raise UsageError where the id is taken."""
        if self.get(dataset_id) is not None:
            raise UsageError(
                f"the id {dataset_id!r} is registered already: use `leakscan registry update "
                f"{dataset_id} FILE`, or another --id"
            )

    def _set(self, kind: str, entry: Entry, valid_from: date | None, by: str) -> Entry:
        (row,) = self._write([Change(kind, entry.id, entry_payload(entry), "set", valid_from)], by)
        return self._entry(row)

    def _write(self, changes: Sequence[Change], by: str) -> tuple[HistoryRow, ...]:
        if not changes:
            return ()
        head = self._rows[-1].row_hash if self._rows else "0" * 64
        added = self._history.append(changes, by=by or _user(), after=head)
        self._take((*self._rows, *added))
        return added

    def _take(self, rows: tuple[HistoryRow, ...]) -> None:
        self._rows = rows
        self._cache.clear()
        self._organisations.clear()
        self._designations.clear()

    def _entry(self, row: HistoryRow) -> Entry:
        if row.seq not in self._cache:
            self._cache[row.seq] = entry_from(row)
        return self._cache[row.seq]

    def _current(self, kind: str) -> list[Entry]:
        ids = sorted({row.id for row in self._rows if row.kind == kind})
        found = [self._row((kind,), name, None, None) for name in ids]
        return [self._entry(row) for row in found if row]

    def _row(
        self, kinds: Sequence[str], name: str, day: date | None, known_at: str | None
    ) -> HistoryRow | None:
        """The last row written for a name, of those that hold on `day`, unless it is a removal."""
        found = None
        for row in self._rows:
            if row.id != name or row.kind not in kinds:
                continue
            if known_at is not None and row.recorded_at > known_at:
                continue
            if day is None or row.covers(day):
                found = row
        return found if found and found.op == "set" else None

    def _versions(self, model: type[Agreement]) -> tuple[Row, ...]:
        """Every agreement with its period, so that one that has ended can be named."""
        latest = {(row.id, row.valid_from): row for row in self._rows if row.kind == "agreements"}
        rows = [row for row in latest.values() if row.op == "set"]
        rows.sort(key=lambda row: (row.id, row.valid_from))
        return tuple(model.model_validate(row.data()) for row in rows)

    def _in_force(self, kind: str, model: type[Row], day: date) -> tuple[Row, ...]:
        found: dict[str, HistoryRow] = {}
        for row in self._rows:
            if row.kind == kind and row.covers(day):
                found[row.id] = row
        rows = [row for row in found.values() if row.op == "set"]
        return tuple(model.model_validate(row.data()) for row in sorted(rows, key=lambda r: r.id))


def _own(dossier: Dossier | None, dataset_id: str) -> Dossier | None:
    if dossier and dossier.id and dossier.id != dataset_id:
        raise UsageError(
            f"the dossier is of {dossier.id!r}, not of {dataset_id!r}: change its `id` or --id"
        )
    return dossier


def _day(moment: datetime | date | None) -> date | None:
    return moment.date() if isinstance(moment, datetime) else moment


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"
