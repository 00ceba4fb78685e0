"""Looking only around digits loses no place where a gate ends."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.detect._entity.compiled import CompiledAnalyzer
from scanner.detect._entity.prefilter import HyperscanPrefilter
from scanner.detect._entity.presidio import data_registry, no_op_engine
from scanner.detect._entity.sieve import Sieve

pytest.importorskip("hyperscan")

PIECES = st.sampled_from(
    [
        "1",
        "86",
        "2019",
        "138",
        "13812345678",
        "010-6255 1234",
        "4111 1111 1111 1111",
        " ",
        "-",
        "\n",
        "a",
        "@",
        ".",
        ",",
        "x" * 40,
        "the quick ",
        "(",
        "+",
        "110105194912310021",
        "\x90",
        "\x82",
    ]
)


@pytest.fixture(scope="module")
def prefilter():
    analyzer = CompiledAnalyzer(registry=data_registry(), nlp_engine=no_op_engine())
    analyzer.analyze("x", "en")
    (plan,) = analyzer._plans.values()
    assert plan._prefilter.name == "hyperscan"
    return plan._prefilter


def whole(prefilter, data: bytes) -> list[set[int]]:
    """The ends of each gate when all of the text is looked at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prefilter, "_sieve", SimpleNamespace(pieces=lambda _: None))
        return [set(ends) for ends in prefilter.spots(data).ends]


def test_numbers_are_sieved_and_labels_are_not(prefilter):
    sieve = prefilter._sieve
    assert sorted([*sieve.numbers, *sieve.rest]) == list(range(len(prefilter._gates)))
    assert len(sieve.numbers) > len(sieve.rest)
    told = Sieve([rb"[0-9]{5}", rb"[0-9]{4}", rb"(?:[0-9]{3}|a)[0-9]{3}", rb"[0-9]{3}[0-9 ]{2}x"])
    assert told.numbers == [0]
    assert Sieve(
        [rb"[0-9]{5,60}", rb"[0-9]+[0-9]{5}", rb"(?:[0-9\x82]{2}|[1-4]{3})[0-9]{3}"]
    ).numbers == [2]


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=60), st.integers(0, 2))
def test_every_place_is_found_among_other_text(prefilter, pieces, much):
    data = ("".join(pieces) + "\n" + "no number stands here\n" * (much * 60)).encode("latin-1")
    told = prefilter.spots(data)
    assert not any(told.ranges)
    for found, wanted in zip(told.ends, whole(prefilter, data), strict=True):
        assert wanted <= set(found)


MADE = [rb"x{20}[0-9]{5}", rb"[0-9]{5}x{20}", rb"[0-9][a ]{1,30}[0-9]{4}[^a]", rb"@"]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(["x" * 20, "1", "1234", " ", "a", "\n", "@", "z" * 90]), max_size=40)
)
def test_what_stands_far_before_and_behind_the_digits_is_seen(pieces):
    prefilter = HyperscanPrefilter(MADE, 0)
    assert prefilter._sieve.numbers == [0, 1, 2]
    data = ("".join(pieces) + "\n" + "no number stands here\n" * 120).encode()
    for found, wanted in zip(prefilter.spots(data).ends, whole(prefilter, data), strict=True):
        assert wanted <= set(found)
