"""Similarity and the selection test."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.judge.pack import load_pack
from scanner.judge.selection import log10_tail
from scanner.judge.similarity import level, selection_log10p, similarity
from scanner.model.finding import Finding, Method

LIMITS = load_pack("CN").similarity
RANK = ["incidental", "partial", "substantial", "identical"]


def of(nonpublic, deep, coverage, containment, depth=1.0, canaries=0, matched=1):
    return level(
        nonpublic=nonpublic, deep=deep, coverage=coverage, containment=containment,
        depth=depth, canaries=canaries, matched=matched, limits=LIMITS,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "figures", "expected"),
    [
        ("full copy", (10_000, 10_000, 1.0, 1.0), "identical"),
        ("re-typed with 5 % errors", (10_000, 10_000, 1.0, 1.0, 0.97), "identical"),
        ("30 of 10,000", (30, 30, 0.003, 1.0), "substantial"),
        ("30 hidden in 5,000 other rows", (30, 30, 0.003, 0.006), "substantial"),
        ("3 rows with deep fields in a mail", (3, 3, 0.0003, 1.0), "substantial"),
        ("200 rows, firm, contact, mobile", (200, 0, 0.02, 1.0), "substantial"),
        ("30 rows, public columns only", (3, 0, 0.003, 1.0), "partial"),
        ("rival's own 5,000, 100 shared", (100, 0, 0.01, 0.02), "partial"),
        ("2 planted records among 102", (102, 2, 0.0102, 1.0, 1.0, 2), "substantial"),
        ("whole public directory", (0, 0, 0.85, 0.043), "incidental"),
        ("one signature block", (1, 0, 0.0001, 1.0), "incidental"),
        ("nothing", (0, 0, 0.0, 0.0, 0.0, 0, 0), "incidental"),
        ("9 rows without deep fields", (9, 0, 0.0009, 1.0), "partial"),
        ("10 rows without deep fields", (10, 0, 0.001, 0.5), "substantial"),
        ("10 rows, containment below half", (10, 0, 0.099, 0.49), "partial"),
        ("10 rows, a tenth of ours", (10, 0, 0.1, 0.01), "substantial"),
        ("2 rows, both with habits", (2, 2, 0.0002, 1.0), "partial"),
        ("3 rows, one planted", (3, 0, 0.0003, 0.1, 1.0, 1), "substantial"),
        ("copy with half of the fields", (10_000, 0, 1.0, 1.0, 0.5), "substantial"),
    ],
)
def test_the_table(name, figures, expected):
    assert of(*figures) == expected


COUNT = st.integers(0, 200)
SHARE = st.floats(0, 1)


@settings(max_examples=400, deadline=None)
@given(COUNT, COUNT, SHARE, SHARE, SHARE, st.integers(0, 3), COUNT)
def test_more_of_ours_never_lowers_the_level(
    nonpublic, deep, coverage, containment, depth, can, more
):
    before = of(nonpublic, deep, coverage, containment, depth, can)
    after = of(nonpublic + more, deep, coverage, containment, depth, can)
    assert RANK.index(after) >= RANK.index(before)
    deeper = of(nonpublic, deep + more, coverage, containment, depth, can)
    assert RANK.index(deeper) >= RANK.index(before)


@settings(max_examples=400, deadline=None)
@given(st.integers(3, 200), st.integers(3, 200), SHARE, SHARE)
def test_hiding_deep_records_among_others_does_not_help(nonpublic, deep, coverage, containment):
    """Property (i), for the figures: rows of others only lower containment."""
    assert RANK.index(of(nonpublic, deep, coverage, containment)) >= 2
    assert RANK.index(of(nonpublic, deep, coverage, 0.0)) >= 2


def test_public_rows_alone_are_incidental_unless_they_are_the_list_itself():
    for coverage in (0.0, 0.5, 0.85, 1.0):
        assert of(0, 0, coverage, 0.5) == "incidental"
    assert of(0, 0, 1.0, 1.0) == "identical"


def exact(universe, ours, drawn, hits):
    total = math.comb(universe, drawn)
    most = min(ours, drawn)
    ways = sum(
        math.comb(ours, k) * math.comb(universe - ours, drawn - k) for k in range(hits, most + 1)
    )
    return Fraction(ways, total)


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 300), st.data())
def test_the_tail_is_the_hypergeometric_one(universe, data):
    ours = data.draw(st.integers(0, universe))
    drawn = data.draw(st.integers(0, universe))
    hits = data.draw(st.integers(0, min(ours, drawn)))
    p = exact(universe, ours, drawn, hits)
    told = log10_tail(universe=universe, ours=ours, drawn=drawn, hits=hits)
    expected = (math.log(p.numerator) - math.log(p.denominator)) / math.log(10)
    assert told == pytest.approx(expected, abs=1e-7)
    assert told <= 0.0


@pytest.mark.parametrize(
    ("drawn", "hits", "flagged"),
    [(30, 30, True), (100, 32, True), (30, 11, True), (5, 5, True), (3, 3, False),
     (200_000, 10_000, False), (5000, 250, False), (5000, 300, False)],
)  # fmt: skip
def test_which_draws_are_flagged(drawn, hits, flagged):
    """The universe of the design: 200,000 names, 10,000 of them ours."""
    told = log10_tail(universe=200_000, ours=10_000, drawn=drawn, hits=hits)
    assert (told <= LIMITS.selection_log10p) is flagged


def test_the_figures_of_the_design():
    figures = {(30, 30): -39.05, (5, 5): -6.51, (3, 3): -3.90, (200_000, 10_000): 0.0}
    for (drawn, hits), expected in figures.items():
        told = log10_tail(universe=200_000, ours=10_000, drawn=drawn, hits=hits)
        assert told == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("universe", "ours", "drawn", "hits", "expected"),
    [(0, 0, 0, 0, 0.0), (10, 0, 5, 0, 0.0), (10, 5, 5, 0, 0.0), (10, 5, 5, 6, -math.inf),
     (10, 10, 10, 10, 0.0), (10, 5, 99, 5, 0.0), (1_000_000, 500_000, 400_000, 1, 0.0)],
)  # fmt: skip
def test_edges(universe, ours, drawn, hits, expected):
    assert log10_tail(universe=universe, ours=ours, drawn=drawn, hits=hits) == expected


def selection(records, hits, universe=200_000, ours=10_000):
    return Finding(
        Method.SELECTION, "crm", records, dataset_records=ours,
        selection_universe=universe, selection_universe_hits=hits,
    )  # fmt: skip


def test_a_flagged_selection_is_partial_and_another_is_incidental():
    assert similarity(selection(30, 30), LIMITS) == "partial"
    assert similarity(selection(3, 3), LIMITS) == "incidental"
    assert selection_log10p(selection(30, 30)) < -38
    assert selection_log10p(selection(5, 5, universe=0)) == 0.0


def test_no_dataset_no_similarity():
    assert similarity(Finding(Method.CUSTOMER_LIST, "", 50), LIMITS) == ""


@pytest.mark.parametrize(
    ("matched", "expected"),
    [(0, "incidental"), (9, "partial"), (10, "substantial"), (95, "identical")],
)
def test_a_registered_document_by_the_share_that_stands_there(matched, expected):
    finding = Finding(Method.DOCUMENT, "plan", matched, dataset_records=100)
    assert similarity(finding, LIMITS) == expected
