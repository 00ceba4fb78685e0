"""Every code that a judgement or an assessment can carry has its text in both languages."""

import ast
import tomllib
from pathlib import Path

import pytest

from scanner.judge.pack import load_pack, pack_ids
from scanner.judge.vocabulary import FACTS
from scanner.resources import patterns_dir

ROOT = Path(__file__).resolve().parents[2]


def table(room):
    path = patterns_dir() / "messages" / f"{room}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("room", ["judge", "registry"])
def test_every_text_stands_in_both_languages_with_the_same_places(room):
    for key, texts in table(room).items():
        assert set(texts) == {"en", "zh"}, key
        places = [sorted(set(_places(text))) for text in (texts["en"], texts["zh"])]
        assert places[0] == places[1], key
        assert texts["en"].strip() and texts["zh"].strip()


def _places(text):
    import string

    return [name.partition(":")[0] for _, name, _, _ in string.Formatter().parse(text) if name]


def test_every_answer_has_a_text():
    keys = table("judge")
    for fact in FACTS.values():
        for value in fact.values:
            assert f"answer.{value}" in keys
    assert {"answer.true", "answer.false"} <= set(keys)


def test_every_code_in_the_conditions_has_a_text():
    """All texts that conditions.py hands out as codes are keys of the table."""
    source = (ROOT / "scanner" / "registry" / "conditions.py").read_text(encoding="utf-8")
    source += (ROOT / "scanner" / "registry" / "publicity.py").read_text(encoding="utf-8")
    known = {key.partition(".")[2] for key in table("registry")}
    not_codes = {"met", "declared", "reviewed", "measured", "contradicted", "general", "-"}
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, (ast.Tuple, ast.Return, ast.IfExp)):
            continue
        for constant in ast.walk(node):
            if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                text = constant.value
                if text.isidentifier() and text == text.lower() and "_" in text:
                    assert text in known or text in not_codes, text


@pytest.mark.parametrize("name", pack_ids())
def test_every_question_of_a_pack_has_a_text(name):
    pack, keys = load_pack(name), table("judge")
    asked = {code for item in pack.obligations for code in item.establish}
    asked |= {code for item in pack.exemptions for code in item.establish}
    asked |= {*pack.file.ask_always, *pack.file.ask_when_unprotected}
    for code in asked:
        assert f"establish.{code}" in keys
    assert f"burden.{pack.file.burden}" in keys


def test_no_question_is_left_over():
    """A text that no pack and no code asks for is removed."""
    used = {"register_or_dismiss", "edge_of_selection", "secrecy_from_exposure"}
    for name in pack_ids():
        pack = load_pack(name)
        used |= {code for item in pack.obligations for code in item.establish}
        used |= {code for item in pack.exemptions for code in item.establish}
        used |= {*pack.file.ask_always, *pack.file.ask_when_unprotected}
    offered = {
        key.removeprefix("establish.") for key in table("judge") if key.startswith("establish.")
    }
    assert offered == used
