"""`leakscan export`: reports from the store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scanner.cli.options import HomeOption, JsonOption, home_of, print_json, say, tell


def export(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option("--out", help="File to write.")],
    report: Annotated[str, typer.Option("--format", help="csv, jsonl, ocsf, html ...")] = "csv",
    profile: Annotated[str, typer.Option("--profile", help="masked or counsel.")] = "masked",
    reason: Annotated[str, typer.Option("--reason", help="Why counsel needs names.")] = "",
    dataset: Annotated[str, typer.Option("--dataset", help="Only this dataset.")] = "",
    severity: Annotated[str, typer.Option("--severity", help="At least this severe.")] = "",
    under: Annotated[
        list[str] | None, typer.Option("--under", help="Only below this path.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Incidental, exempt and gone ones too.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a report of what the store holds."""
    from scanner.record.store import Store
    from scanner.report.base import report_named
    from scanner.report.files import check_writable
    from scanner.run.judging import user
    from scanner.run.reports import checked_severity, write_report

    named = report_named(report)
    check_writable(out, *named.companions(out))
    with Store.open(home_of(ctx, home)) as store:
        chosen = store.select(
            dataset=dataset,
            severity=checked_severity(severity),
            under=tuple(under or ()),
            events=everything,
            gone=everything,
        )
        written = write_report(
            store, chosen, report, out, profile_name=profile, reason=reason, operator=user()
        )
    if as_json:
        print_json(
            {
                "files": [str(file) for file in written.files],
                "rows": written.rows,
                "sha256": written.sha256,
                "head_hash": written.head_hash,
            }
        )
        return
    say(tell("exported", rows=written.rows))
    for file in written.files:
        say(str(file))
