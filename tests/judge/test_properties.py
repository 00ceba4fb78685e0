"""Properties that hold for every combination of facts."""

import itertools

from hypothesis import example, given, settings
from hypothesis import strategies as st

from scanner.judge.obligations import judge_facts
from scanner.judge.pack import load_pack
from scanner.judge.severity import RANK
from scanner.judge.vocabulary import FACTS
from scanner.model.incident import Severity

PACK = load_pack("CN")
COUNTS = st.sampled_from([0, 1, 2, 3, 9, 10, 99, 100, 999, 1000, 10_000])


def values(fact):
    if fact.kind == "choice":
        return st.sampled_from(fact.values)
    if fact.kind == "truth":
        return st.booleans()
    return COUNTS if fact.kind == "count" else st.sampled_from([0.0, 0.1, 0.49, 0.5, 1.0])


ANY_FACTS = st.fixed_dictionaries({}, optional={name: values(fact) for name, fact in FACTS.items()})
TRIGGERS = {t.id: t for o in PACK.obligations for t in o.triggers}


@settings(max_examples=600, deadline=None)
@given(ANY_FACTS)
def test_a_trigger_rests_on_known_facts_only(facts):
    verdict = judge_facts(facts, PACK)
    for state in verdict.obligations:
        for trigger in state.triggers:
            for test in TRIGGERS[trigger].when.tests:
                assert test.fact in facts
                assert test.on(verdict.facts) is True


@settings(max_examples=600, deadline=None)
@given(ANY_FACTS, st.sampled_from(sorted(FACTS)))
def test_forgetting_a_fact_adds_no_trigger_that_asks_for_it(facts, gone):
    less = {name: value for name, value in facts.items() if name != gone}
    for state in judge_facts(less, PACK).obligations:
        assert not any(gone == test.fact for t in state.triggers for test in TRIGGERS[t].when.tests)


@settings(max_examples=600, deadline=None)
@given(ANY_FACTS, st.sampled_from(sorted(FACTS)))
@example(
    {
        "match.level": "partial",
        "recipient.class": "own_personal",
        "protection.encrypted": True,
        "dataset.level": "core",
        "dataset.confidential": False,
    },
    "protection.encrypted",
)
def test_a_forgotten_fact_that_mattered_becomes_a_question(facts, gone):
    """Where a duty or the legal severity changes because a fact was forgotten, it is asked for."""
    whole = judge_facts(facts, PACK)
    less = judge_facts({k: v for k, v in facts.items() if k != gone}, PACK)
    changed = (whole.obligations, whole.exemption, whole.exposure, whole.legal) != (
        less.obligations,
        less.exemption,
        less.exposure,
        less.legal,
    )
    if gone in facts and changed and less.exemption is None:
        assert gone in less.questions


@settings(max_examples=600, deadline=None)
@given(ANY_FACTS)
def test_what_holds_for_every_verdict(facts):
    verdict = judge_facts(facts, PACK)
    assert verdict.questions
    assert judge_facts(facts, PACK) == verdict
    assert RANK[verdict.legal] <= RANK[verdict.exposure]
    if not verdict.obligations:
        assert verdict.legal is Severity.NONE
        assert verdict.acts == ()
    if verdict.exemption:
        assert not verdict.obligations
        assert verdict.exposure is Severity.NONE
    for state in verdict.obligations:
        assert (state.id == "O4") == (state.state == "indicator")
        assert state.state != "risk" or state.id == "O2"


def test_a_worse_audience_never_lowers_and_an_unsupported_list_stays_low():
    """4,608 combinations: audience, volume, deep, status, confidentiality, promise, person, level."""
    audience = [
        "internal_authorised", "internal_unauthorised", "own_removable", "own_personal",
        "unknown_external", "competitor",
    ]  # fmt: skip
    rest = itertools.product(
        [0, 10, 100, 1000],
        [0, 3],
        ["ts_supported", "ts_unproven", "ts_not_supported", None],
        [True, False],
        [True, False, None],
        ["active", "left"],
        ["core", "ordinary"],
    )
    ran = 0
    for nonpublic, deep, status, confidential, promise, person, level in rest:
        before = -1
        for recipient in audience:
            facts = {
                "match.level": "substantial",
                "match.nonpublic": nonpublic,
                "match.deep": deep,
                "recipient.class": recipient,
                "dataset.status": status,
                "dataset.confidential": confidential,
                "dataset.promise": promise,
                "actor.status": person,
                "dataset.level": level,
                "rule.applies": True,
                "rule.allows_channel": False,
            }
            verdict = judge_facts(facts, PACK)
            ran += 1
            touched = {state.id for state in verdict.obligations}
            assert verdict.points >= before
            before = verdict.points
            if status == "ts_not_supported" and not promise:
                assert "O2" not in touched
                assert RANK[verdict.legal] <= RANK[Severity.MEDIUM]
            if not touched:
                assert verdict.legal is Severity.NONE
    assert ran == 4608


def test_no_unknown_recipient_place_or_person_is_ever_potential():
    for recipient, place, person, right in itertools.product(
        [None, "none", "unknown"], [None, "unknown"], [None, "unknown"], [None, "unknown", None]
    ):
        facts = {
            "match.level": "identical",
            "recipient.class": recipient,
            "location.class": place,
            "actor.status": person,
            "actor.authorisation": right,
            "dataset.status": "ts_supported",
            "dataset.confidential": True,
        }
        assert judge_facts(facts, PACK).obligations == ()
