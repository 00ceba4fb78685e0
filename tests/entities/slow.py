"""A scanner with a pattern that does not finish and one that does."""

from __future__ import annotations

import pytest
from presidio_analyzer import Pattern, PatternRecognizer, RecognizerRegistry

from scanner.detect._entity import engine
from scanner.detect._entity.presidio import make_analyzer
from scanner.detect._entity.scan import EntityScanner

ENDLESS = "aa!c TK-1234 " + "a" * 40 + "caa!c"  # one match of SLOW, one of FINE, then no end


def slow_scanner(monkeypatch: pytest.MonkeyPatch) -> EntityScanner:
    """Finds SLOW and FINE, and gives a pattern a twentieth of a second."""
    monkeypatch.setattr(engine, "TIMEOUT_SECONDS", 0.05)
    registry = RecognizerRegistry(supported_languages=["en"])
    for name, regex in (("slow", r"(?:a|aa)+!c"), ("fine", r"TK-\d{4}")):
        registry.add_recognizer(
            PatternRecognizer(name.upper(), name=name, patterns=[Pattern(name, regex, 0.6)])
        )
    return EntityScanner(make_analyzer(registry))
