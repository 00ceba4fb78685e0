"""`leakscan audit verify`: the hash chain of the store, or of an exported report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scanner.cli.options import (
    OK,
    USAGE,
    HomeOption,
    JsonOption,
    home_of,
    print_json,
    say,
    tell,
)

app = typer.Typer(help="The hash chain.", no_args_is_help=True)


@app.callback()
def _audit() -> None:
    """The hash chain of the store and of exported reports."""


@app.command()
def verify(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="An exported report.")] = None,
    anchor: Annotated[
        Path | None, typer.Option("--anchor", help="An anchor of the store kept elsewhere.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check that nothing was edited, deleted, reordered or cut off; exit code 2 where it was."""
    from scanner.run.reports import verified

    checked = verified(home_of(ctx, home), file, anchor)
    if as_json:
        print_json({"subject": checked.subject, "problems": list(checked.problems)})
    elif not checked.problems:
        say(tell("chain_whole", subject=checked.subject))
    else:
        for problem in checked.problems:
            say(problem)
    raise typer.Exit(USAGE if checked.problems else OK)


@app.command()
def anchor(ctx: typer.Context, home: HomeOption = None) -> None:
    """Print the head of the store's chain as one line, to be kept elsewhere (mailed, printed)."""
    from scanner.record.store import Store

    with Store.open(home_of(ctx, home)) as store:
        say(store.export_anchor())
