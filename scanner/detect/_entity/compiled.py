"""Presidio's analyzer with the same results, many times faster.

`CompiledAnalyzer` is an `AnalyzerEngine` over any registry. One prefilter pass over the text tells
where a recogniser's expressions can match at all; only there are the expression itself and the
recogniser's own validation run. Everything behind that (context, thresholds, duplicates) is
Presidio's own code.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import regex
from presidio_analyzer import (
    AnalyzerEngine,
    EntityRecognizer,
    PatternRecognizer,
    RecognizerRegistry,
    RecognizerResult,
)
from presidio_analyzer.context_aware_enhancers import LemmaContextAwareEnhancer
from presidio_analyzer.predefined_recognizers import IbanRecognizer, PhoneRecognizer

from scanner.detect._entity.classes import class_bytes, in_plane
from scanner.detect._entity.data import DataRecogniser
from scanner.detect._entity.engine import TIMEOUT_SECONDS, quick, watched
from scanner.detect._entity.gate import gate_of
from scanner.detect._entity.matches import Job, add_results, add_spans, ordered, without_doubles
from scanner.detect._entity.prefilter import make_prefilter

_LOW_SCORES = "_AnalyzerEngine__remove_low_scores"
_NAME_THEM = "_AnalyzerEngine__add_recognizer_id_if_not_exists"
_PLAIN_ENHANCERS: set[type] = set()
"""Enhancers that never look at the explanation of a result."""


class CompiledAnalyzer(AnalyzerEngine):
    """An AnalyzerEngine whose pattern recognisers run only where they can match.

    Takes what AnalyzerEngine takes; `backend` names a prefilter (hyperscan, re2, re), empty for
    the fastest installed. After `analyze`, `timed_out` names the patterns that did not finish.
    """

    def __init__(self, *args: Any, backend: str = "", **told: Any) -> None:
        super().__init__(*args, **told)
        self._plans: dict[tuple[int, ...], _Plan] = {}
        self._backend = backend
        self._source = self.registry
        self.registry: Any = _Facade(self._source, self)
        self.timed_out: set[str] = set()
        self.explain = True

    @property
    def prefilter(self) -> str:
        """The name of the prefilter in use, empty before the first text."""
        return next((plan.prefilter_name for plan in self._plans.values()), "")

    def analyze(  # type: ignore[override]
        self,
        text: str,
        language: str,
        entities: list[str] | None = None,
        correlation_id: str | None = None,
        score_threshold: float | None = None,
        return_decision_process: bool | None = False,
        ad_hoc_recognizers: list[EntityRecognizer] | None = None,
        context: list[str] | None = None,
        **told: Any,
    ) -> list[RecognizerResult]:
        """What AnalyzerEngine.analyze gives for the same registry."""
        self.timed_out = set()
        self.explain = True
        plain = not (ad_hoc_recognizers or self.log_decision_process or any(told.values()))
        try:
            if (
                plain
                and not return_decision_process
                and all(map(partial(hasattr, self), (_LOW_SCORES, _NAME_THEM)))
            ):
                return self._plainly(text, language, entities, score_threshold, context)
            return super().analyze(
                text,
                language,
                entities,
                correlation_id,
                score_threshold,
                return_decision_process,
                ad_hoc_recognizers,
                context,
                **told,
            )
        finally:
            for plan in self._plans.values():
                plan.forget()

    def _plainly(
        self,
        text: str,
        language: str,
        entities: list[str] | None,
        threshold: float | None,
        context: list[str] | None,
    ) -> list[RecognizerResult]:
        """The same steps as Presidio's for what is asked usually, without its slow ones."""
        recognisers = self.registry.get_recognizers(
            language=language, entities=entities, all_fields=not entities
        )
        wanted = entities or self.get_supported_entities(language=language)
        artifacts = self.nlp_engine.process_text(text, language)
        self.explain = any(map(_overrides, recognisers)) or not (
            type(self.context_aware_enhancer) in _PLAIN_ENHANCERS
            or self._nothing_to_enhance(artifacts, context)
        )
        results: list[RecognizerResult] = []
        for recogniser in recognisers:
            found = recogniser.analyze(text, wanted, artifacts)
            if found:
                if not isinstance(recogniser.inner, PatternRecognizer):
                    getattr(self, _NAME_THEM)(found, recogniser)
                results += found
        results = self._enhance_using_context(text, results, artifacts, recognisers, context)
        results = getattr(self, _LOW_SCORES)(results, threshold, recognisers)
        results = without_doubles(results)
        for result in results:
            result.analysis_explanation = None  # type: ignore[assignment]
        return results

    def _nothing_to_enhance(self, artifacts: Any, context: list[str] | None) -> bool:
        """True where there is neither a token nor a context word for Presidio's own enhancer."""
        lemmas = type(self.context_aware_enhancer) is LemmaContextAwareEnhancer
        return lemmas and not context and artifacts is not None and not len(artifacts.tokens)

    def plan(self, recognisers: list[EntityRecognizer]) -> list[_Stand]:
        """The stand-ins of recognisers, compiled together once."""
        key = tuple(map(id, recognisers))
        if key not in self._plans:
            self._plans[key] = _Plan(recognisers, self._backend, self)
        return self._plans[key].stands

    def _enhance_using_context(
        self,
        text: str,
        raw_results: list[RecognizerResult],
        nlp_artifacts: Any,
        recognizers: list[EntityRecognizer],
        context: list[str] | None = None,
    ) -> list[RecognizerResult]:
        """Presidio's own; without its loop over recognisers that have no step of their own.

        The lemma enhancer is left out where there is neither a token nor a context word: all it
        would do is copy.
        """
        if any(_overrides(recogniser) for recogniser in recognizers):
            return super()._enhance_using_context(
                text, raw_results, nlp_artifacts, recognizers, context
            )
        if self._nothing_to_enhance(nlp_artifacts, context):
            return raw_results
        return self.context_aware_enhancer.enhance_using_context(
            text=text,
            raw_results=raw_results,
            nlp_artifacts=nlp_artifacts,
            recognizers=recognizers,
            context=context,
        )


