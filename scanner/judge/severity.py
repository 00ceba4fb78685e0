"""Exposure (what left, and to whom) and legal severity (that, capped by the status)."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.judge.packtypes import Points, SeverityTable
from scanner.judge.vocabulary import SHARE, Facts
from scanner.model.incident import Severity

ORDER = tuple(Severity)
RANK = {severity: rank for rank, severity in enumerate(ORDER)}


@dataclass(frozen=True, slots=True)
class Scored:
    """The points, and the exposure they make."""

    points: int
    exposure: Severity
    unknown: tuple[str, ...] = ()


def audience(table: SeverityTable, facts: Facts) -> tuple[int, tuple[str, ...]]:
    """Points of the worst known audience, and the facts that would tell it where none is known."""
    recipient = facts.get("recipient.class")
    location = facts.get("location.class")
    found = []
    if recipient is not None and recipient != "none":
        found.append(table.recipient[str(recipient)])
    if location is not None:
        found.append(table.location[str(location)])
    if found:
        return max(found), ()
    missing = (
        ("location.class",) if recipient is not None else ("recipient.class", "location.class")
    )
    return table.unknown, missing


def score(table: SeverityTable, facts: Facts, *, flagged: bool) -> Scored:
    """The exposure of a case. Nobody wrong has it where the audience counts nothing."""
    points, missing = audience(table, facts)
    if points == 0:
        # The right recipient with a defect in how it was handled.
        return Scored(int(flagged), Severity.LOW if flagged else Severity.NONE)
    unknown = list(missing)
    points += _first(table.volume, facts, unknown)
    for item in table.additions:
        if item.when.on(facts):
            points += item.points
        else:
            unknown += item.when.unknown(facts)
    for item in table.deductions:
        if item.when.on(facts):
            points = max(item.floor, points - item.points)
        else:
            unknown += item.when.unknown(facts)
    return Scored(points, band(table, points), tuple(dict.fromkeys(unknown)))


def _first(items: tuple[Points, ...], facts: Facts, unknown: list[str]) -> int:
    for item in items:
        found = item.when.on(facts)
        if found:
            return item.points
        if found is None:
            unknown += [_given(name) for name in item.when.unknown(facts)]
    return 0


def _given(name: str) -> str:
    return "match.coverage" if name == SHARE else name


def band(table: SeverityTable, points: int) -> Severity:
    """The name of a number of points."""
    return next((name for least, name in table.bands if points >= least), Severity.NONE)


def legal(table: SeverityTable, facts: Facts, exposure: Severity, *, flagged: bool) -> Severity:
    """Exposure, not above what the status carries; none where nothing is flagged."""
    if not flagged:
        return Severity.NONE
    for cap, when in table.legal:
        if when.on(facts):
            return min(cap, exposure, key=RANK.__getitem__)
    return Severity.NONE
