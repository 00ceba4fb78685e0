"""`leakscan extract FILE`: what the scanner reads in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scanner.cli.options import HomeOption, home_of, print_lines, settings_of


def extract(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file.")],
    home: HomeOption = None,
) -> None:
    """Print what the scanner reads, one JSON object a line, the coverage last."""
    from scanner.run.lines import extract_lines

    opened = home_of(ctx, home)
    raise typer.Exit(print_lines(extract_lines(file, settings_of(opened))))
