"""Words around a match that make it more likely, in languages with and without blanks."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from presidio_analyzer import EntityRecognizer, RecognizerResult
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer

BEFORE, AFTER = 48, 16
_FACTOR, _LEAST = 0.35, 0.4


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
        words = {
            recogniser.id: tuple(recogniser.context) if recogniser.context else ()
            for recogniser in recognizers
        }
        for result in raw_results:
            if result.score >= self.MAX_SCORE:
                continue
            known = words.get(result.recognition_metadata["recognizer_identifier"], ())
            if not known:
                continue
            expression = _expression(known, tuple(context or ()))
            before = text[max(0, result.start - BEFORE) : result.start]
            after = text[result.end : result.end + AFTER]
            if expression.search(before) or expression.search(after):
                raised = max(result.score + self.context_similarity_factor, _LEAST)
                result.score = min(raised, self.MAX_SCORE)
        return raw_results


@lru_cache(maxsize=512)
def _expression(words: tuple[str, ...], more: tuple[str, ...]) -> re.Pattern[str]:
    latin = sorted({word for word in (*words, *more) if word.isascii()}, key=len, reverse=True)
    others = sorted({word for word in (*words, *more) if not word.isascii()}, key=len, reverse=True)
    parts = []
    if latin:
        inner = "|".join(map(re.escape, latin))
        parts.append(rf"(?<![0-9A-Za-z_])(?:{inner})(?![A-Za-z_])")
    parts += [re.escape(word) for word in others]
    return re.compile("|".join(parts), re.IGNORECASE)
