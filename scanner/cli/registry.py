"""`leakscan registry ...`: designated datasets, public directories, the organisation file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.cli.options import (
    OK,
    UNREAD,
    HomeOption,
    JsonOption,
    home_of,
    print_json,
    print_rows,
    say,
    settings_of,
    tell,
)
from scanner.cli.progress import Rows

if TYPE_CHECKING:
    from scanner.home import Home

app = typer.Typer(
    help="Designated datasets, public directories and the organisation file.", no_args_is_help=True
)

FileArgument = Annotated[Path, typer.Argument(help="A table: CSV, TSV, a workbook ...")]
IdOption = Annotated[str, typer.Option("--id", help="Short name of the dataset.")]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="Short name of the dataset.")]
SheetOption = Annotated[str | None, typer.Option("--sheet", help="Sheet of a workbook.")]
EncodingOption = Annotated[str | None, typer.Option("--encoding", help="Encoding of a text file.")]


@app.command()
def add(
    ctx: typer.Context,
    file: FileArgument,
    dataset_id: IdOption,
    title: Annotated[str | None, typer.Option("--title", help="Title shown in reports.")] = None,
    dossier: Annotated[
        Path | None, typer.Option("--dossier", help="What only people know (YAML).")
    ] = None,
    sheet: SheetOption = None,
    encoding: EncodingOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Register a table as a designated dataset."""
    from scanner.run.enrol import add_dataset

    opened = home_of(ctx, home)
    settings_of(opened)
    with Rows(as_json) as rows:
        enrolled = add_dataset(
            opened,
            file,
            dataset_id,
            title=title,
            dossier_file=dossier,
            sheet=sheet,
            encoding=encoding,
            progress=rows.count,
        )
    show_enrolled(enrolled, as_json)


