"""Persons, organisations and places from spaCy pipelines that are installed; none is fetched."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterator
from typing import Any

from presidio_analyzer import EntityRecognizer, RecognizerResult

_PIPELINE = re.compile(r"(en|zh)_core_web_(?:sm|md|lg|trf)")
_HAN = re.compile(r"[\u3400-\u9fff]")
_TYPES = {
    "PERSON": "PERSON",
    "PER": "PERSON",
    "ORG": "ORGANIZATION",
    "GPE": "LOCATION",
    "LOC": "LOCATION",
    "FAC": "LOCATION",
}
_SCORE = 0.6
_CHUNK = 50_000
_BATCH = 8
_NOT_NEEDED = ("tagger", "parser", "senter", "lemmatizer", "attribute_ruler", "morphologizer")


def available_pipelines() -> dict[str, str]:
    """Installed trained pipelines by language, the largest of each; spaCy is not imported."""
    found: dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        name = str(distribution.metadata["Name"] or "").replace("-", "_")
        if match := _PIPELINE.fullmatch(name):
            size = "sm md lg trf".split().index(name.rpartition("_")[2])  # noqa: SIM905
            best = found.get(match[1], "")
            if not best or "sm md lg trf".split().index(best.rpartition("_")[2]) < size:  # noqa: SIM905
                found[match[1]] = name
    return found


class NamesRecogniser(EntityRecognizer):
    """Names in running text by trained pipelines: one for Chinese, one for everything else.

    `pipelines` maps "zh" and "en" to the name or folder of an installed pipeline, by default to
    what is installed. They are loaded at the first text; long texts go through in chunks.
    """

    def __init__(self, pipelines: dict[str, str] | None = None, language: str = "en") -> None:
        self.pipelines = available_pipelines() if pipelines is None else dict(pipelines)
        self._loaded: dict[str, Any] = {}
        super().__init__(
            supported_entities=sorted(set(_TYPES.values())),
            name="names",
            supported_language=language,
        )

    def load(self) -> None:
        """Nothing yet: a pipeline is loaded when a text needs it."""

    def _pipeline(self, text: str) -> Any:
        code = "zh" if len(_HAN.findall(text[:4000])) * 5 > min(len(text), 4000) else "en"
        name = self.pipelines.get(code)
        if name is None:
            return None
        if code not in self._loaded:
            import spacy

            self._loaded[code] = spacy.load(name, exclude=_NOT_NEEDED)
        return self._loaded[code]

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> list[Any]:
        """The names in the text, none where no pipeline is installed."""
        pipeline = self._pipeline(text)
        if pipeline is None:
            return []
        pieces = list(chunks(text, _CHUNK))
        results = []
        docs = pipeline.pipe((piece for _start, piece in pieces), batch_size=_BATCH)
        for (start, _piece), doc in zip(pieces, docs, strict=True):
            for span in doc.ents:
                kind = _TYPES.get(span.label_)
                if kind is None or (entities and kind not in entities):
                    continue
                results.append(self._result(kind, start + span.start_char, start + span.end_char))
        return results

    def _result(self, kind: str, start: int, end: int) -> RecognizerResult:
        return RecognizerResult(
            entity_type=kind,
            start=start,
            end=end,
            score=_SCORE,
            recognition_metadata={
                RecognizerResult.RECOGNIZER_NAME_KEY: "names",
                RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
            },
        )


def chunks(text: str, size: int) -> Iterator[tuple[int, str]]:
    """(start, piece) of at most `size` characters, cut at line ends where there are some."""
    start, total = 0, len(text)
    while start < total:
        end = min(total, start + size)
        if end < total:
            line = text.rfind("\n", start + size // 2, end)
            end = line + 1 if line > 0 else end
        yield start, text[start:end]
        start = end
