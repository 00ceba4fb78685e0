"""Presidio objects out of our data: recognisers, registry, engine; nothing goes to the network."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from presidio_analyzer import Pattern, PatternRecognizer, RecognizerRegistry
from presidio_analyzer.nlp_engine import NoOpNlpEngine

from scanner.detect._entity.compiled import _PLAIN_ENHANCERS, CompiledAnalyzer
from scanner.detect._entity.context import WindowContextEnhancer
from scanner.detect._entity.recognisers import RecogniserSpec, built_in_files, read_specs
from scanner.detect._entity.validators import VALIDATORS

LANGUAGE = "en"
"""Our recognisers serve every language; Presidio wants one name for them."""

_PLAIN_ENHANCERS.add(WindowContextEnhancer)
_FLAGS = re.DOTALL | re.MULTILINE


class DataRecogniser(PatternRecognizer):
    """A recogniser of a TOML file: expressions told apart by case, a named validator."""

    def __init__(self, spec: RecogniserSpec, language: str = LANGUAGE) -> None:
        super().__init__(
            supported_entity=spec.type,
            name=spec.name,
            supported_language=language,
            patterns=[Pattern(one.name, one.regex, one.score) for one in spec.patterns],
            context=list(spec.context),
            global_regex_flags=_FLAGS,
        )
        self._validator = VALIDATORS.get(spec.validator)

    def validate_result(self, pattern_text: str) -> bool | None:
        """True sure, False no, None neither."""
        return self._validator(pattern_text) if self._validator else None


def no_network() -> None:
    """Keep Presidio's e-mail recogniser from fetching a list of domain suffixes.

    Its library uses the list that comes with it; nothing is cached or asked for.
    """
    import tldextract

    library: Any = tldextract
    library.extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def no_op_engine(languages: Iterable[str] = (LANGUAGE,)) -> NoOpNlpEngine:
    """A language engine that loads nothing and fetches nothing."""
    engine = NoOpNlpEngine([{"lang_code": code, "model_name": "none"} for code in languages])
    engine.load()
    return engine


def data_registry(specs: Iterable[RecogniserSpec] | None = None) -> RecognizerRegistry:
    """A registry of recognisers, by default of those that come with the program."""
    told = read_specs(built_in_files()) if specs is None else list(specs)
    return RecognizerRegistry(
        recognizers=[DataRecogniser(spec) for spec in told], supported_languages=[LANGUAGE]
    )


def make_analyzer(registry: RecognizerRegistry | None = None, **told: Any) -> CompiledAnalyzer:
    """A compiled analyzer over a registry, by default over our own, with context in any script."""
    no_network()
    told.setdefault("context_aware_enhancer", WindowContextEnhancer())
    told.setdefault("nlp_engine", no_op_engine())
    told.setdefault("supported_languages", [LANGUAGE])
    return CompiledAnalyzer(registry=registry or data_registry(), **told)
