"""`leakscan gateway`: every message of a mail server, before it leaves."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from scanner.cli.options import HomeOption, home_of, settings_of


def gateway(
    ctx: typer.Context,
    listen: Annotated[
        str, typer.Option("--listen", help="inet:HOST:PORT or unix:PATH.")
    ] = "inet:127.0.0.1:15080",
    mode: Annotated[str, typer.Option("--mode", help="monitor, hold or reject.")] = "hold",
    on_failure: Annotated[
        str, typer.Option("--on-failure", help="defer (4xx), or pass as an incident.")
    ] = "defer",
    metrics_port: Annotated[
        int | None, typer.Option("--metrics-port", help="Health and metrics on 127.0.0.1.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Serve a mail server (milter) until stopped."""
    from scanner.gateway import Options
    from scanner.gateway import gateway as serve
    from scanner.run.active import active

    opened = home_of(ctx, home)
    options = Options(
        listen=listen, mode=mode, on_failure=on_failure, metrics_port=metrics_port, say=_note
    )
    settings = settings_of(opened)
    with active(opened, "gateway", f"{listen} {mode}"):
        serve(opened, settings, options, ready=_note)


def _note(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
