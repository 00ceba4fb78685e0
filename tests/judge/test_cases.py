import json
from pathlib import Path

import pytest

from scanner.judge.cases import judge_cases
from scanner.model.errors import UsageError


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "facts.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_answer_has_exactly_the_agreed_keys(tmp_path):
    path = write(
        tmp_path,
        "- id: one\n  facts:\n    match.level: substantial\n    recipient.class: competitor\n"
        "    dataset.status: ts_supported\n    dataset.confidential: true\n"
        "- {id: two, facts: {match.level: none}}\n- id: three\n",
    )
    answers = judge_cases(path, "CN")
    assert [answer["id"] for answer in answers] == ["one", "two", "three"]
    for answer in answers:
        assert list(answer) == [
            "id", "status", "obligations", "acts", "exemption", "exposure", "legal",
            "facts_to_establish",
        ]  # fmt: skip
        assert answer["facts_to_establish"]
    assert answers[0]["obligations"] == [
        {"id": "O2", "state": "potential", "triggers": ["O2.a"]},
        {"id": "O4", "state": "indicator", "triggers": ["O4.a"]},
    ]
    assert answers[1]["exemption"] == "X1"
    assert answers[2]["status"] is None and answers[2]["obligations"] == []
    json.dumps(answers)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("- id: a\n  facts:\n    recipient.klass: public\n", [":3:", "'a'", "recipient.klass"]),
        ("- id: a\n  facts:\n    recipient.class: friend\n", [":3:", "'a'", "recipient.class"]),
        ("- id: a\n  facts:\n    event.bulk: yes\n", [":3:", "event.bulk", "true or false"]),
        ("- id: a\n  facts:\n    event.bulk: 1\n", [":3:", "event.bulk", "true or false"]),
        ("- id: a\n  facts:\n    match.deep: -1\n", [":3:", "match.deep", "whole number"]),
        ("- id: a\n  facts:\n    match.deep: true\n", [":3:", "match.deep"]),
        ("- id: a\n  facts:\n    match.coverage: 1.5\n", [":3:", "match.coverage"]),
        ("- id: a\n  fact: {}\n", [":2:", "'a'", "'fact'"]),
        ("- facts: {}\n", [":1:", "needs an id"]),
        ("- id: a\n- id: a\n", [":2:", "'a'", "twice"]),
        ("- id: a\n  facts: [1]\n", [":2:", "'a'"]),
        ("id: a\n", [":1:", "list of cases"]),
        ("- &x {id: a}\n- *x\n", [":1:", "aliases"]),
    ],
)
def test_a_wrong_case_is_refused_with_line_case_and_fact(tmp_path, text, parts):
    with pytest.raises(UsageError) as caught:
        judge_cases(write(tmp_path, text))
    for part in parts:
        assert part in str(caught.value)


def test_unknown_may_be_written_out(tmp_path):
    path = write(
        tmp_path,
        "- {id: a, facts: {recipient.class: unknown, dataset.status: null}}\n- {id: b}\n",
    )
    first, second = judge_cases(path)
    assert {**first, "id": ""} == {**second, "id": ""}
