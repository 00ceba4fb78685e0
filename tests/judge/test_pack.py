"""Packs: those that come with the program, and wrong ones refused with file, line and key."""

import shutil
from datetime import date

import pytest

from scanner.judge.pack import load_pack, open_pack, pack_ids
from scanner.judge.vocabulary import FACTS
from scanner.messages import message
from scanner.model.errors import PackError
from scanner.resources import patterns_dir

LAW = patterns_dir() / "law"


@pytest.fixture
def folder(tmp_path):
    for path in LAW.glob("*.yaml"):
        shutil.copy(path, tmp_path)
    return tmp_path


def edited(folder, name, old, new):
    path = folder / f"{name}.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def line_of(folder, name, needle):
    text = (folder / f"{name}.yaml").read_text(encoding="utf-8")
    return text[: text.index(needle)].count("\n") + 1


def test_there_are_the_four():
    assert pack_ids() == ["CN", "EU", "INT", "US"]


@pytest.mark.parametrize("name", pack_ids())
def test_a_pack_is_whole(name):
    pack = load_pack(name)
    assert pack.id == name
    assert [obligation.id for obligation in pack.obligations] == ["O1", "O2", "O3", "O4", "O5"]
    assert [act for act, _ in pack.acts] == ["A1", "A2", "A3", "A4", "A5"]
    assert [e.id for e in pack.exemptions] == ["X1", "X5", "X4", "X1b", "X3", "X6", "X7"]
    assert sum(len(obligation.triggers) for obligation in pack.obligations) == 15
    assert sorted(pack.file.measures) == [f"M{number}" for number in range(1, 8)]
    assert pack.stamp.endswith("(not signed off)")
    assert not pack.file.verified


def test_the_third_duty_forbids_use_outside_the_duties():
    title = next(o.title for o in load_pack("CN").obligations if o.id == "O3")
    assert "之外" in title.zh
    assert "outside" in title.en


def test_every_fact_has_its_question_in_both_languages():
    for fact in FACTS:
        assert message("judge", f"fact.{fact}", "zh")
        assert message("judge", f"fact.{fact}", "en")


@pytest.mark.parametrize(
    ("day", "there", "gone"),
    [
        ("2025-10-14", "AUCL 2019 art. 9(4)", "AUCL 2025 art. 10"),
        ("2025-10-15", "AUCL 2025 art. 10", "AUCL 2019 art. 9(4)"),
        ("2025-10-15", "AUCL 2025 art. 39 (unverified)", "AUCL 2025 art. 39"),
        ("2026-06-01", "SAMR Order 126 of 2026 (unverified)", "AUCL 2019 art. 32"),
        ("2026-05-31", "Fa Shi 2020-7 art. 13", "SAMR Order 126 of 2026 (unverified)"),
    ],
)
def test_article_numbers_by_the_day_of_the_event(day, there, gone):
    refs = load_pack("CN").law_refs(date.fromisoformat(day))
    assert there in refs
    assert gone not in refs


def test_references_of_a_topic_are_shown_where_asked_for():
    pack, day = load_pack("CN"), date(2026, 6, 1)
    assert "PIPL art. 57" not in pack.law_refs(day)
    assert "PIPL art. 57" in pack.law_refs(day, frozenset({"personal"}))