def _overrides(recogniser: EntityRecognizer) -> bool:
    inner = recogniser.inner if isinstance(recogniser, _Stand) else recogniser
    own = type(inner).enhance_using_context
    return own is not EntityRecognizer.enhance_using_context


class _Facade:
    """A registry whose recognisers are replaced by their stand-ins when asked for."""

    def __init__(self, registry: RecognizerRegistry, analyzer: CompiledAnalyzer) -> None:
        self._registry = registry
        self._analyzer = analyzer

    def get_recognizers(self, *args: Any, **told: Any) -> list[_Stand]:
        return self._analyzer.plan(self._registry.get_recognizers(*args, **told))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._registry, name)


class _Stand:
    """Stands in for a recogniser: same name, id and thresholds; analyses by the plan."""

    def __init__(self, inner: EntityRecognizer, plan: _Plan) -> None:
        self.inner = inner
        self._plan = plan

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> Any:
        return self._plan.analyze(self.inner, text, entities, nlp_artifacts)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class _Plan:
    """Recognisers compiled together, and what the prefilter said of the text in hand."""

    def __init__(
        self, recognisers: Sequence[EntityRecognizer], backend: str, analyzer: CompiledAnalyzer
    ) -> None:
        self._analyzer = analyzer
        self.stands = [_Stand(recogniser, self) for recogniser in recognisers]
        self._jobs: dict[int, list[Job]] = {}
        self._gated: list[Job] = []
        for recogniser in recognisers:
            self._add(recogniser)
        lines = max((job.gate.lines for job in self._gated), default=0)
        gates = [job.gate.expression or b"" for job in self._gated]
        self._prefilter = make_prefilter(gates, lines, backend) if gates else None
        self.prefilter_name = self._prefilter.name if self._prefilter else ""
        self._text: str | None = None
        self._data = b""
        self._quick = False

    def _add(self, recogniser: EntityRecognizer) -> None:
        plain = type(recogniser).analyze is PatternRecognizer.analyze
        if not isinstance(recogniser, PatternRecognizer):
            return
        if not plain and type(recogniser) is not IbanRecognizer:
            return
        told: Any = recogniser
        flags = told.global_regex_flags
        jobs = self._jobs.setdefault(id(recogniser), [])
        for pattern in told.patterns:
            gate = gate_of(pattern.regex, flags)
            expression = regex.compile(pattern.regex, flags=flags)
            job = Job(
                told, pattern, expression, gate, *_checks(recogniser), watched=watched(expression)
            )
            if getattr(recogniser, "quick", False):
                job.quick = quick(pattern.regex, flags)
            jobs.append(job)
            if gate.expression is not None:
                self._gated.append(job)

    def forget(self) -> None:
        """Drop the text in hand."""
        self._text = None
        for job in self._gated:
            job.ends, job.ranges = [], []

    def _read(self, text: str) -> None:
        if self._text is text:
            return
        self.forget()
        self._text = text
        self._data = class_bytes(text)
        self._quick = in_plane(text)
        if self._prefilter is None:
            return
        found = self._prefilter.spots(self._data)
        for job, ends, ranges in zip(self._gated, found.ends, found.ranges, strict=True):
            job.ends, job.ranges = sorted(ends), ranges

    def analyze(
        self, recogniser: EntityRecognizer, text: str, entities: list[str], artifacts: Any
    ) -> Any:
        """What the recogniser's own `analyze` gives."""
        if isinstance(recogniser, PhoneRecognizer):
            return _phones(recogniser, text, entities, artifacts)
        jobs = self._jobs.get(id(recogniser))
        if jobs is None:
            return recogniser.analyze(text=text, entities=entities, nlp_artifacts=artifacts)
        self._read(text)
        if type(recogniser).analyze is not PatternRecognizer.analyze:
            if all(not job.asked for job in jobs):
                return []
            return recogniser.analyze(text=text, entities=entities, nlp_artifacts=artifacts)
        results: list[RecognizerResult] = []
        for job in jobs:
            self._run(job, text, results)
        if len(jobs) == 1 or ordered(results):
            return results  # nothing in it can double; the order is made at the end
        return without_doubles(results)

    def _run(self, job: Job, text: str, results: list[RecognizerResult]) -> None:
        if not job.asked:
            return
        told = self._analyzer.explain
        search = job.watched
        if job.quick is not None and self._quick:
            search = job.quick
        found: list[tuple[int, int]] = []
        try:
            if job.gate.expression is None or not job.gate.reach.local:
                matches = job.expression.finditer(text, timeout=TIMEOUT_SECONDS)
                found.extend(match.span() for match in matches if match.end() > match.start())
            else:
                add_spans(job, text, search, self._data, found)
        except TimeoutError:
            self._analyzer.timed_out.add(f"{job.recogniser.name}: {job.pattern.name}")
        add_results(job, text, found, results, told=told)


