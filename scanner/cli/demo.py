"""`leakscan demo`: the main job on the sample data."""

from __future__ import annotations

from pathlib import Path

import typer

from scanner.cli.options import HomeOption, Shared, say, settings_of, tell

FOLDER = Path(".leakscan-demo")


def demo(ctx: typer.Context, home: HomeOption = None) -> None:
    """Register the sample lists, scan the sample drive and write the CSV report."""
    from scanner.cli.registry import show_enrolled
    from scanner.cli.scanning import run_scan
    from scanner.run.demo import fresh_demo, register_samples

    shared = ctx.find_object(Shared) or Shared()
    places = fresh_demo((home or shared.home or FOLDER).absolute())
    say(tell("demo_start"))
    for enrolled in register_samples(places.home):
        show_enrolled(enrolled, False)
    run_scan(
        places.home, settings_of(places.home), [str(places.drive)], places.report, show_table=True
    )
    say(tell("demo_home", home=places.home.root))
    say(tell("report_at", file=places.report))
