"""One finding judged as of its event: conditions, similarity, duties, severity, open questions."""

from __future__ import annotations

from collections.abc import Mapping

from scanner.judge.facts import gather, place_at
from scanner.judge.handling import bound_by
from scanner.judge.obligations import Verdict, decide
from scanner.judge.pack import Pack
from scanner.judge.personal import overlay
from scanner.judge.places import place_of
from scanner.judge.severity import score
from scanner.judge.similarity import coverage, similarity
from scanner.judge.vocabulary import SHARE, Value
from scanner.model.document import Document
from scanner.model.finding import Finding, Method
from scanner.model.incident import Event, Judgement
from scanner.registry.conditions import standing
from scanner.registry.designation import UNPROVEN, Assessment, Designation, status_of


def judge_finding(
    finding: Finding,
    designation: Designation | None,
    event: Event,
    document: Document,
    pack: Pack,
    known: Mapping[str, Value | None] | None = None,
) -> Judgement:
    """What the law engine says about one finding.

    `designation` is the dataset's entry as of the event (Registry.designation), None for a list
    that nobody registered. `known` are facts that the caller knows better; None takes one away.
    """
    if designation is None or not finding.dataset_id:
        return _unregistered(finding, event, document, pack)
    day = event.at.date()
    entry = designation.entry
    assessment = standing(designation, day, pack.rules)
    open_share = place_at(event, document, designation).kind == "internal_everyone"
    contradicted = open_share and pack.file.contradiction == UNPROVEN
    measures = _measures(assessment, contradicted=contradicted)
    status = status_of(assessment.secrecy.status, assessment.value.status, measures)
    level = similarity(finding, pack.similarity)
    gathered = gather(finding, designation, assessment, status, level, event, document)
    facts = {**gathered.facts, **(known or {})}
    verdict = decide({name: value for name, value in facts.items() if value is not None}, pack)
    personal = overlay(finding, entry.spec.columns, pack.personal)
    return Judgement(
        pack=pack.stamp,
        trade_secret_status=status,
        secrecy=assessment.secrecy.status,
        value=assessment.value.status,
        measures=measures,
        similarity=level,
        dataset_coverage=coverage(finding),
        obligations=verdict.obligations,
        acts=verdict.acts,
        third_party=verdict.third_party,
        exemption=verdict.exemption or "",
        exposure=verdict.exposure,
        legal=verdict.legal,
        facts_to_establish=_questions(verdict, finding),
        law_refs=pack.law_refs(day, _topics(verdict, personal.persons)),
        pi_persons=personal.persons,
        pi_categories=personal.categories,
        pi_ratio=personal.ratio,
        facts=_shown(
            verdict,
            assessment,
            gathered.misfits,
            bound_by(designation, event),
            contradicted=contradicted,
        ),
    )


def _measures(assessment: Assessment, *, contradicted: bool) -> str:
    """An open share contradicts measures that are said to stand; it does not disprove them."""
    status = assessment.measures.status
    return UNPROVEN if contradicted and status == "met" else status


def _questions(verdict: Verdict, finding: Finding) -> tuple[str, ...]:
    extra: tuple[str, ...] = ()
    if finding.method is Method.SELECTION:
        extra = ("edge_of_selection",)
    if verdict.facts.get("location.class") == "public_internet":
        extra = (*extra, "secrecy_from_exposure")
    return tuple(dict.fromkeys((*verdict.questions, *extra)))


def _topics(verdict: Verdict, persons: int) -> frozenset[str]:
    found = {"confidential"} if verdict.obligations else set()
    found |= {note for note in verdict.notes if note == "criminal_review"}
    if "director_duty" in verdict.questions:
        found.add("director_duty")
    if persons:
        found.add("personal")
    return frozenset(found)


def _shown(
    verdict: Verdict,
    assessment: Assessment,
    misfits: tuple[str, ...],
    bound: tuple[str, ...],
    *,
    contradicted: bool,
) -> tuple[tuple[str, str], ...]:
    """The facts as text, sorted, then reasons and notes, for `explain` and the record."""
    told: dict[str, list[str]] = {}
    for name in ("secrecy", "value", "measures"):
        condition = getattr(assessment, name)
        told[f"reason.{name}"] = list(condition.reasons)
        told[f"missing.{name}"] = list(condition.missing)
        told[f"assessor.{name}"] = [condition.assessor] if condition.assessor else []
    if contradicted and assessment.measures.status == "met":
        told["reason.measures"] = ["open_share"]
    told["measure"] = list(assessment.in_place)
    told["basis"] = sorted({*assessment.confidential_basis, *bound})
    told["stale"] = list(assessment.stale)
    told["made_after_event"] = list(assessment.made_after_event)
    told["misfit"] = list(misfits)
    told["note"] = list(verdict.notes)
    told["points"] = [str(verdict.points)]
    facts = [(name, _text(value)) for name, value in sorted(verdict.facts.items())]
    return (*facts, *((name, ";".join(codes)) for name, codes in told.items() if codes))


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_WHERE = frozenset({"location.class"})
"""What is asked of a list that nobody registered: who had it is asked once it is one of ours."""


def _unregistered(finding: Finding, event: Event, document: Document, pack: Pack) -> Judgement:
    """A list that nobody registered: no status, severity by its size and who can read it."""
    place = place_of(document, None)
    kind = event.location_class or place.kind
    recipient = event.recipient_class
    if event.recipients and recipient in ("", "none"):
        recipient = "unknown_external"
    facts: dict[str, Value] = {
        "match.nonpublic": finding.records,
        "match.deep": finding.deep,
        SHARE: 0.0,
        "recipient.class": recipient or "none",
        **({"location.class": kind} if kind else {}),
    }
    scored = score(pack.severity, facts, flagged=False)
    return Judgement(
        pack=pack.stamp,
        trade_secret_status="",
        similarity="",
        exposure=scored.exposure,
        facts_to_establish=("register_or_dismiss", *_WHERE.intersection(scored.unknown)),
        facts=(
            *((name, _text(value)) for name, value in sorted(facts.items())),
            ("points", str(scored.points)),
        ),
    )
