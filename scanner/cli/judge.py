"""`leakscan judge FACTS.yaml`: the law engine alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scanner.cli.options import print_json


def judge(
    facts: Annotated[Path, typer.Argument(help="A list of cases: {id, facts: {...}}.")],
    pack: Annotated[str, typer.Option("--pack", help="Law pack.")] = "CN",
) -> None:
    """Judge facts given by hand; prints JSON."""
    from scanner.judge.cases import judge_cases

    print_json(judge_cases(facts, pack))
