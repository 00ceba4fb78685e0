"""What the record holds for the four things a holder is asked for, and what it does not."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.model.incident import Incident

HELD, PARTLY, OPEN = "held", "partly", "open"
_OUTSIDE = frozenset(
    {"external_unauthorised", "unknown_external", "competitor", "public", "own_personal",
     "own_removable"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BurdenNote:
    """One of measures, access, same, risk: how much of it the record holds, and on what."""

    id: str
    state: str
    rests_on: tuple[str, ...]


def burden_notes(incident: Incident) -> tuple[BurdenNote, ...]:
    """The four notes of an incident. They weigh nothing: a lawyer does."""
    judgement = incident.judgement
    facts = dict(judgement.facts)
    return (
        _measures(facts, judgement.measures),
        _access(incident, facts),
        _same(incident),
        _risk(facts),
    )


def _measures(facts: dict[str, str], status: str) -> BurdenNote:
    rests = (f"measures={status}", *(f"in force {code}" for code in _codes(facts, "measure")))
    state = {"met": HELD, "unproven": PARTLY if "measure" in facts else OPEN}.get(status, OPEN)
    return BurdenNote("measures", state, rests)


def _access(incident: Incident, facts: dict[str, str]) -> BurdenNote:
    rests = []
    if incident.event.actor or incident.event.sender:
        rests.append("account known")
    if "actor.authorisation" in facts:
        rests.append(f"actor.authorisation={facts['actor.authorisation']}")
    if incident.document.provenance.owner:
        rests.append("file owner known")
    state = HELD if "actor.authorisation" in facts else PARTLY if rests else OPEN
    return BurdenNote("access", state, tuple(rests))


def _same(incident: Incident) -> BurdenNote:
    finding, level = incident.finding, incident.judgement.similarity
    rests = (
        f"similarity={level or 'none'}",
        f"records={finding.records}",
        f"nonpublic={finding.nonpublic}",
        f"deep={finding.deep}",
        f"planted={finding.canaries}",
    )
    state = (
        HELD if level in ("identical", "substantial") else PARTLY if level == "partial" else OPEN
    )
    return BurdenNote("same", state, rests)


def _risk(facts: dict[str, str]) -> BurdenNote:
    rests = [
        f"{name}={facts[name]}"
        for name in ("recipient.class", "location.class")
        if facts.get(name, "none") != "none"
    ]
    outside = facts.get("recipient.class") in _OUTSIDE
    open_place = facts.get("location.class") in ("public_internet", "internal_everyone")
    state = HELD if outside else PARTLY if open_place else OPEN
    return BurdenNote("risk", state, tuple(rests))


def _codes(facts: dict[str, str], name: str) -> list[str]:
    told = facts.get(name, "")
    return told.split(";") if told else []
