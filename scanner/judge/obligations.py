"""The law engine: facts and a pack in, a verdict with its reasons and open questions out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scanner.judge import severity
from scanner.judge.packtypes import Exemption, Obligation, Pack
from scanner.judge.vocabulary import Facts, Value, checked, completed
from scanner.model.incident import ObligationState, Severity

_STATES = ("indicator", "risk", "potential")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the engine says of one case.

    `questions` are codes: facts that are not known and on which something hangs, then what a
    person has to establish. `fired` are the ids of triggers. `notes` are ids of the pack's notes.
    """

    status: str | None
    obligations: tuple[ObligationState, ...]
    acts: tuple[str, ...]
    exemption: str | None
    route: str
    exposure: Severity
    legal: Severity
    points: int
    questions: tuple[str, ...]
    third_party: bool
    notes: tuple[str, ...]
    facts: Mapping[str, Value]


def judge_facts(facts: Mapping[str, object], pack: Pack) -> Verdict:
    """The verdict on facts given by name. Raises ValueError naming a fact that is not one."""
    return decide(checked(facts), pack)


def decide(known: Facts, pack: Pack) -> Verdict:
    """The verdict on facts that were checked."""
    full = completed(known)
    for derive in pack.derive:
        if derive.when.on(full):
            full[derive.fact] = derive.value
    unknown: list[str] = []
    exempting: list[str] = []
    exemption = _exempt(pack, full, exempting)
    if exemption:
        return _exempted(exemption, pack, full, known)
    states: list[ObligationState] = []
    asked: list[str] = []
    for obligation in pack.obligations:
        state = _touched(obligation, full, unknown)
        if state:
            states.append(state)
            asked += obligation.establish
    flagged = bool(states)
    scored = severity.score(pack.severity, full, flagged=flagged)
    unknown += scored.unknown
    owner = full.get("dataset.owner")
    if owner is None:
        unknown.append("dataset.owner")
    if not flagged and _unprotected(full):
        asked += pack.file.ask_when_unprotected
    return Verdict(
        status=_text(full.get("dataset.status")),
        obligations=tuple(states),
        acts=tuple(name for name, any_of in pack.acts if flagged and any_of.on(full)),
        exemption=None,
        route="",
        exposure=scored.exposure,
        legal=severity.legal(pack.severity, full, scored.exposure, flagged=flagged),
        points=scored.points,
        questions=tuple(dict.fromkeys((*unknown, *exempting, *asked, *pack.file.ask_always))),
        third_party=_third_party(pack, full),
        notes=tuple(note.id for note in pack.notes if flagged and note.when.on(full)),
        facts=full,
    )


def _exempt(pack: Pack, facts: Facts, unknown: list[str]) -> Exemption | None:
    for exemption in pack.exemptions:
        found = exemption.when.on(facts)
        if found:
            return exemption
        if found is None:
            unknown += exemption.when.missing(facts)
    return None


def _exempted(exemption: Exemption, pack: Pack, full: Facts, known: Facts) -> Verdict:
    return Verdict(
        status=_text(full.get("dataset.status")),
        obligations=(),
        acts=(),
        exemption=exemption.id,
        route=exemption.route,
        exposure=Severity.NONE,
        legal=Severity.NONE,
        points=0,
        questions=tuple(dict.fromkeys((*exemption.establish, *pack.file.ask_always))),
        third_party=_third_party(pack, full),
        notes=(),
        facts=full,
    )


def _touched(obligation: Obligation, facts: Facts, unknown: list[str]) -> ObligationState | None:
    needed = obligation.needs.on(facts)
    if needed is False:
        return None
    fired: list[str] = []
    level = -1
    for trigger in obligation.triggers:
        found = trigger.when.on(facts)
        if found:
            fired.append(trigger.id)
            level = max(level, _STATES.index(trigger.level))
        elif found is None:
            unknown += trigger.when.missing(facts)
    if needed is None:
        unknown += obligation.needs.unknown(facts)
        return None
    return ObligationState(obligation.id, _STATES[level], tuple(fired)) if fired else None


def _unprotected(facts: Facts) -> bool:
    return facts.get("dataset.confidential") is not True


def _third_party(pack: Pack, facts: Facts) -> bool:
    return facts.get("dataset.owner") in pack.sets.get("third_party_secret", frozenset())


def _text(value: Value | None) -> str | None:
    return None if value is None else str(value)
