"""What the commands share: the home, settings from the command line, and how a table is printed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scanner.messages import message

if TYPE_CHECKING:
    from scanner.home import Home
    from scanner.settings import Settings

OK, INCIDENTS, USAGE, UNREAD = 0, 1, 2, 3
"""Exit codes: nothing found; incidents; usage or configuration; something was not examined."""

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home", help="Folder where state lives.", show_default="LEAKSCAN_HOME, else ..."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]


@dataclass
class Shared:
    """Options given before the subcommand."""

    home: Path | None = None


def home_of(ctx: typer.Context, told: Path | None) -> Home:
    """The opened home: told after the subcommand, else before it, else the default."""
    from scanner.home import open_home

    shared = ctx.find_object(Shared) or Shared()
    return open_home(told or shared.home)


def settings_of(home: Home, **overrides: Any) -> Settings:
    """The settings in force for a home."""
    from scanner.settings import load_settings

    return load_settings(home.settings_file, **overrides)


def say(text: str) -> None:
    """Print a line on standard output, whatever characters it holds."""
    sys.stdout.write(text.encode("utf-8", "backslashreplace").decode("utf-8") + "\n")


def tell(key: str, /, **values: object) -> str:
    """A text of the command line in the user's language."""
    return message("cli", key, None, **values)


def print_json(value: object) -> None:
    """Print one JSON document."""
    say(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def print_lines(lines: Iterable[Mapping[str, Any]]) -> int:
    """Print one JSON object a line; the exit code that a coverage among them asks for."""
    code = OK
    for line in lines:
        say(json.dumps(line, ensure_ascii=False))
        if line.get("coverage", "COMPLETE") != "COMPLETE":
            code = UNREAD
    return code


def print_rows(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], as_json: bool) -> None:
    """Print rows as a table of the named columns, or whole as a JSON list."""
    rows = list(rows)
    if as_json:
        print_json(rows)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(row.get(column, ""))) for column in columns))
    width = None if sys.stdout.isatty() else 200
    Console(width=width, highlight=False).print(table)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
