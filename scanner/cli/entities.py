"""`leakscan entities FILE`: single values, or customer lists, found without a registry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from scanner.cli.options import OK, UNREAD, HomeOption, home_of, say, settings_of


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
    code = OK
    for line in told_entities(opened, file, settings_of(opened), lists=lists, blind=blind_name):
        say(json.dumps(line, ensure_ascii=False))
        if "coverage" in line:
            code = UNREAD
    raise typer.Exit(code)
