"""`leakscan watch`: folders in real time."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from scanner.cli.options import HomeOption, JsonOption, home_of, say, settings_of, tell
from scanner.model.errors import UsageError


def watch(
    ctx: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Folders to watch.")],
    quarantine: Annotated[
        Path | None, typer.Option("--quarantine", help="Private folder that documents move to.")
    ] = None,
    quarantine_from: Annotated[
        str, typer.Option("--quarantine-from", help="Lowest severity that is moved.")
    ] = "low",
    command: Annotated[
        str, typer.Option("--command", help="Run on each incident, its JSON on standard input.")
    ] = "",
    webhook: Annotated[
        str, typer.Option("--webhook", help="Send each incident's JSON to this address.")
    ] = "",
    restore: Annotated[
        str, typer.Option("--restore", help="Put a quarantined document back and end.")
    ] = "",
    poll: Annotated[
        bool, typer.Option("--poll", help="Look instead of waiting for events.")
    ] = False,
    metrics_port: Annotated[
        int | None, typer.Option("--metrics-port", help="Health and metrics on 127.0.0.1.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Watch folders until stopped, catching up first on what changed meanwhile."""
    from scanner.model.incident import Incident, Severity
    from scanner.run.active import active
    from scanner.run.pipeline import Pipeline
    from scanner.watch import Options
    from scanner.watch import watch as watch_folders
    from scanner.watch.deliver import Targets

    if restore:
        _restore(quarantine, restore)
        return
    opened = home_of(ctx, home)
    settings = settings_of(opened)
    levels = [level.value for level in Severity]
    if quarantine_from not in levels:
        raise UsageError(f"there is no severity {quarantine_from!r}: choose {', '.join(levels)}")

    def told(incident: Incident, identity: str) -> None:
        line = {
            "incident_id": identity,
            "severity": incident.judgement.exposure.value,
            "dataset_id": incident.finding.dataset_id,
            "records_matched": incident.finding.records,
            "path": incident.document.uri,
        }
        if as_json:
            say(json.dumps(line, ensure_ascii=False))
        else:
            say("  ".join(str(value) for value in line.values()))
        sys.stdout.flush()

    with active(opened, "watch", ";".join(map(str, paths))):
        watch_folders(
            opened,
            settings,
            paths,
            pipeline_factory=lambda: Pipeline.open(opened, settings),
            options=Options(
                quarantine=quarantine,
                quarantine_from=Severity(quarantine_from),
                targets=Targets(tuple(shlex.split(command)), webhook),
                on_incident=told,
                say=_note,
                force_poll=poll,
                metrics_port=metrics_port,
            ),
        )


def _note(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _restore(folder: Path | None, name: str) -> None:
    from scanner.run.judging import user
    from scanner.watch.quarantine import Quarantine

    if folder is None:
        raise UsageError("name the folder that it lies in with --quarantine")
    say(tell("restored", file=Quarantine(folder).restore(name, by=user())))
