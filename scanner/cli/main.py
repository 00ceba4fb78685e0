"""The command `leakscan`: every command in one module of this folder, imported only when called."""

from __future__ import annotations

import sys
from typing import Annotated, NoReturn

import typer

from scanner import __version__
from scanner.cli import commands
from scanner.cli.options import USAGE, HomeOption, Shared
from scanner.model.errors import LeakscanError

INTERRUPTED = 130  # as shells tell of a program that Ctrl-C ended at once

app = typer.Typer(
    name="leakscan",
    help="Finds customer-list content in files and outgoing documents, compares it with the "
    "registry of designated datasets, and reports potential disclosures.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"leakscan {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    ctx: typer.Context,
    home: HomeOption = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    ctx.obj = Shared(home)


commands.add_to(app)


def main() -> None:
    """Run the command line; one line and exit code 2 for every error a user can mend."""
    try:
        app()
    except LeakscanError as error:
        _end(str(error))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        _refused(f"{error.strerror or error}{where}")
    except MemoryError:
        _refused("not enough memory")


def _refused(why: str) -> NoReturn:
    """End for what the system did not let happen: a full disk, a missing right."""
    _end(f"the system refused: {why}. Mend that and run the command again")


def _end(line: str) -> NoReturn:
    """End with one line, whatever characters it holds."""
    sys.stderr.write(f"leakscan: {line}\n".encode("utf-8", "backslashreplace").decode())
    sys.exit(USAGE)
