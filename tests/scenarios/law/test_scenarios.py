"""Every case of the lawyer's file gives its outcome, through the engine and through the command."""

import re
from pathlib import Path

import pytest
import yaml

from scanner.judge.cases import judge_cases
from scanner.judge.obligations import judge_facts
from scanner.judge.pack import load_pack

FILE = Path(__file__).with_name("CN.yaml")
SPEC = yaml.safe_load(FILE.read_text(encoding="utf-8"))
CASES = SPEC["cases"]


def facts_of(case):
    return {**SPEC["base"], **case["facts"]}


def told(text):
    """The obligations of an `expect` line: [(id, state, [triggers])]."""
    if text == "none":
        return []
    found = []
    for part in re.split(r",\s+", text):
        duty, letters, state = re.fullmatch(r"(O\d) ([\w,]+)(?: \((\w+)\))?", part).groups()
        states = {None: "potential", "ind": "indicator", "risk": "risk"}
        triggers = [f"{duty}.{letter}" for letter in letters.split(",")]
        found.append({"id": duty, "state": states[state], "triggers": triggers})
    return found


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    path = tmp_path_factory.mktemp("cases") / "facts.yaml"
    cases = [{"id": case["id"], "facts": facts_of(case)} for case in CASES]
    path.write_text(yaml.safe_dump(cases), encoding="utf-8")
    return {answer["id"]: answer for answer in judge_cases(path, "CN")}


def test_all_scenarios_are_there():
    ids = [case["id"] for case in CASES]
    assert len(ids) == len(set(ids)) == 24
    assert {f"S{number:02}" for number in range(1, 18)} <= set(ids)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_scenario_comes_out_as_written(case, answers):
    expect, answer = case["expect"], answers[case["id"]]
    assert answer["status"] == expect["status"]
    assert answer["obligations"] == told(expect["obligations"])
    assert answer["exemption"] == expect.get("exemption")
    assert (answer["exposure"], answer["legal"]) == (expect["exposure"], expect["legal"])
    assert answer["facts_to_establish"]
    assert set(expect.get("ask", ())) <= set(answer["facts_to_establish"])
    if "acts" in expect:
        assert answer["acts"] == expect["acts"]
    if not answer["obligations"]:
        assert answer["acts"] == []


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_what_the_command_does_not_print(case):
    verdict = judge_facts(facts_of(case), load_pack("CN"))
    expect = case["expect"]
    assert verdict.third_party is expect.get("third_party", False)
    assert verdict.route == expect.get("route", "")
    if "notes" in expect:
        assert list(verdict.notes) == expect["notes"]
