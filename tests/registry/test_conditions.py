"""The three conditions as of a day, out of the dossier and what was measured."""

from datetime import date

import pytest

from scanner.registry.conditions import assess
from scanner.registry.dossier import Dossier
from scanner.registry.publicity import Publicity

DAY = date(2026, 6, 1)
SIGNED = {"status": "met", "assessor": "counsel-1", "evidence": ["EV-1"]}


def publicity(proposal="proposed_met", reason="deep", as_of="2026-05-01", sources=("pub",)):
    return Publicity(100, sources, 1000, 0.85, 0.1, 0.2, 0.9, 0.1, proposal, reason, False, as_of)


def of(day=DAY, measured=None, **more):
    return assess(Dossier.model_validate({"title": "x", **more}), measured, day)


def measure(code, **more):
    return {"code": code, "scope": "dataset", "start": "2025-01-01", "evidence": ["EV"], **more}


def with_measures(*measures, day=DAY):
    return of(day, conditions={"measures": list(measures)})


@pytest.mark.parametrize(
    ("measures", "status", "strength"),
    [
        ([], "not_met", ""),
        ([measure("M1", start="2026-06-02")], "not_met", ""),
        ([measure("M1", end="2026-05-31")], "not_met", ""),
        ([measure("M1", start="2026-06-01")], "met", "basic"),
        ([measure("M1", end="2026-06-01")], "met", "basic"),
        ([measure("M1", evidence=[])], "unproven", ""),
        ([{"code": "M1", "scope": "dataset", "evidence": ["E"]}], "unproven", ""),
        ([measure("M2", scope="general")], "unproven", ""),
        ([measure("M2", scope="general"), measure("M4")], "met", "basic"),
        ([measure("M2", scope="class"), measure("M4")], "met", "strong"),
        ([measure("M1"), measure("M5")], "met", "strong"),
        ([measure("M1"), measure("M3")], "met", "basic"),
        ([measure("M1"), measure("M4", observed="contradicted")], "unproven", ""),
        ([measure("M1"), measure("M4", observed="contradicted", end="2026-01-01")], "met", "basic"),
        ([measure("M1"), measure("M4", observed="confirmed")], "met", "strong"),
    ],
)  # fmt: skip
def test_measures(measures, status, strength):
    found = with_measures(*measures)
    assert (found.measures.status, found.strength) == (status, strength)
    assert bool(found.measures.missing) is (status != "met")


def test_measures_that_nobody_recorded_are_unproven_not_absent():
    assert of().measures.status == "unproven"
    assert of().measures.reasons == ("not_recorded",)


@pytest.mark.parametrize(
    ("review", "measured", "status", "reason"),
    [
        ({}, None, "unproven", "no_source"),
        ({}, publicity(), "unproven", "deep"),
        ({}, publicity("not_met", "public"), "not_met", "public"),
        (SIGNED, publicity(), "met", "person"),
        (SIGNED, publicity("unproven", "thin_residual"), "met", "person"),
        (SIGNED, publicity("not_met", "public"), "not_met", "public"),
        (SIGNED, None, "met", "person"),
        ({**SIGNED, "since": "2026-06-02"}, publicity(), "unproven", "deep"),
        ({"status": "not_met", "assessor": "c"}, publicity(), "not_met", "person"),
        ({}, publicity("not_met", "public", as_of="2026-06-02"), "unproven", "source_later"),
    ],
)
def test_secrecy(review, measured, status, reason):
    found = of(conditions={"secrecy": review}, measured=measured).secrecy
    assert (found.status, found.reasons[0]) == (status, reason)


def test_a_measured_proposal_alone_never_makes_secrecy_met():
    for proposal in ("proposed_met", "unproven", "not_met"):
        assert of(measured=publicity(proposal)).secrecy.status != "met"


def test_a_signature_against_the_figures_is_told():
    found = of(conditions={"secrecy": SIGNED}, measured=publicity("not_met", "public")).secrecy
    assert "signature_against_figures" in found.reasons


def test_publication_and_release_end_secrecy_from_their_day():
    text = {"conditions": {"secrecy": SIGNED}}
    assert of(published_at="2026-06-01", **text).secrecy.status == "not_met"
    assert of(published_at="2026-06-02", **text).secrecy.status == "met"
    released = of(
        released_at="2026-06-01", released_reason="sold", confidential_basis=["rule"], **text
    )
    assert (released.secrecy.status, released.confidential) == ("not_met", False)


def test_value():
    assert of().value.status == "unproven"
    assert of(conditions={"value": SIGNED}).value.status == "met"
    without = of(conditions={"value": {"status": "met", "assessor": "c"}}).value
    assert (without.status, without.missing) == ("met", ("value_evidence",))
    described = of(conditions={"value": SIGNED}, evidence=[{"id": "EV-1", "kind": "log"}]).value
    assert described.missing == ("value_evidence",)


@pytest.mark.parametrize(
    ("more", "confidential", "basis"),
    [
        ({}, None, ()),
        ({"confidential_basis": []}, False, ()),
        ({"confidential_basis": ["rule", "promise"]}, True, ("promise", "rule")),
        ({"confidential_basis": [{"kind": "contract", "from": "2026-06-02"}]}, False, ()),
        ({"confidential_basis": [{"kind": "contract", "to": "2026-05-31"}]}, False, ()),
        ({"conditions": {"measures": []}}, False, ()),
        ({"conditions": {"measures": [measure("M4")]}}, None, ()),
        ({"conditions": {"measures": [measure("M1")]}}, True, ("contract",)),
        ({"conditions": {"measures": [measure("M2")]}}, True, ("rule",)),
        ({"conditions": {"measures": [measure("M1", start="2026-06-02")]}}, False, ()),
    ],
)  # fmt: skip
def test_confidential_whatever_the_status(more, confidential, basis):
    found = of(**more)
    assert (found.confidential, found.confidential_basis) == (confidential, basis)


def test_the_status_follows_from_the_three():
    full = {
        "conditions": {
            "secrecy": SIGNED, "value": SIGNED, "measures": [measure("M1"), measure("M4")]
        }
    }  # fmt: skip
    assert of(**full).status == "ts_supported"
    assert of(date(2024, 12, 31), **full).status == "ts_not_supported"
    assert of(published_at="2026-01-01", **full).status == "ts_not_supported"
    assert of(conditions={"secrecy": SIGNED, "value": SIGNED}).status == "ts_unproven"


def test_what_is_overdue_is_told_and_changes_nothing():
    full = {
        "conditions": {"secrecy": {**SIGNED, "next_review": "2026-05-01"}},
        "review_due": "2026-05-31",
    }
    found = of(measured=publicity(as_of="2025-05-01"), **full)
    assert found.stale == ("review_due", "secrecy_review", "source_old")
    assert found.secrecy.status == "met"
    assert of(date(2026, 5, 1), measured=publicity(as_of="2026-01-01"), **full).stale == ()


def test_evidence_made_after_the_event_is_marked_and_stays():
    """Property (iii): backdating shows."""
    evidence = [
        {"id": "early", "kind": "log", "made_at": "2026-06-01"},
        {"id": "late", "kind": "log", "made_at": "2026-06-02"},
        {"id": "undated", "kind": "log"},
    ]
    assert of(evidence=evidence).made_after_event == ("late",)


def test_without_a_dossier_only_the_figures_speak():
    assert assess(None, publicity("not_met", "public"), DAY).status == "ts_not_supported"
    assert assess(None, publicity(), DAY).status == "ts_unproven"
    assert assess(None, None, DAY).confidential is None
