"""Designated documents are found whole, in part and after light edits; other texts are not."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.index import kernel as kernel_module
from scanner.index.fingerprint import DocumentIndex, add_document, prints_of
from scanner.model.content import Segment
from scanner.model.errors import IndexDamaged, KeyMissing, TableError
from scanner.text.keys import Keys, siphash
from scanner.text.winnow import winnow

KEY = bytes(range(32))
LETTERS = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经"


def prose(words: int, seed: int, chinese: bool) -> list[str]:
    rng = random.Random(seed)
    if chinese:
        return [rng.choice(LETTERS) for _ in range(words)]
    return [
        "".join(rng.choice("abcdeiostrn") for _ in range(rng.randrange(2, 9))) for _ in range(words)
    ]


def text_of(words: list[str], chinese: bool) -> str:
    return ("" if chinese else " ").join(words)


@pytest.mark.parametrize("chinese", [False, True])
def test_found_whole_in_part_and_edited(tmp_path, chinese: bool) -> None:
    words = prose(5000, 1, chinese)
    report = add_document(tmp_path, KEY, "plan", [Segment(text_of(words, chinese))])
    assert report.words == 5000
    index = DocumentIndex.open(tmp_path, KEY)

    def containment(told: list[str]) -> float:
        found = index.compare([Segment(text_of(told, chinese))])
        return found[0].containment if found else 0.0

    assert containment(words) == 1.0
    assert containment(prose(200, 2, chinese) + words + prose(200, 3, chinese)) == 1.0
    assert abs(containment(words[2000:2500]) - 0.1) < 0.03
    rng = random.Random(4)
    edited = [word if rng.random() > 0.02 else rng.choice(words) for word in words]
    assert 0.75 < containment(edited) < 0.95
    assert containment(prose(5000, 5, chinese)) == 0.0
    upper = Segment(text_of(words, chinese).upper().replace(" ", "\n"))
    assert index.compare([upper])[0].containment == 1.0


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.sampled_from(
            ["a", "bc", "張", "伟", "é", "Ａ", "x" * 70, "，", " ", "\n", "&#65;", "а", "한"]
        ),
        max_size=300,
    ).map("".join)
)
def test_kernel_and_python_agree(text: str) -> None:
    if kernel_module.kernel() is None:
        pytest.skip("no kernel was compiled")
    keys = Keys.of(KEY)
    chosen, words = winnow(text, keys)
    prints, count = prints_of(text, keys)
    assert count == words
    assert prints.tolist() == siphash(np.array(chosen, np.uint64), keys.sip).tolist()


def test_cut_segments_are_read_together(tmp_path) -> None:
    text = text_of(prose(600, 7, False), False)
    add_document(tmp_path, KEY, "a", [Segment(text[:999], continues=True), Segment(text[999:])])
    add_document(tmp_path / "b", KEY, "a", [Segment(text)])
    assert (tmp_path / "a/document.idx").read_bytes() == (
        tmp_path / "b/a/document.idx"
    ).read_bytes()


def test_ordinary_passages_do_not_count(tmp_path) -> None:
    own, letterhead = text_of(prose(300, 8, False), False), text_of(prose(300, 9, False), False)
    add_document(
        tmp_path, KEY, "x", [Segment(f"{letterhead} {own}")], ordinary=[Segment(letterhead)]
    )
    index = DocumentIndex.open(tmp_path, KEY)
    assert index.compare([Segment(letterhead)]) == []
    assert index.compare([Segment(own)])[0].containment > 0.9
    for name in "pqr":
        other = text_of(prose(300, ord(name), False), False)
        add_document(tmp_path, KEY, name, [Segment(f"{other} THE SAME DISCLAIMER {own}")])
    assert {
        match.dataset_id for match in DocumentIndex.open(tmp_path, KEY).compare([Segment(own)])
    } <= set("pqrx")


def test_too_short_damaged_and_other_key(tmp_path) -> None:
    with pytest.raises(TableError, match="too short"):
        add_document(tmp_path, KEY, "s", [Segment("only a few words")])
    add_document(tmp_path, KEY, "s", [Segment(text_of(prose(100, 1, False), False))])
    with pytest.raises(KeyMissing):
        DocumentIndex.open(tmp_path, bytes(32))
    path = tmp_path / "s/document.idx"
    raw = bytearray(path.read_bytes())
    raw[-3] ^= 1
    path.write_bytes(raw)
    with pytest.raises(IndexDamaged):
        DocumentIndex.open(tmp_path, KEY)
