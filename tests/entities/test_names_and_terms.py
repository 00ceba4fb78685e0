"""spaCy where it is wanted: installed pipelines, term lists, token rules; nothing is fetched."""

from __future__ import annotations

import pytest
import spacy

from scanner.detect._entity import pipelines
from scanner.detect._entity.home import scanner_for
from scanner.detect._entity.pipelines import NamesRecogniser, available_pipelines
from scanner.detect._entity.scan import entity_lines
from scanner.detect._entity.terms import TermsRecogniser, read_terms
from scanner.home import Home
from scanner.model.content import Segment
from scanner.model.errors import PackError


def stand_in(folder, code, patterns):
    """A pipeline on disk with a ruler in the place of a trained model."""
    nlp = spacy.blank(code)
    nlp.add_pipe("entity_ruler").add_patterns(patterns)
    nlp.to_disk(folder)
    return str(folder)


@pytest.fixture
def names(tmp_path):
    return NamesRecogniser(
        {
            "en": stand_in(tmp_path / "en", "en", [{"label": "PERSON", "pattern": "Jane Smith"}]),
            "zh": stand_in(tmp_path / "zh", "zh", [{"label": "GPE", "pattern": "杭州"}]),
        }
    )


def test_names_by_installed_pipelines(names):
    text = "filler line\n" * 9000 + "then Jane Smith came"
    (found,) = names.analyze(text, ["PERSON"])
    assert (found.entity_type, text[found.start : found.end]) == ("PERSON", "Jane Smith")
    (place,) = names.analyze("他昨天去了杭州出差", [])
    assert (place.entity_type, place.start, place.end) == ("LOCATION", 5, 7)
    assert names.analyze("then Jane Smith came", ["LOCATION"]) == []


def test_without_a_pipeline_nothing_is_pretended():
    assert NamesRecogniser({}).analyze("Jane Smith", []) == []


def test_installed_pipelines_are_seen_without_loading_them(monkeypatch):
    class One:
        def __init__(self, name):
            self.metadata = {"Name": name}

    told = ["en-core-web-sm", "en_core_web_lg", "zh_core_web_md", "en_core_web_md", "other"]
    monkeypatch.setattr(pipelines.importlib.metadata, "distributions", lambda: map(One, told))
    assert available_pipelines() == {"en": "en_core_web_lg", "zh": "zh_core_web_md"}


TERMS = """
type = "PROJECT_NAME"
terms = ["Falcon Ridge", "海燕计划", "QX7"]
[[rules]]
pattern = [{LOWER = "project"}, {IS_TITLE = true}]
"""


def home_with(tmp_path, text):
    folder = tmp_path / "recognisers" / "terms"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text(text, encoding="utf-8")
    return Home(tmp_path)


def test_terms_of_the_user(tmp_path):
    text = "关于海燕计划的通知：FALCON RIDGE starts, Project Heron too; AQX7 and qx7."
    found = entity_lines([Segment(text)], scanner_for(home_with(tmp_path, TERMS)))
    assert [text[one["start"] : one["end"]] for one in found if one["type"] == "PROJECT_NAME"] == [
        "海燕计划", "FALCON RIDGE", "Project Heron", "qx7",
    ]  # fmt: skip


def test_terms_across_pieces_of_a_long_text(tmp_path):
    one = read_terms(home_with(tmp_path, TERMS).root / "recognisers" / "terms" / "mine.toml")
    text = "a" * 199_995 + " Falcon Ridge " + "b c " * 100_000
    (found,) = TermsRecogniser([one]).analyze(text, [])
    assert text[found.start : found.end] == "Falcon Ridge"


@pytest.mark.parametrize("text", ["type = 'A'", "terms = ['x']", "type='A'\nwords=['x']", "x ="])
def test_wrong_term_files(tmp_path, text):
    with pytest.raises(PackError, match=r"mine\.toml"):
        scanner_for(home_with(tmp_path, text))
