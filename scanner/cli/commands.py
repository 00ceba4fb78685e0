"""Every command by its name; a command is a function in one of this folder's modules."""

from __future__ import annotations

import typer

from scanner.cli import (
    audit,
    check,
    demo,
    doctor,
    entities,
    export,
    extract,
    gateway,
    incidents,
    judge,
    registry,
    scan,
    watch,
)


def add_to(app: typer.Typer) -> None:
    """Add every command to the application."""
    app.command("demo")(demo.demo)
    app.add_typer(registry.app, name="registry")
    app.command("scan")(scan.scan)
    app.command("watch")(watch.watch)
    app.command("check")(check.check)
    app.command("gateway")(gateway.gateway)
    app.command("extract")(extract.extract)
    app.command("entities")(entities.entities)
    app.command("judge")(judge.judge)
    app.command("explain")(incidents.explain)
    app.add_typer(incidents.app, name="incidents")
    app.command("export")(export.export)
    app.add_typer(audit.app, name="audit")
    app.command("doctor")(doctor.doctor)