def _checks(recogniser: PatternRecognizer) -> tuple[Any, Any]:
    """The recogniser's own validation and invalidation, None where it has none."""
    kind = type(recogniser)
    validate: Any = recogniser.validate_result
    if kind.validate_result is PatternRecognizer.validate_result:
        validate = None
    elif kind.validate_result is DataRecogniser.validate_result:
        validate = recogniser.validator  # type: ignore[attr-defined]
    own = kind.invalidate_result is not PatternRecognizer.invalidate_result
    return validate, recogniser.invalidate_result if own else None


def _phones(
    recogniser: PhoneRecognizer, text: str, entities: list[str], artifacts: Any
) -> list[RecognizerResult]:
    """The phone recogniser line by line: its matches never cross a line end."""
    digits = regex.compile(rf"(?:\d\D*){{{_least_digits(recogniser)}}}")
    results: list[RecognizerResult] = []
    start = 0
    for line in text.split("\n"):
        if digits.search(line):
            for result in recogniser.analyze(line, entities, artifacts):
                result.start += start
                result.end += start
                results.append(result)
        start += len(line) + 1
    return EntityRecognizer.remove_duplicates(results)


def _least_digits(recogniser: PhoneRecognizer) -> int:
    """The fewest digits of a number that the recogniser can report."""
    return 2 if (recogniser.leniency or 0) < 1 else 3
