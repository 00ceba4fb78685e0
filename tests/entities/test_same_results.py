"""The compiled analyzer gives what AnalyzerEngine gives, over any registry and any prefilter."""

from __future__ import annotations

import random
import re

import presidio_analyzer.predefined_recognizers as predefined
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from presidio_analyzer import AnalyzerEngine, Pattern, PatternRecognizer, RecognizerRegistry

from scanner.detect._entity.compiled import CompiledAnalyzer
from scanner.detect._entity.context import WindowContextEnhancer
from scanner.detect._entity.prefilter import PREFILTERS
from scanner.detect._entity.presidio import data_registry, no_network, no_op_engine
from tests.entities import corpora

no_network()


def stock_registry():
    """Every pattern recogniser that Presidio brings for every country, and its phones."""
    registry = RecognizerRegistry(supported_languages=["en"])
    for name in sorted(dir(predefined)):
        made = getattr(predefined, name)
        if (
            isinstance(made, type)
            and issubclass(made, PatternRecognizer)
            and made is not PatternRecognizer
        ):
            registry.add_recognizer(made(supported_language="en"))
    registry.add_recognizer(predefined.PhoneRecognizer())
    return registry


def odd_registry():
    """Expressions that are hard to place: line ends, anchors, empty matches, references."""
    registry = RecognizerRegistry(supported_languages=["en"])
    for number, regex in enumerate(
        [
            r"^\d+$", r"\A\w+", r"\w+\Z", r"a*", r"(\d)\1+", r"\d+\s+\d+", r"(?s)x.*y", r"[^@]+@",
            r"(?<=手机)\d+", r"\b\d{3,}\b", r"(?i)straße|k{2}", r"\d{2,}(?!\d)", r"(?=\d{4})\d{2}",
            r"[\u4e00-\u9fff]{2}\d", r"(?:\d[ -]?){11}", r"\S+@\S+", r"(\w+)\s*=\s*\1", r"[١-٩\d]{3}",
            r"\d+\n\d+", r".{3}$", r"(?:ab|cd|\d\d){2,3}", r"\w(?>\d+)\w", r"(?m)^#.*$", r"x\ny\s*z", r"\d\n\d{2}",
        ]
    ):  # fmt: skip
        for flags in (re.DOTALL | re.MULTILINE | re.IGNORECASE, 0, re.MULTILINE):
            registry.add_recognizer(
                PatternRecognizer(
                    supported_entity=f"T{number}_{int(flags)}",
                    patterns=[Pattern("p", regex, 0.5)],
                    global_regex_flags=flags or re.UNICODE,
                )
            )
    registry.add_recognizer(PatternRecognizer("WORDS", deny_list=["report", "客户", "12 people"]))
    return registry


REGISTRIES = {"own": data_registry, "stock": stock_registry, "odd": odd_registry}


@pytest.fixture(scope="module", params=sorted(REGISTRIES))
def engines(request):
    registry = REGISTRIES[request.param]()
    told = {
        "registry": registry,
        "nlp_engine": no_op_engine(),
        "context_aware_enhancer": WindowContextEnhancer(),
    }
    backends = PREFILTERS if request.param != "stock" else ["hyperscan"]
    return AnalyzerEngine(**told), {b: CompiledAnalyzer(**told, backend=b) for b in backends}


def same(engines, text):
    stock, compiled = engines
    wanted = [str(result) for result in stock.analyze(text, "en")]
    for backend, analyzer in compiled.items():
        assert [str(r) for r in analyzer.analyze(text, "en")] == wanted, backend
    return len(wanted)


@pytest.mark.parametrize("kind", corpora.KINDS)
def test_same_results_on_seven_kinds(engines, kind):
    same(engines, corpora.make(kind, random.Random(kind), 40))


def test_same_results_on_glued_fragments(engines):
    rnd = random.Random(5)
    assert sum(same(engines, corpora.noise(rnd, 60)) for _ in range(6)) > 0


@settings(max_examples=25, deadline=None)
@given(st.text(alphabet="0123456789 -+.()@ab京Ａx１\n\r\t手机K\u200b", max_size=200))
def test_same_results_on_anything(engines, text):
    same(engines, text)


def test_long_lines_and_long_texts(engines):
    rnd = random.Random(9)
    line = corpora.noise(rnd, 120).replace("\n", " ").replace("\r", " ")
    same(engines, line)
    same(engines, "x" * 3_000 + " " + line[:500] + "\n" + "7" * 900)


@pytest.mark.parametrize("size", [512, 16_384])
def test_matches_across_the_cut_of_a_block(engines, size):
    for short in (0, 1, 2):
        text = "- " * ((size - 2) // 2) + "." * short + "x\ny  z and 1\n23\n"
        same(engines, text + text)


@pytest.mark.slow
def test_a_million_results():
    registry = data_registry()
    told = {
        "registry": registry,
        "nlp_engine": no_op_engine(),
        "context_aware_enhancer": WindowContextEnhancer(),
    }
    pair = AnalyzerEngine(**told), {"": CompiledAnalyzer(**told)}
    total = 0
    number = 0
    while total < 1_000_000:
        for kind in corpora.KINDS:
            number += 1
            total += same(pair, corpora.make(kind, random.Random(number), 300))
