"""`leakscan incidents ...` and `leakscan explain`: looking through what was found."""

from __future__ import annotations

from typing import Annotated

import typer

from scanner.cli.options import HomeOption, JsonOption, home_of, print_json, print_rows, say, tell
from scanner.model.recorded import INCIDENT_COLUMNS, VERDICTS

app = typer.Typer(help="Incidents: list, show, review.", no_args_is_help=True)

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="Its id, or the beginning of it.")]
LIST_COLUMNS = (
    *("incident_id", "severity", "legal_severity", "status", "verdict", "dataset_id"),
    *("records_matched", "records_nonpublic", "trade_secret_status", "obligations", "path"),
)


@app.command("list")
def list_incidents(
    ctx: typer.Context,
    dataset: Annotated[str, typer.Option("--dataset", help="Only this dataset.")] = "",
    severity: Annotated[str, typer.Option("--severity", help="At least this severe.")] = "",
    status: Annotated[str, typer.Option("--status", help="Only this status.")] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Incidental, exempt and gone ones too.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 1000,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List incidents, the severest first."""
    from scanner.record.store import Store
    from scanner.run.reports import checked_severity

    with Store.open(home_of(ctx, home)) as store:
        chosen = store.select(
            dataset=dataset,
            severity=checked_severity(severity),
            status=status,
            events=everything,
            gone=everything,
            limit=limit,
        )
        rows = [dict(zip(INCIDENT_COLUMNS, cells, strict=True)) for cells in chosen.rows()]
        count = chosen.count()
    print_rows(
        [{**row, "incident_id": row["incident_id"][:12]} for row in rows] if not as_json else rows,
        LIST_COLUMNS,
        as_json,
    )
    if not as_json and count > limit:
        say(tell("more", shown=limit, count=count))


@app.command()
def show(
    ctx: typer.Context, incident: IdArgument, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Show one incident whole, with its history and reviews."""
    from scanner.record.store import Store

    with Store.open(home_of(ctx, home)) as store:
        found = store.get(incident)
        told = dict(zip(INCIDENT_COLUMNS, found.row, strict=True))
        history, reviews = store.history(found.id), store.reviews(found.id)
    if as_json:
        print_json({**told, "history": history, "reviews": reviews})
        return
    width = max(map(len, told))
    for name, cell in told.items():
        if cell:
            say(f"{name:<{width}}  {cell}")
    for review in reviews:
        decided = f"{review['verdict']} ({review['reason']})"
        say(f"{'review':<{width}}  {review['at']} {review['who']}: {decided}")


@app.command()
def review(
    ctx: typer.Context,
    incident: IdArgument,
    verdict: Annotated[str, typer.Option("--verdict", help=", ".join(VERDICTS))],
    reason: Annotated[str, typer.Option("--reason", help="Why; goes into the record.")],
    who: Annotated[str, typer.Option("--by", help="Who decides.", show_default="you")] = "",
    home: HomeOption = None,
) -> None:
    """Record what a person decided about an incident."""
    from scanner.record.store import Store
    from scanner.run.judging import user

    with Store.open(home_of(ctx, home)) as store:
        store.review(incident, verdict, reason, who or user())
        found = store.get(incident)
    say(tell("reviewed", id=found.id[:12], verdict=verdict, by=who or user()))


def explain(
    ctx: typer.Context,
    incident: IdArgument,
    lang: Annotated[str | None, typer.Option("--lang", help="zh or en.")] = None,
    home: HomeOption = None,
) -> None:
    """Tell which facts led to which result, and what a person must still establish."""
    from scanner.messages import language
    from scanner.run.reports import explanation

    for line in explanation(home_of(ctx, home), incident, lang or language()):
        say(line)
