"""Presidio objects out of our data: recognisers, registry, engine; nothing goes to the network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from presidio_analyzer import RecognizerRegistry
from presidio_analyzer.nlp_engine import NoOpNlpEngine

from scanner.detect._entity.compiled import _PLAIN_ENHANCERS, CompiledAnalyzer
from scanner.detect._entity.context import WindowContextEnhancer
from scanner.detect._entity.data import LANGUAGE, DataRecogniser
from scanner.detect._entity.recognisers import RecogniserSpec, built_in_files, read_specs

_PLAIN_ENHANCERS.add(WindowContextEnhancer)


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
    built_in = built_in_files()
    told = read_specs(built_in) if specs is None else list(specs)
    own = frozenset(built_in)
    return RecognizerRegistry(
        recognizers=[DataRecogniser(spec, quick=spec.file in own) for spec in told],
        supported_languages=[LANGUAGE],
    )


def make_analyzer(registry: RecognizerRegistry | None = None, **told: Any) -> CompiledAnalyzer:
    """A compiled analyzer over a registry, by default over our own, with context in any script."""
    no_network()
    told.setdefault("context_aware_enhancer", WindowContextEnhancer())
    told.setdefault("nlp_engine", no_op_engine())
    told.setdefault("supported_languages", [LANGUAGE])
    return CompiledAnalyzer(registry=registry or data_registry(), **told)


__all__ = [
    "LANGUAGE",
    "DataRecogniser",
    "data_registry",
    "make_analyzer",
    "no_network",
    "no_op_engine",
]
