"""docs/law.md and docs/dossier.md name everything there is, and their examples are read."""

import re
from datetime import date
from pathlib import Path

from scanner.judge.cases import judge_cases
from scanner.judge.pack import load_pack
from scanner.judge.vocabulary import FACTS
from scanner.registry.dossier import (
    ColumnNote,
    Conditions,
    Dossier,
    Evidence,
    MatchNote,
    Measure,
    Review,
    load_dossier,
)
from scanner.registry.load import read_organisation
from scanner.registry.organisation import KINDS, Location, Party

DOCS = Path(__file__).resolve().parents[2] / "docs"
LAW = (DOCS / "law.md").read_text(encoding="utf-8")
DOSSIER = (DOCS / "dossier.md").read_text(encoding="utf-8")


def blocks(text):
    return re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)


def test_every_fact_exemption_duty_trigger_and_act_is_told():
    pack = load_pack("CN")
    for fact in FACTS:
        assert f"`{fact}`" in LAW
    for exemption in pack.exemptions:
        assert f"| {exemption.id} |" in LAW
    for duty in pack.obligations:
        assert f"| {duty.id} " in LAW
        for trigger in duty.triggers:
            assert trigger.id in LAW
    for act, _ in pack.acts:
        assert f"{act} " in LAW


def test_the_example_of_the_law_page_runs(tmp_path):
    (example,) = blocks(LAW)
    path = tmp_path / "facts.yaml"
    path.write_text(example, encoding="utf-8")
    (answer,) = judge_cases(path, "CN")
    assert [duty["id"] for duty in answer["obligations"]] == ["O2", "O4"]


def test_every_key_of_a_dossier_is_told():
    for model in (Dossier, ColumnNote, MatchNote, Conditions, Review, Measure, Evidence):
        for name, field in model.model_fields.items():
            assert f"`{name}`" in DOSSIER or f"`{field.alias}`" in DOSSIER, name


def test_every_list_and_kind_of_the_organisation_is_told():
    for kind in KINDS:
        assert f"{kind}:" in DOSSIER
    for model, field in ((Party, "kind"), (Location, "place")):
        for value in model.model_fields[field].annotation.__args__:
            assert value in DOSSIER


def test_every_key_of_the_organisation_is_told():
    for model in KINDS.values():
        for name, field in model.model_fields.items():
            assert f"`{field.alias or name}`" in DOSSIER, name


def test_the_examples_of_the_dossier_page_are_read(tmp_path):
    dossier, organisation = blocks(DOSSIER)
    path = tmp_path / "d.yaml"
    path.write_text(dossier, encoding="utf-8")
    assert load_dossier(path, today=date(2026, 6, 1)).column("mobile").strong is True
    path.write_text(organisation, encoding="utf-8")
    assert len(read_organisation([path], {}, date(2026, 6, 1)).placed) == 8
