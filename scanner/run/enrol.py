"""Registering: a table becomes a designated dataset or a public directory.

The order makes a stop at any moment harmless: the table is read and typed, the index is built and
swapped in whole, and only then does the registry name the dataset.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from scanner import __version__
from scanner.columns.typing import ColumnGuess, type_columns
from scanner.home import Home
from scanner.index.build import build_dataset
from scanner.index.gather import Batch, Progress
from scanner.index.open import Index
from scanner.index.types import BuildReport
from scanner.index.update import remove_dataset as drop_from_index
from scanner.index.update import set_spec as change_spec
from scanner.index.update import update_dataset as change_index
from scanner.model.errors import TableError, UsageError
from scanner.model.rule import Column, DatasetSpec
from scanner.registry.designation import Entry, SourceFigures
from scanner.registry.dossier import Dossier, load_dossier
from scanner.registry.draft import write_dossier
from scanner.registry.measuring import remeasure
from scanner.registry.overrule import spec_for
from scanner.registry.registry import Registry
from scanner.run.merging import merge_in_background
from scanner.run.table import Table, open_table

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What registering a table gave."""

    spec: DatasetSpec
    guesses: tuple[ColumnGuess, ...]
    report: BuildReport
    with_header: bool
    locator: str = ""
    dossier_file: Path | None = None
    entry: Entry | None = None


def checked_id(told: str) -> str:
    """The id of a dataset; raises UsageError where it is not one."""
    if not _ID.match(told):
        raise UsageError(
            f"{told!r} is no id: use letters, digits, dot, dash and underscore, at most 64"
        )
    return told


def add_dataset(
    home: Home,
    file: Path,
    dataset_id: str,
    *,
    title: str | None = None,
    dossier_file: Path | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    progress: Progress | None = None,
) -> Enrolled:
    """Register a table as a designated dataset.

    Raises UsageError, DossierError, TableError or KeyMissing with nothing half-written.
    """
    dossier = load_dossier(dossier_file) if dossier_file else None
    registry = Registry.open(home)
    registry.check_free(checked_id(dataset_id))
    table = open_table(file, sheet=sheet, encoding=encoding)
    spec, guesses = typed(table, dataset_id, dossier)
    figures = source_figures(file)
    report = _build(home, spec, table, figures, progress)
    figures = replace(figures, rows=report.records)
    shown = title or (dossier.title if dossier else file.stem)
    registry.add(spec, dossier, records=report.records, source=figures, title=shown)
    measure_now(home, registry)
    entry = registry.get(dataset_id)
    left = None
    if dossier is None:
        left = write_dossier(
            home.registry / "dossiers" / f"{dataset_id}.yaml",
            dataset_id,
            shown,
            spec.columns,
            records=report.records,
            source=figures,
            publicity=entry.publicity if entry else None,
        )
    return Enrolled(spec, guesses, report, table.with_header, table.locator, left, entry)


def add_public(
    home: Home,
    file: Path,
    directory_id: str,
    *,
    source: str,
    as_of: date,
    sheet: str | None = None,
    encoding: str | None = None,
    progress: Progress | None = None,
) -> Enrolled:
    """Register a public directory: what it holds is known to the public from `as_of` on."""
    if as_of > date.today():
        raise UsageError(f"--as-of {as_of} lies in the future: name the date of the edition")
    registry = Registry.open(home)
    registry.check_free(checked_id(directory_id))
    table = open_table(file, sheet=sheet, encoding=encoding)
    spec, guesses = typed(table, directory_id, None)
    spec = replace(spec, public=True)
    figures = source_figures(file)
    report = _build(home, spec, table, figures, progress)
    registry.add_public(
        spec,
        source_text=source,
        as_of=as_of,
        records=report.records,
        source=replace(figures, rows=report.records),
    )
    measure_now(home, registry)
    return Enrolled(spec, guesses, report, table.with_header, table.locator)


def update_dataset(
    home: Home,
    dataset_id: str,
    file: Path,
    *,
    dossier_file: Path | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    progress: Progress | None = None,
) -> Enrolled:
    """Bring a dataset or directory to the state of a new table; only rows that differ are written.

    Raises UsageError where there is no such dataset, TableError where the new table lacks one of
    its columns, with nothing changed.
    """
    registry = Registry.open(home)
    entry = registry.get(dataset_id)
    if entry is None or entry.form == "document":
        raise UsageError(f"there is no table {dataset_id!r}: see `leakscan registry list`")
    dossier = load_dossier(dossier_file) if dossier_file else entry.dossier
    table = open_table(file, sheet=sheet, encoding=encoding)
    spec = spec_for(dataset_id, entry.spec.columns, dossier)
    spec = replace(spec, public=entry.spec.public)
    cells = _same_columns(spec, table)
    figures = source_figures(file)
    report = change_index(
        home.index, home.key(), spec, cells, source=_named(figures, table), progress=progress
    )
    registry.update(
        dataset_id,
        spec=spec,
        dossier=dossier,
        records=report.records,
        source=replace(figures, rows=report.records),
    )
    measure_now(home, registry)
    merge_in_background(home, dataset_id)
    return Enrolled(
        spec, (), report, table.with_header, table.locator, None, registry.get(dataset_id)
    )


