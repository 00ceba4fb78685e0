"""Words around a match that make it more likely, in languages with and without blanks."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any

from presidio_analyzer import EntityRecognizer, RecognizerResult
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer

from scanner.detect._entity.near import Places, places_of

BEFORE, AFTER = 48, 16
_FACTOR, _LEAST = 0.35, 0.4
_MANY = 8  # results; for more than that the words are found in one pass over the text


class WindowContextEnhancer(ContextAwareEnhancer):
    """Raises a score where one of the recogniser's context words stands near the match.

    Latin words must stand alone; words in Han are looked for as they are. It needs no tokens, so
    it works without any language model.
    """

    def __init__(self) -> None:
        super().__init__(
            context_similarity_factor=_FACTOR,
            min_score_with_context_similarity=_LEAST,
            context_prefix_count=BEFORE,
            context_suffix_count=AFTER,
        )

    def enhance_using_context(
        self,
        text: str,
        raw_results: list[RecognizerResult],
        nlp_artifacts: Any,
        recognizers: list[EntityRecognizer],
        context: list[str] | None = None,
    ) -> list[RecognizerResult]:
        """The same results, those with a context word near them with a higher score."""
        searches: dict[str, _Words] = {
            recogniser.id: _Words(recogniser, context)
            for recogniser in recognizers
            if recogniser.context
        }
        pending = []
        for result in raw_results:
            if result.score >= self.MAX_SCORE:
                continue
            identifier = result.recognition_metadata[RecognizerResult.RECOGNIZER_IDENTIFIER_KEY]
            if (words := searches.get(identifier)) is not None:
                pending.append((result, words))
        if len(pending) > _MANY:
            _place({id(words): words for _, words in pending}.values(), text)
        for result, words in pending:
            if words.near(text, result.start, result.end):
                raised = max(result.score + self.context_similarity_factor, _LEAST)
                result.score = min(raised, self.MAX_SCORE)
        return raw_results


class _Words:
    """The context words of one recogniser, and where in the text in hand they may stand."""

    __slots__ = ("_expression", "_places", "words")

    def __init__(self, recogniser: EntityRecognizer, more: list[str] | None) -> None:
        self.words = (*recogniser.context, *(more or ()))
        self._expression: re.Pattern[str] | None = None
        self._places: Places | None = None

    def place(self, places: Places) -> None:
        """Keep where they may stand."""
        self._places = places

    def near(self, text: str, start: int, end: int) -> bool:
        """True where a word stands just before `start` or just behind `end`."""
        places = self._places
        if places is not None and not (
            places.any_ends(start - BEFORE, start) or places.any_ends(end, end + AFTER)
        ):
            return False
        if self._expression is None:
            self._expression = _expression(self.words)
        search = self._expression.search
        return bool(search(text[max(0, start - BEFORE) : start]) or search(text[end : end + AFTER]))


def _place(groups: Collection[_Words], text: str) -> None:
    """Find the words of all groups in one pass, where that is possible."""
    found = places_of([group.words for group in groups], text)
    for group, places in zip(groups, found or (), strict=found is not None):
        group.place(places)


@lru_cache(maxsize=512)
def _expression(words: tuple[str, ...]) -> re.Pattern[str]:
    latin = sorted({word for word in words if word.isascii()}, key=len, reverse=True)
    others = sorted({word for word in words if not word.isascii()}, key=len, reverse=True)
    parts = []
    if latin:
        inner = "|".join(map(re.escape, latin))
        parts.append(rf"(?<![0-9A-Za-z_])(?:{inner})(?![A-Za-z_])")
    parts += [re.escape(word) for word in others]
    return re.compile("|".join(parts), re.IGNORECASE)
