"""The user's own term lists and token rules, by spaCy's PhraseMatcher and EntityRuler.

A file of a home's folder `recognisers/terms`:

    type = "PROJECT_NAME"
    terms = ["Falcon Ridge", "海燕计划"]     found as they stand, in any case
    [[rules]]                               optional: token patterns of spaCy's EntityRuler
    pattern = [{LOWER = "project"}, {IS_TITLE = true}]
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from presidio_analyzer import EntityRecognizer, RecognizerResult

from scanner.detect._entity.pipelines import chunks
from scanner.model.errors import PackError

_SCORE = 0.85
_CHUNK = 200_000  # spaCy takes no text over a million characters
_OVERLAP = 200
_KEYS = frozenset({"type", "terms", "rules"})


@dataclass(frozen=True, slots=True)
class TermList:
    """One file of terms."""

    type: str
    terms: tuple[str, ...]
    rules: tuple[tuple[dict[str, Any], ...], ...] = ()


def read_terms(file: Path) -> TermList:
    """The terms of a file. Raises PackError naming the file and the key."""
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PackError(f"{file}: {error}") from None
    if unknown := set(table) - _KEYS:
        raise PackError(f"{file}: {min(unknown)}: there is no such key")
    terms = [str(term).strip() for term in table.get("terms", [])]
    rules = [tuple(rule.get("pattern", ())) for rule in table.get("rules", [])]
    if not table.get("type") or not (terms or rules) or not all(terms) or not all(rules):
        raise PackError(f"{file}: a type and terms (or rules with a pattern) are needed")
    return TermList(str(table["type"]), tuple(terms), tuple(rules))


class TermsRecogniser(EntityRecognizer):
    """Finds the terms of the user's lists; blank pipelines only, so nothing has to be installed."""

    def __init__(self, lists: list[TermList], language: str = "en") -> None:
        self._lists = lists
        self._ready: tuple[Any, Any, Any] | None = None
        super().__init__(
            supported_entities=sorted({one.type for one in lists}),
            name="terms",
            supported_language=language,
        )

    def load(self) -> None:
        """Nothing yet: the matchers are built at the first text."""

    def _matchers(self) -> tuple[Any, Any, Any]:
        if self._ready is None:
            import spacy
            from spacy.matcher import PhraseMatcher

            characters = spacy.blank("zh")  # one token a character: finds terms inside running Han
            phrases = PhraseMatcher(characters.vocab, attr="LOWER")
            ruled: Any = None
            for one in self._lists:
                if one.terms:
                    phrases.add(one.type, [characters.make_doc(term) for term in one.terms])
            rules = [
                {"label": one.type, "pattern": list(pattern)}
                for one in self._lists
                for pattern in one.rules
            ]
            if rules:
                ruled = spacy.blank("en")
                ruler: Any = ruled.add_pipe("entity_ruler", config={"validate": True})
                try:
                    ruler.add_patterns(rules)
                except ValueError as error:
                    raise PackError(f"a rule of the term lists is wrong: {error}") from None
            self._ready = (characters, phrases, ruled)
        return self._ready

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> list[Any]:
        """Every place where a term stands or a rule holds."""
        characters, phrases, ruled = self._matchers()
        found: set[tuple[str, int, int]] = set()
        for start, piece in chunks(text, _CHUNK):
            read = piece + text[start + len(piece) : start + len(piece) + _OVERLAP]
            doc = characters.make_doc(read)
            for key, first, last in phrases(doc):
                span = doc[first:last]
                place = (start + span.start_char, start + span.end_char)
                if _stands_alone(text, *place):
                    found.add((characters.vocab.strings[key], *place))
            if ruled is not None:
                for span in ruled(read).ents:
                    found.add((span.label_, start + span.start_char, start + span.end_char))
        return [
            RecognizerResult(
                entity_type=kind,
                start=start,
                end=end,
                score=_SCORE,
                recognition_metadata={
                    RecognizerResult.RECOGNIZER_NAME_KEY: "terms",
                    RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
                },
            )
            for kind, start, end in sorted(found, key=lambda one: one[1:])
            if not entities or kind in entities
        ]


def _stands_alone(text: str, start: int, end: int) -> bool:
    """False where a Latin term is only a part of a longer word."""

    def latin(char: str) -> bool:
        return char.isascii() and (char.isalnum() or char == "_")

    before = start > 0 and latin(text[start - 1]) and latin(text[start])
    after = end < len(text) and latin(text[end]) and latin(text[end - 1])
    return not before and not after
