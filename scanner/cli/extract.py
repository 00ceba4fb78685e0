"""`leakscan extract FILE`: what the scanner reads in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from scanner.cli.options import OK, UNREAD, HomeOption, home_of, say, settings_of


def extract(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file.")],
    home: HomeOption = None,
) -> None:
    """Print what the scanner reads, one JSON object a line, the coverage last."""
    from scanner.run.lines import extract_lines

    opened = home_of(ctx, home)
    code = OK
    for line in extract_lines(file, settings_of(opened)):
        say(json.dumps(line, ensure_ascii=False))
        if "coverage" in line:
            code = OK if line["coverage"] == "COMPLETE" else UNREAD
    raise typer.Exit(code)
