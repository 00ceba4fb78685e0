"""`leakscan scan`: files and folders at rest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scanner.cli.options import HomeOption, JsonOption, QuietOption, home_of, settings_of


def scan(
    ctx: typer.Context,
    paths: Annotated[list[str], typer.Argument(metavar="PATH_OR_URL", help="What to scan.")],
    report: Annotated[Path | None, typer.Option("--report", help="CSV report to write.")] = None,
    workers: Annotated[int | None, typer.Option("--workers", help="Worker processes.")] = None,
    engine: Annotated[str, typer.Option("--engine", help="Where workers run.")] = "local",
    full: Annotated[bool, typer.Option("--full", help="Scan unchanged files again.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Report incidental and exempt events too.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Scan files and folders; exit code 0 nothing, 1 incidents, 3 something not examined."""
    from scanner.cli.scanning import run_scan

    opened = home_of(ctx, home)
    settings = settings_of(opened, workers=workers)
    code = run_scan(
        opened,
        settings,
        paths,
        report,
        engine=engine,
        full=full,
        everything=everything,
        as_json=as_json,
        quiet=quiet,
    )
    raise typer.Exit(code)
