"""The three conditions of one dataset as of one day, out of its dossier and what was measured."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from scanner.registry.designation import (
    MET,
    NOT_MET,
    UNPROVEN,
    Assessment,
    Condition,
    Designation,
)
from scanner.registry.dossier import Dossier, Measure, Review
from scanner.registry.fields import covers
from scanner.registry.publicity import Publicity

DUTY = frozenset({"M1", "M2"})
CARRIER = frozenset({"M4", "M5"})
VALUE_EVIDENCE = frozenset({"cost", "revenue", "valuation", "competitive_use", "collection_record"})
SOURCE_AGE_DAYS = 366

_BLANK = Dossier(title="-")


@dataclass(frozen=True, slots=True)
class ConditionRules:
    """What a law pack may set: how many specific measures are asked for at least."""

    measures_min: int = 1


def assess(
    dossier: Dossier | None,
    publicity: Publicity | None,
    day: date,
    rules: ConditionRules | None = None,
) -> Assessment:
    """The three conditions as of `day`. Without a dossier only what was measured speaks."""
    rules = rules or ConditionRules()
    dossier = dossier or _BLANK
    measures, in_place, strength = _measures(dossier, day, rules)
    confidential, basis = _confidential(dossier, day)
    return Assessment(
        as_of=day,
        secrecy=_secrecy(dossier, publicity, day),
        value=_value(dossier, day),
        measures=measures,
        in_place=in_place,
        strength=strength,
        confidential=confidential,
        confidential_basis=basis,
        stale=_stale(dossier, publicity, day),
        made_after_event=tuple(
            item.id for item in dossier.evidence if item.made_at and item.made_at > day
        ),
        publicity=publicity,
    )


def standing(designation: Designation, day: date, rules: ConditionRules) -> Assessment:
    """The assessment of a designation as of `day`, worked out once for each day."""
    key = (day, rules)
    if key not in designation.memo:
        entry = designation.entry
        designation.memo[key] = assess(entry.dossier, entry.publicity, day, rules)
    return designation.memo[key]


def _secrecy(dossier: Dossier, publicity: Publicity | None, day: date) -> Condition:
    review = dossier.conditions.secrecy
    if publicity and publicity.as_of and date.fromisoformat(publicity.as_of) > day:
        publicity, late = None, True  # editions that came out after the act say nothing of it
    else:
        late = False
    proposal = publicity.proposal if publicity else ""
    measured = publicity.reason if publicity else "source_later" if late else "no_source"
    for when, code in ((dossier.published_at, "published"), (dossier.released_at, "released")):
        if when and when <= day:
            return _condition(review, NOT_MET, (code,), (), proposal)
    if review.status == NOT_MET:
        return _condition(review, NOT_MET, ("person",), (), proposal)
    if proposal == NOT_MET:
        reasons = ("public", "signature_against_figures") if review.status == MET else ("public",)
        return _condition(review, NOT_MET, reasons, (), proposal)
    missing: tuple[str, ...] = () if publicity and publicity.sources else ("public_source",)
    if review.status == MET and not (review.since and review.since > day):
        return _condition(review, MET, ("person", measured), missing, proposal)
    missing += ("secrecy_signature",)
    return _condition(review, UNPROVEN, (measured,), missing, proposal)


def _value(dossier: Dossier, day: date) -> Condition:
    review = dossier.conditions.value
    if review.status == NOT_MET:
        return _condition(review, NOT_MET, ("person",), ())
    described = [item for name in review.evidence if (item := dossier.item(name))]
    kinds = [item for item in described if item.kind in VALUE_EVIDENCE]
    shown = bool(review.evidence) and (bool(kinds) or not described)
    missing = () if shown else ("value_evidence",)
    if review.status == MET and not (review.since and review.since > day):
        return _condition(review, MET, ("person",), missing)
    return _condition(review, UNPROVEN, ("not_signed",), (*missing, "value_signature"))


def _condition(
    review: Review,
    status: str,
    reasons: Iterable[str],
    missing: Iterable[str],
    proposal: str = "",
) -> Condition:
    method = review.method or ("reviewed" if review.assessor else "measured" if proposal else "")
    return Condition(
        status,
        method=method,
        proposal=proposal or (review.proposal or ""),
        assessor=review.assessor or "",
        reasons=tuple(reasons),
        missing=tuple(missing),
        evidence=tuple(review.evidence),
    )


def _measures(
    dossier: Dossier, day: date, rules: ConditionRules
) -> tuple[Condition, tuple[str, ...], str]:
    listed = dossier.conditions.measures
    if listed is None:
        return Condition(UNPROVEN, reasons=("not_recorded",), missing=("measures",)), (), ""
    running = [item for item in listed if item.start and covers(item.start, item.end, day)]
    codes = tuple(sorted({item.code for item in running}))
    if not running:
        undated = any(item.start is None for item in listed)
        if undated:
            return Condition(UNPROVEN, reasons=("undated",), missing=("measure_start",)), (), ""
        return Condition(NOT_MET, reasons=("none_in_force",), missing=("measures",)), (), ""
    evidence = tuple(sorted({name for item in running for name in item.evidence}))
    shown = [item for item in running if item.evidence]
    status, reason, missing = _weigh(running, shown, rules)
    strength = _strength(shown) if status == MET else ""
    reasons = (reason, strength) if strength else (reason,)
    return Condition(status, "declared", "", "", reasons, missing, evidence), codes, strength


def _weigh(
    running: list[Measure], shown: list[Measure], rules: ConditionRules
) -> tuple[str, str, tuple[str, ...]]:
    if any(item.observed == "contradicted" for item in running):
        return UNPROVEN, "contradicted", ("mend_measure",)
    if not shown:
        return UNPROVEN, "no_evidence", ("measure_evidence",)
    specific = [item for item in shown if item.scope != "general"]
    if len(specific) < rules.measures_min:
        return UNPROVEN, "general_only", ("specific_measure",)
    return MET, "specific", ()


def _strength(shown: list[Measure]) -> str:
    codes = {item.code for item in shown if item.scope != "general"}
    return "strong" if codes & DUTY and codes & CARRIER else "basic"


def _confidential(dossier: Dossier, day: date) -> tuple[bool | None, tuple[str, ...]]:
    if dossier.released_at and dossier.released_at <= day:
        return False, ()
    basis = {
        item.kind for item in dossier.confidential_basis or () if covers(item.start, item.end, day)
    }
    for measure in dossier.conditions.measures or ():
        if measure.evidence and measure.start and covers(measure.start, measure.end, day):
            if measure.code == "M1":
                basis.add("contract")
            elif measure.code == "M2":
                basis.add("rule")
    if basis:
        return True, tuple(sorted(basis))
    listed = dossier.conditions.measures
    known = dossier.confidential_basis is not None or (
        listed is not None and (not listed or any(item.code in DUTY for item in listed))
    )
    return (False if known else None), ()


def _stale(dossier: Dossier, publicity: Publicity | None, day: date) -> tuple[str, ...]:
    stale = []
    if dossier.review_due and dossier.review_due < day:
        stale.append("review_due")
    for name in ("secrecy", "value"):
        due = getattr(dossier.conditions, name).next_review
        if due and due < day:
            stale.append(f"{name}_review")
    if publicity and publicity.as_of:
        edition = date.fromisoformat(publicity.as_of)
        if (day - edition).days > SOURCE_AGE_DAYS:
            stale.append("source_old")
    return tuple(stale)