def test_other_packs_cite_their_own_law():
    day = date(2026, 6, 1)
    assert load_pack("EU").law_refs(day)[0] == "Directive (EU) 2016/943 art. 2(1)"
    assert "18 USC 1839(3) (unverified)" in load_pack("US").law_refs(day)
    assert load_pack("INT").law_refs(day) == ("TRIPS art. 39.2 (unverified)",)


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("recipient.class: competitor}", "recipient.klass: competitor}", ["obligations[4].triggers[1].all", "no fact 'recipient.klass'"]),
        ("recipient.class: competitor}", "recipient.class: rival}", ["must be one of"]),
        ("    title: {zh: 妥善保管, en: \"Store, send and dispose of it safely\"}\n", "", ["obligations[5].title", "must be given"]),
        ("title: {zh: 妥善保管, en: \"Store, send and dispose of it safely\"}", "title: {zh: 妥善保管}", ["obligations[5].title.en", "must be given"]),
        ("title: {zh: 妥善保管, en: \"Store, send and dispose of it safely\"}", "title: {zh: '', en: x}", ["obligations[5].title.zh"]),
        ("id: O5.c", "id: O5.a", ["obligations[5].triggers[3].id", "'O5.a' stands twice"]),
        ("- id: O5\n", "- id: O4\n", ["obligations[5].id", "'O4' stands twice"]),
        ("- id: X7\n", "- id: X1\n", ["exemptions[7].id", "'X1' stands twice"]),
        ("carried_out: [own_personal, own_removable]", "carried_out: [\"@uncontrolled\"]", ["sets.", "circle"]),
        ("\"@carried_out\", external_unauthorised, unknown_external, competitor", "\"@nothing\"", ["sets.uncontrolled", "no set 'nothing'"]),
        ("{in: too_open}", "{in: open}", ["no set 'open'"]),
        ("{in: too_open}", "{within: too_open}", ["cannot be asked"]),
        ("{match.nonpublic: {min: 1000}}", "{match.nonpublic: {min: many}}", ["severity.volume[1].when", "must be a number"]),
        ("needs: trade_secret_or_promise", "needs: secret", ["obligations[2].needs", "'secret'"]),
        ("establish: [match_complete]", "establish: [match_whole]", ["exemptions[1].establish[1]", "match_whole"]),
        ("      competitor: 5\n", "", ["severity.audience.recipient.class", "'competitor'"]),
        ("weight: 1\n", "weight: heavy\n", ["obligations[5].weight"]),
        ("level: risk", "level: certain", ["obligations[2].triggers[3].level"]),
        ("route: legal_only", "route: police", ["exemptions[3].route"]),
        ("signed_off_by: null", "signed_off: null", ["signed_off", "no such key"]),
        ("verified: false\nburden", "verified: no\nburden", ["verified"]),
        ("from: 2025-10-15", "from: autumn", ["article_map[2].from"]),
        ("purpose.approved: false}", "purpose.approved: no}", ["purpose.approved", "true or false"]),
    ],
)  # fmt: skip
def test_a_wrong_pack_is_refused_with_file_line_and_key(folder, old, new, parts):
    edited(folder, "CN", old, new)
    with pytest.raises(PackError) as caught:
        load_pack("CN", folder)
    told = str(caught.value)
    assert told.startswith(f"{folder / 'CN.yaml'}:")
    assert "\n" not in told
    for part in parts:
        assert part in told


def test_the_line_is_the_line_of_the_mistake(folder):
    line = line_of(folder, "CN", "all: {recipient.class: competitor}")
    edited(folder, "CN", "all: {recipient.class: competitor}", "all: {recipient.klass: competitor}")
    with pytest.raises(PackError, match=rf"CN\.yaml:{line}:"):
        load_pack("CN", folder)


def test_packs_that_extend_each_other_in_a_circle_are_refused(folder):
    edited(folder, "CN", "pack: CN\n", "pack: CN\nextends: EU\n")
    line = line_of(folder, "CN", "extends: EU")
    with pytest.raises(PackError, match=rf"CN\.yaml:{line}:.*circle: EU -> INT -> CN"):
        load_pack("EU", folder)


def test_a_parent_that_is_not_there_is_refused(folder):
    edited(folder, "EU", "extends: INT", "extends: ZZ")
    with pytest.raises(PackError, match="'ZZ'"):
        load_pack("EU", folder)


def test_a_mistake_in_a_parent_names_the_parent(folder):
    edited(folder, "CN", "- id: O5\n", "- id: O4\n")
    with pytest.raises(PackError, match=r"CN\.yaml:"):
        load_pack("EU", folder)


def test_an_unknown_pack_names_those_that_there_are():
    with pytest.raises(PackError, match="CN, EU, INT, US"):
        open_pack("XX")


def test_a_pack_is_compiled_once():
    assert open_pack("CN") is open_pack("CN")


def test_a_pack_of_ones_own_by_its_path(folder, tmp_path):
    mine = tmp_path / "mine" / "house rules.yaml"
    mine.parent.mkdir()
    mine.write_text(
        "extends: CN\npack: HOUSE\npack_version: '3'\nsigned_off_by: Dr. X\n", encoding="utf-8"
    )
    pack = open_pack(str(mine))
    assert pack.id == "HOUSE"
    assert pack.stamp.startswith("HOUSE 3 (house rules.yaml ")
    assert "not signed" not in pack.stamp
    assert len(pack.obligations) == 5
    with pytest.raises(PackError, match="no law pack at"):
        open_pack(str(tmp_path / "none.yaml"))
    mine.write_text("extends: CN\npack: HOUSE\npack_version: '3'\nacts: 7\n", encoding="utf-8")
    with pytest.raises(PackError, match=r"house rules\.yaml:4: acts"):
        open_pack(str(mine))


def test_a_pack_that_comes_with_the_program_is_named_like_its_file(folder, monkeypatch):
    from scanner.judge import pack as module

    (folder / "law").mkdir()
    for path in folder.glob("*.yaml"):
        path.rename(folder / "law" / path.name)
    monkeypatch.setattr(module, "patterns_dir", lambda: folder)
    edited(folder / "law", "CN", "pack: CN", "pack: DE")
    with pytest.raises(PackError, match=r"CN\.yaml:\d+: pack: must be 'CN'"):
        load_pack("CN")