@app.command("add-public")
def add_public_directory(
    ctx: typer.Context,
    file: FileArgument,
    dataset_id: IdOption,
    source: Annotated[str, typer.Option("--source", help="Where the directory was published.")],
    as_of: Annotated[
        datetime, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Date of the edition.")
    ],
    sheet: SheetOption = None,
    encoding: EncodingOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Register a public directory: what it holds is known to the public."""
    from scanner.run.enrol import add_public

    opened = home_of(ctx, home)
    settings_of(opened)
    with Rows(as_json) as rows:
        enrolled = add_public(
            opened,
            file,
            dataset_id,
            source=source,
            as_of=as_of.date(),
            sheet=sheet,
            encoding=encoding,
            progress=rows.count,
        )
    show_enrolled(enrolled, as_json)


@app.command("add-document")
def add_document(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A document: a plan, a price policy, a method.")],
    dataset_id: IdOption,
    title: Annotated[str | None, typer.Option("--title", help="Title shown in reports.")] = None,
    dossier: Annotated[
        Path | None, typer.Option("--dossier", help="What only people know (YAML).")
    ] = None,
    ordinary: Annotated[
        list[Path] | None,
        typer.Option("--ordinary", help="A template or public text; its passages do not count."),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Register a document by its fingerprints."""
    from scanner.run.enrol_document import enrol_document

    opened = home_of(ctx, home)
    done = enrol_document(
        opened,
        settings_of(opened),
        file,
        dataset_id,
        title=title,
        dossier_file=dossier,
        ordinary=tuple(ordinary or ()),
    )
    if as_json:
        told = {"id": dataset_id, "fingerprints": done.report.fingerprints}
        print_json({**told, "unread": list(done.unread)})
    else:
        say(tell("registered_document", id=dataset_id, prints=done.report.fingerprints))
        for one in done.unread:
            why = f"{one['reason']} {one['detail']}".strip()
            say(tell("document_unread", file=one["file"], reason=why))
    raise typer.Exit(UNREAD if done.unread else OK)


def show_enrolled(enrolled: object, as_json: bool) -> None:
    """Print what registering a table gave."""
    from scanner.messages import message
    from scanner.run.enrol import Enrolled, described

    assert isinstance(enrolled, Enrolled)
    rows = [described(column) for column in enrolled.spec.columns]
    if as_json:
        print_json(
            {
                "id": enrolled.spec.id,
                "public": enrolled.spec.public,
                "records": enrolled.report.records,
                "cells": enrolled.report.cells,
                "columns": rows,
                "dossier": str(enrolled.dossier_file or ""),
            }
        )
        return
    key = "registered_public" if enrolled.spec.public else "registered"
    say(
        tell(key, id=enrolled.spec.id, records=enrolled.report.records, cells=enrolled.report.cells)
    )
    print_rows(rows, ["column", "kind", "role", "indexed", "alone_enough", "personal"], False)
    _say_resumed(enrolled.report.resumed)
    if enrolled.locator:
        say(tell("sheet_taken", sheet=enrolled.locator))
    if not enrolled.with_header:
        say(tell("no_header"))
    publicity = enrolled.entry.publicity if enrolled.entry else None
    if publicity is not None and publicity.mostly_public:
        say(message("registry", "assess.mostly_public"))
    if enrolled.dossier_file:
        say(tell("dossier_left", file=enrolled.dossier_file))


@app.command()
def update(
    ctx: typer.Context,
    dataset_id: IdArgument,
    file: FileArgument,
    dossier: Annotated[Path | None, typer.Option("--dossier", help="A new dossier (YAML).")] = None,
    sheet: SheetOption = None,
    encoding: EncodingOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring a dataset to the state of a new table; only rows that differ are written."""
    from scanner.run.enrol import update_dataset

    opened = home_of(ctx, home)
    with Rows(as_json) as rows:
        done = update_dataset(
            opened,
            dataset_id,
            file,
            dossier_file=dossier,
            sheet=sheet,
            encoding=encoding,
            progress=rows.count,
        )
    report = done.report
    told = {
        "id": dataset_id,
        "added": report.added,
        "removed": report.removed,
        "unchanged": report.unchanged,
        "records": report.records,
    }
    if as_json:
        print_json(told)
    else:
        say(tell("updated", **told))
        _say_resumed(report.resumed)


@app.command()
def merge(ctx: typer.Context, dataset_id: IdArgument, home: HomeOption = None) -> None:
    """Make one file of what updates left in several; an update starts it by itself when due."""
    from scanner.run.merging import merge_now

    size = merge_now(home_of(ctx, home), dataset_id)
    say(tell("merged" if size else "not_merged", id=dataset_id, size=size))


def _say_resumed(rows: int) -> None:
    if rows:
        say(tell("resumed", rows=rows))


@app.command()
def dossier(
    ctx: typer.Context,
    dataset_id: IdArgument,
    file: Annotated[Path, typer.Argument(metavar="DOSSIER", help="The completed dossier (YAML).")],
    valid_from: Annotated[
        datetime | None,
        typer.Option("--valid-from", formats=["%Y-%m-%d"], help="Day from which it holds."),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Hand back a completed dossier."""
    from scanner.run.enrol import set_dossier

    opened = home_of(ctx, home)
    set_dossier(opened, dataset_id, file, valid_from.date() if valid_from else None)
    _show_assessment(opened, dataset_id, None, False)


@app.command()
def remove(
    ctx: typer.Context,
    dataset_id: IdArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why; stays in the history.")] = "",
    home: HomeOption = None,
) -> None:
    """Take a dataset or directory out; its history stays."""
    from scanner.run.enrol import remove_dataset

    remove_dataset(home_of(ctx, home), dataset_id, reason)
    say(tell("removed", id=dataset_id))


@app.command("list")
def list_datasets(ctx: typer.Context, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the registered datasets and public directories."""
    from scanner.run.registered import overview

    rows = overview(home_of(ctx, home))
    print_rows(rows, ["id", "form", "title", "records", "status", "owner", "review_due"], as_json)


@app.command()
def show(
    ctx: typer.Context, dataset_id: IdArgument, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Show one dossier: columns, rule, standing, history."""
    from scanner.run.registered import described_entry

    told = described_entry(home_of(ctx, home), dataset_id)
    columns = told["columns"]
    if as_json:
        print_json(told)
        return
    for name, value in told.items():
        if name != "columns" and value not in ("", [], None):
            say(f"{name:<20}  {value}")
    print_rows(columns, ["column", "kind", "role", "indexed", "alone_enough", "personal"], False)


@app.command()
def assess(
    ctx: typer.Context,
    dataset_id: IdArgument,
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Day of the event.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compute the three conditions now, with the measured publicity and what is missing."""
    _show_assessment(home_of(ctx, home), dataset_id, as_of, as_json)


def _show_assessment(opened: Home, dataset_id: str, as_of: datetime | None, as_json: bool) -> None:
    from scanner.registry.told import assessment_data, assessment_lines
    from scanner.run.registered import assessed

    entry, assessment = assessed(opened, dataset_id, as_of.date() if as_of else None)
    if as_json:
        print_json({"id": entry.id, "title": entry.title, **assessment_data(assessment)})
        return
    say(f"{entry.id}: {entry.title}")
    for line in assessment_lines(assessment):
        say(line)


@app.command()
def load(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Organisation files (YAML).")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Load parties, persons, agreements, rules, authorisations and locations, all or nothing."""
    from scanner.registry.registry import Registry

    done = Registry.open(home_of(ctx, home)).load(files)
    if as_json:
        print_json(
            {
                "written": done.written,
                "unchanged": done.unchanged,
                "unknown_datasets": list(done.unknown_datasets),
            }
        )
        return
    say(tell("loaded", written=done.written, unchanged=done.unchanged))
    for unknown in done.unknown_datasets:
        say(tell("unknown_dataset", id=unknown))


@app.command()
def suggest(
    ctx: typer.Context,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the prefilled dossiers.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Name the unregistered lists that scans came across and that are worth a dossier."""
    from scanner.run.suggested import suggestions, write_dossiers

    found = suggestions(home_of(ctx, home))
    rows = [
        {
            "id": one.id,
            "records": one.records,
            "score": one.score,
            "path": one.path,
            "copies": list(one.copies),
            "reasons": list(one.reasons),
        }
        for one in found
    ]
    if not rows and not as_json:
        say(tell("no_suggestion"))
        return
    print_rows(rows, ["id", "records", "score", "path", "copies"], as_json)
    for path in write_dossiers(found, out) if out is not None else ():
        say(tell("dossier_left", file=path))
