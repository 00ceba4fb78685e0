"""`leakscan entities FILE`: single values, or customer lists, found without a registry."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scanner.model.errors import UsageError


def entities(
    file: Annotated[Path, typer.Argument(help="A file.")],
    lists: Annotated[bool, typer.Option("--lists", help="Customer-list verdicts instead.")] = False,
    blind_name: Annotated[
        bool, typer.Option("--blind-name", help="Hide the file's name from the detector.")
    ] = False,
) -> None:
    """Print entities, one JSON object a line."""
    raise UsageError("`leakscan entities` is not built yet")
