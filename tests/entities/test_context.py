"""Words found in one pass raise the same scores as words looked for around each result."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.detect._entity import context
from scanner.detect._entity.near import places_of
from scanner.detect._entity.presidio import make_analyzer, no_network
from tests.entities import corpora

no_network()
WORDS = ("phone", "mobile phone", "电话", "手机号", "sk-i", "QQ")


@pytest.fixture(scope="module")
def analyzer():
    return make_analyzer()


def both(analyzer, text, more=None):
    """The results as told with and without the pass over the text."""
    told = []
    for many in (-1, 1 << 30):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(context, "_MANY", many)
            told.append([str(one) for one in analyzer.analyze(text, "en", context=more)])
    assert told[0] == told[1]
    return told[0]


@pytest.mark.parametrize("kind", corpora.KINDS)
def test_same_scores_on_seven_kinds(analyzer, kind):
    both(analyzer, corpora.make(kind, random.Random(kind), 60))


def test_same_scores_on_glued_fragments(analyzer):
    rnd = random.Random(11)
    glue = ["电话", "Tel ", "PHONE: ", "mo\u212aile", "\U00020000", "cal\u0131", " 手机", "x" * 40]
    for _ in range(30):
        text = "".join(rnd.choice(glue) + corpora.noise(rnd, 3) for _ in range(20))
        both(analyzer, text)
        both(analyzer, text, ["x" * 20, "straße"])


def test_a_word_raises_a_score(analyzer):
    low = both(analyzer, "13812345678 and 540-392-6876")
    assert low != both(analyzer, "call 13812345678 and 540-392-6876")


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="phoneMBILkK 电话手机号QqſsiIı-\u212a\u0130", max_size=60))
def test_places_are_a_superset(text):
    pytest.importorskip("hyperscan")
    expression = context._expression(WORDS)
    places = places_of([WORDS], text)
    for match in expression.finditer(text):
        assert places is None or places[0].any_ends(match.end() - 1, match.end())
