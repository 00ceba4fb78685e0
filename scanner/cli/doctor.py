"""`leakscan doctor`: versions, optional parts, key, index and store health."""

from __future__ import annotations

import typer

from scanner.cli.options import HomeOption, JsonOption, home_of, print_rows, settings_of


def doctor(ctx: typer.Context, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Tell what works here, what is missing and what it would add."""
    from scanner.run.doctor import examination

    opened = home_of(ctx, home)
    rows = examination(opened, settings_of(opened))
    print_rows(rows, ["part", "state", "detail"], as_json)
