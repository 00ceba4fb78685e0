"""Registered lists as a Presidio recogniser, for pipelines that already use Presidio.

Presidio is imported when the recogniser is made, not before.
"""

from __future__ import annotations

from typing import Any

from scanner.home import Home
from scanner.index.open import Index
from scanner.index.spans import value_spans

ENTITY = "REGISTERED_VALUE"


def registered_lists(home: Home, language: str = "en") -> Any:
    """An EntityRecognizer that finds the values of registered records.

    A value counts only where enough of its record stands around it, as in a scan. Results carry
    `dataset` and `column` in their recognition_metadata.
    Raises KeyMissing or IndexDamaged where the home's index cannot be used.
    """
    from presidio_analyzer import EntityRecognizer, RecognizerResult

    index = Index.open(home.index, home.key())
    index.prepare()

    class RegisteredLists(EntityRecognizer):
        """Exact data match behind Presidio's interface."""

        def load(self) -> None:
            """The index is open already."""

        def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> list[Any]:
            """The values of matched records."""
            return [
                RecognizerResult(
                    entity_type=ENTITY,
                    start=span.start,
                    end=span.end,
                    score=1.0,
                    recognition_metadata={
                        RecognizerResult.RECOGNIZER_NAME_KEY: "registered_lists",
                        RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
                        "dataset": span.dataset_id,
                        "column": span.column.name,
                    },
                )
                for span in value_spans(index.session(), text)
            ]

    return RegisteredLists(
        supported_entities=[ENTITY], name="registered_lists", supported_language=language
    )
