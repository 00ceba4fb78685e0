"""`leakscan entities FILE`: single values, or customer lists, found without a registry."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scanner.cli.options import HomeOption, home_of, print_lines, settings_of


def entities(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file.")],
    lists: Annotated[bool, typer.Option("--lists", help="Customer-list verdicts instead.")] = False,
    blind_name: Annotated[
        bool, typer.Option("--blind-name", help="Hide the file's name from the detector.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Print entities, one JSON object a line; last the coverage, if not read whole."""
    from scanner.run.lines import told_entities

    opened = home_of(ctx, home)
    told = told_entities(opened, file, settings_of(opened), lists=lists, blind=blind_name)
    raise typer.Exit(print_lines(told))
