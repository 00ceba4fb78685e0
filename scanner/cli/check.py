"""`leakscan check`: the verdict on one outgoing document, before it leaves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.cli.options import (
    INCIDENTS,
    OK,
    UNREAD,
    HomeOption,
    JsonOption,
    home_of,
    print_json,
    say,
    settings_of,
    tell,
)

if TYPE_CHECKING:
    from scanner.run.verdict import Verdict


def check(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A document, or a message (.eml).")],
    sender: Annotated[str, typer.Option("--from", help="Who sends it.")] = "",
    recipients: Annotated[list[str] | None, typer.Option("--to", help="Who gets it.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say whether a document may leave; 0 allow, 1 hold or block, 3 not examined whole."""
    from scanner.messages import language
    from scanner.run.outgoing import check as verdict_of

    opened = home_of(ctx, home)
    verdict = verdict_of(
        opened, settings_of(opened), file, sender=sender, recipients=recipients or ()
    )
    if as_json:
        print_json(verdict.as_json())
    else:
        lang = language()
        say(tell(f"verdict_{verdict.decision}", document=verdict.document.uri))
        for reason in verdict.reasons:
            say(f"  - {reason.text(lang)}")
        if verdict.would_allow:
            say(tell("would_allow"))
        for remedy in verdict.would_allow:
            say(f"  - {remedy.text(lang)}")
    raise typer.Exit(exit_code(verdict))


def exit_code(verdict: Verdict) -> int:
    """1 where something found keeps it back, 3 where only unread parts do, else 0."""
    if verdict.decision == "allow":
        return UNREAD if verdict.unread else OK
    read = [one for one in verdict.incidents if one.finding.method.value != "unread"]
    return INCIDENTS if any(one.judgement.reportable for one in read) else UNREAD