def remove_dataset(home: Home, dataset_id: str, reason: str = "") -> None:
    """Take a dataset or directory out of registry and index. Raises UsageError."""
    registry = Registry.open(home)
    registry.remove(dataset_id, reason)
    drop_from_index(home.index, dataset_id)
    if home.index.is_dir() and any(home.index.iterdir()):
        measure_now(home, registry)


def measure_now(home: Home, registry: Registry, ids: list[str] | None = None) -> None:
    """Measure the publicity of datasets (all where none is named), writing down what changed."""
    index = Index.open(home.index, home.key())
    try:
        remeasure(registry, index, ids)
    finally:
        index.close()


def _same_columns(spec: DatasetSpec, table: Table) -> Iterator[Batch]:
    """The cells of the columns that the dataset has, found in the new table by their names."""
    place = {name: number for number, name in enumerate(table.header)}
    missing = [column.name for column in spec.indexed if column.name not in place]
    if missing:
        raise TableError(
            f"{table.path} has no column {missing[0]!r}: an update needs the columns that were "
            f"registered ({', '.join(column.name for column in spec.indexed)})"
        )
    return table.batches([place[column.name] for column in spec.indexed])


def typed(
    table: Table, dataset_id: str, dossier: Dossier | None
) -> tuple[DatasetSpec, tuple[ColumnGuess, ...]]:
    """The columns of a table as the index will use them; the dossier overrules what was guessed."""
    header = table.header if table.with_header else None
    guesses = tuple(type_columns(header, table.sample))
    columns = [
        replace(guess.column, name=name) for guess, name in zip(guesses, table.header, strict=True)
    ]
    spec = spec_for(dataset_id, columns, dossier)
    _must_be_usable(table, spec)
    return spec, guesses


def source_figures(file: Path) -> SourceFigures:
    """Name, hash and size of the file a dataset is read from; its rows are told when it was."""
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return SourceFigures(file.name, digest, file.stat().st_size)


def _must_be_usable(table: Table, spec: DatasetSpec) -> None:
    indexed = spec.indexed
    if any(column.strong for column in indexed) or len(indexed) >= spec.rule.minimum_fields:
        return
    seen = ", ".join(f"{column.name} ({column.kind})" for column in spec.columns[:12])
    raise TableError(
        f"{table.path} has no usable columns: a record needs at least {spec.rule.minimum_fields} "
        f"of company, person, phone, e-mail, address, or one identifier; found: {seen}"
    )


def _build(
    home: Home,
    spec: DatasetSpec,
    table: Table,
    figures: SourceFigures,
    progress: Progress | None,
) -> BuildReport:
    key = home.key(create=True)
    home.index.mkdir(mode=0o700, exist_ok=True)
    cells, source = _indexed_cells(spec, table), _named(figures, table)
    return build_dataset(home.index, key, spec, cells, source=source, progress=progress)


def _named(figures: SourceFigures, table: Table) -> str:
    """What names the rows of a table: the same name, the same rows from this program."""
    return "\n".join((__version__, figures.sha256, table.locator, table.encoding))


def _indexed_cells(spec: DatasetSpec, table: Table) -> Iterator[Batch]:
    return table.batches([at for at, column in enumerate(spec.columns) if column.indexed])


def described(column: Column) -> dict[str, object]:
    """A column as printed after registering."""
    return {
        "column": column.name,
        "kind": str(column.kind),
        "role": str(column.role),
        "indexed": "yes" if column.indexed else "no",
        "alone_enough": "yes" if column.strong and column.indexed else "",
        "personal": "" if column.pi == "none" else column.pi,
    }


def set_dossier(home: Home, dataset_id: str, file: Path, valid_from: date | None = None) -> None:
    """Take a completed dossier; columns and rules that it changes apply to the index at once.

    Raises DossierError or UsageError with nothing changed.
    """
    registry = Registry.open(home)
    entry = registry.get(dataset_id)
    if entry is None or entry.form == "public":
        raise UsageError(f"there is no dataset {dataset_id!r}: see `leakscan registry list`")
    dossier = load_dossier(file)
    spec = spec_for(dataset_id, entry.spec.columns, dossier) if entry.form == "table" else None
    if spec is not None and spec != entry.spec:
        if [c.name for c in spec.indexed] != [c.name for c in entry.spec.indexed]:
            raise UsageError(
                "the dossier changes which columns are matched, and their values are not kept: "
                f"run `leakscan registry update {dataset_id} FILE --dossier {file}` with the table"
            )
        change_spec(home.index, home.key(), spec)
    registry.update(dataset_id, spec=spec, dossier=dossier, valid_from=valid_from)
