"""An assessment told to people, sentence by sentence, and as plain data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scanner.messages import message
from scanner.registry.designation import Assessment, Condition
from scanner.registry.draft import figures

CONDITIONS = ("secrecy", "value", "measures")


def assessment_lines(assessment: Assessment, lang: str | None = None) -> list[str]:
    """The three conditions with figures, what is missing and what is overdue."""

    def say(key: str, **values: object) -> str:
        return message("registry", key, lang, **values)

    lines = [say("assess.status", day=assessment.as_of, status=say(f"status.{assessment.status}"))]
    for name in CONDITIONS:
        condition: Condition = getattr(assessment, name)
        lines += condition_lines(
            name,
            condition.status,
            condition.reasons,
            condition.missing,
            condition.assessor,
            lang,
        )
        if name == "secrecy" and assessment.publicity and assessment.publicity.sources:
            publicity = assessment.publicity
            lines.append(say("assess.figures", **figures(publicity)))
            lines += [say("assess.mostly_public")] if publicity.mostly_public else []
            lines += [say("assess.join_incomplete")] if publicity.join_incomplete else []
    if assessment.in_place:
        lines.append(say("assess.measures", codes=", ".join(assessment.in_place)))
    lines.append(confidential_line(assessment.confidential, assessment.confidential_basis, lang))
    if assessment.stale:
        lines.append(say("assess.stale", what=_listed("stale", assessment.stale, lang)))
    if assessment.made_after_event:
        evidence = ", ".join(assessment.made_after_event)
        lines.append(say("assess.made_after", evidence=evidence))
    return lines


def condition_lines(
    name: str,
    status: str,
    reasons: Iterable[str],
    missing: Iterable[str],
    assessor: str = "",
    lang: str | None = None,
) -> list[str]:
    """One condition: where it stands, why, and what is missing."""
    why = " ".join(message("registry", f"reason.{code}", lang) for code in reasons)
    if assessor:
        why = f"{why} {message('registry', 'assess.signed', lang, assessor=assessor)}".strip()
    lines = [
        message(
            "registry",
            "assess.line",
            lang,
            condition=message("registry", f"condition.{name}", lang),
            state=message("registry", f"state.{status}", lang),
            why=why,
        ).rstrip()
    ]
    wanted = tuple(missing)
    if wanted:
        what = _listed("missing", wanted, lang)
        lines.append(message("registry", "assess.missing", lang, what=what))
    return lines


def confidential_line(
    confidential: bool | None, basis: Iterable[str], lang: str | None = None
) -> str:
    """Whether and why people are bound to keep it."""
    if confidential:
        told = _listed("basis", basis, lang)
        return message("registry", "assess.confidential", lang, basis=told)
    key = "confidential_unknown" if confidential is None else "not_confidential"
    return message("registry", f"assess.{key}", lang)


def assessment_data(assessment: Assessment) -> dict[str, Any]:
    """The assessment as plain data for JSON."""
    publicity = assessment.publicity
    return {
        "as_of": assessment.as_of.isoformat(),
        "status": assessment.status,
        **{name: _condition_data(getattr(assessment, name)) for name in CONDITIONS},
        "measures_in_force": list(assessment.in_place),
        "strength": assessment.strength,
        "confidential": assessment.confidential,
        "confidential_basis": list(assessment.confidential_basis),
        "overdue": list(assessment.stale),
        "made_after_event": list(assessment.made_after_event),
        "publicity": {
            "sources": list(publicity.sources),
            "as_of": publicity.as_of,
            "rows": publicity.rows,
            "directory_rows": publicity.directory_rows,
            "entity_public": publicity.entity_public,
            "fully_public": [publicity.fully_public_strict, publicity.fully_public_loose],
            "deep_nonpublic": publicity.deep_nonpublic,
            "selection": publicity.selection,
            "proposal": publicity.proposal,
            "reason": publicity.reason,
            "join_incomplete": publicity.join_incomplete,
            "mostly_public": publicity.mostly_public,
        }
        if publicity
        else None,
    }


def _condition_data(condition: Condition) -> dict[str, Any]:
    return {
        "status": condition.status,
        "method": condition.method,
        "proposal": condition.proposal,
        "assessor": condition.assessor,
        "reasons": list(condition.reasons),
        "missing": list(condition.missing),
        "evidence": list(condition.evidence),
    }


def _listed(kind: str, codes: Iterable[str], lang: str | None) -> str:
    return "; ".join(message("registry", f"{kind}.{code}", lang) for code in codes)
