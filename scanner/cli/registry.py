"""`leakscan registry ...`: designated datasets, public directories, the organisation file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from scanner.cli.options import (
    HomeOption,
    JsonOption,
    home_of,
    print_json,
    print_rows,
    say,
    settings_of,
    tell,
)

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
    enrolled = add_dataset(
        opened,
        file,
        dataset_id,
        title=title,
        dossier_file=dossier,
        sheet=sheet,
        encoding=encoding,
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
    enrolled = add_public(
        opened,
        file,
        dataset_id,
        source=source,
        as_of=as_of.date(),
        sheet=sheet,
        encoding=encoding,
    )
    show_enrolled(enrolled, as_json)


def show_enrolled(enrolled: object, as_json: bool) -> None:
    """Print what registering a table gave."""
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
    if not enrolled.with_header:
        say(tell("no_header"))
    if enrolled.dossier_file:
        say(tell("dossier_left", file=enrolled.dossier_file))
