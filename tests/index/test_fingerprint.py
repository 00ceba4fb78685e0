"""Designated documents are found whole, in part and after light edits; other texts are not."""

from __future__ import annotations

import random
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.index import kernel as kernel_module
from scanner.index.fingerprint import Comparison, DocumentIndex, Printer, add_document, prints_of
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


PIECES = [
    "a",
    "bc",
    "張",
    "伟",
    "é",
    "Ａ",
    "x" * 70,
    "，",
    " ",
    "\n",
    "&#65;",
    "а",
    "한",
    "(dot",
    ")",
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=300).map("".join)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(TEXTS)
def test_kernel_and_python_agree(text: str) -> None:
    if kernel_module.kernel() is None:
        pytest.skip("no kernel was compiled")
    keys = Keys.of(KEY)
    chosen, words = winnow(text, keys)
    prints, count = prints_of(text, keys)
    assert count == words
    assert prints.tolist() == siphash(np.array(chosen, np.uint64), keys.sip).tolist()


def test_kernel_and_python_agree_over_many_buffers() -> None:
    if kernel_module.kernel() is None:
        pytest.skip("no kernel was compiled")
    keys, rng = Keys.of(KEY), random.Random(40)
    for piece in ("&#65;bc ", "張Ａ", "x" * 70 + " ", "&commat;"):
        text = "".join(piece if rng.random() < 0.9 else rng.choice(PIECES) for _ in range(9000))
        chosen, words = winnow(text, keys)
        prints, count = prints_of(text, keys)
        assert count == words
        assert prints.tolist() == siphash(np.array(chosen, np.uint64), keys.sip).tolist()


def cut(text: str, places: list[int]) -> list[Segment]:
    """A text as segments that continue, one line number for each."""
    ends = [*sorted(min(place, len(text)) for place in places), len(text)]
    pairs = list(zip([0, *ends], ends, strict=False))
    return [
        Segment(text[start:end], first_line=at + 1, continues=at + 1 < len(pairs))
        for at, (start, end) in enumerate(pairs)
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(TEXTS, max_size=3), st.lists(st.integers(0, 900), max_size=8), st.integers(0, 800))
def test_pieces_tell_what_the_whole_tells(texts: list[str], places: list[int], spread: int) -> None:
    keys = Keys.of(KEY)
    printer = Printer(keys)
    for text in texts:
        text = text * (1 + spread)  # over more than one buffer of the kernel
        segments = cut(text, [place * (1 + spread) for place in places])
        told = [printer.feed(part.text, final=not part.continues) for part in segments]
        prints, words = prints_of(text, keys)
        assert np.concatenate(told).tolist() == prints.tolist()
        assert printer.words == words


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.integers(0, 12_000), max_size=12), st.booleans())
def test_any_split_gives_the_same_matches(tmp_path_factory, places: list[int], end: bool) -> None:
    folder = tmp_path_factory.mktemp("documents")
    texts = [text_of(prose(400, seed, False), False) for seed in (20, 21, 22)]
    for name, text in zip("abc", texts, strict=True):
        add_document(folder, KEY, name, [Segment(f"{text} {texts[0][:300]}")])
    index = DocumentIndex.open(folder, KEY)
    document = f"before {texts[1][500:]}\n{texts[0]} {texts[2][:700]} after"
    whole = index.compare([Segment(texts[2], "first"), Segment(document), Segment(texts[1])])
    comparison = Comparison(index)
    for segment in [Segment(texts[2], "first"), *cut(document, places), Segment(texts[1])]:
        comparison.feed(segment)
    assert {match.dataset_id: len(match.places) for match in whole} == {"a": 1, "b": 2, "c": 1}
    assert comparison.matches() == whole
    assert comparison.matches() == whole
    if end:
        comparison.feed(Segment(document, continues=True))
        assert [match.found for match in comparison.matches()] == [match.found for match in whole]


def test_a_long_document_is_not_held(tmp_path) -> None:
    if kernel_module.kernel() is None:
        pytest.skip("no kernel was compiled")
    text = text_of(prose(300, 30, False), False)
    add_document(tmp_path, KEY, "a", [Segment(text)])
    comparison = Comparison(DocumentIndex.open(tmp_path, KEY))
    line = text_of(prose(20_000, 31, False), False) + "\n"
    tracemalloc.start()
    try:
        for _ in range(100):  # 10 MB or more
            comparison.feed(Segment((line + " ").lower(), continues=True))
        comparison.feed(Segment(text))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 12 * len(line)
    assert comparison.matches()[0].containment == 1.0


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
