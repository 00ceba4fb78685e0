"""Recogniser files checked before they are used: expressions, speed, and their own examples."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import regex

from scanner.detect._entity.presidio import LANGUAGE, data_registry, make_analyzer
from scanner.detect._entity.recognisers import PatternSpec, RecogniserSpec, line_of
from scanner.detect._entity.scan import THRESHOLD
from scanner.detect._entity.sets import sre, sre_parser
from scanner.model.errors import PackError

_PUMPED = 4_000
_SECONDS = 1.0
_MARK = re.compile("«(.*?)»")
_FLAGS = regex.DOTALL | regex.MULTILINE


def check_specs(specs: Sequence[RecogniserSpec]) -> None:
    """Nothing where all is well; raises PackError naming file, line and example."""
    for spec in specs:
        for pattern in spec.patterns:
            _check_pattern(spec, pattern)
    if not specs:
        return
    analyzer = make_analyzer(data_registry(specs))
    for spec in specs:
        _check_examples(spec, analyzer)


def _wrong(spec: RecogniserSpec, value: str, what: str) -> PackError:
    line = 1
    if spec.file.is_file():
        line = line_of(spec.file.read_text(encoding="utf-8"), value)
    return PackError(f"{spec.file} line {line}: {spec.name}: {what}")


def _check_pattern(spec: RecogniserSpec, pattern: PatternSpec) -> None:
    try:
        compiled = regex.compile(pattern.regex, flags=_FLAGS)
    except regex.error as error:
        raise _wrong(spec, pattern.regex, f"{pattern.name}: {error}") from None
    for text, shown in _pumped(spec, pattern.regex):
        try:
            for _match in compiled.finditer(text, timeout=_SECONDS):
                pass
        except TimeoutError:
            what = f"{pattern.name}: takes more than {_SECONDS:.0f} s on {shown}"
            raise _wrong(spec, pattern.regex, what) from None


def _pumped(spec: RecogniserSpec, expression: str) -> Iterator[tuple[str, str]]:
    """(text, how to show it): what makes careless expressions slow."""
    bodies = ["a", "1", "a1", "-", " ", "a.", "1 ", "汉"]
    prefix = ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = sre_parser.parse(expression, re.DOTALL | re.MULTILINE)
        bodies += _repeated(tree)
        prefix = _sample(tree)
    except Exception:  # noqa: BLE001  syntax that only the `regex` library knows
        prefix = ""
    bodies += [_MARK.sub(r"\1", example) for example in spec.positive]
    for body in dict.fromkeys(bodies):
        if not body:
            continue
        times = max(2, _PUMPED // len(body))
        for front, tail in (("", "\x00"), (prefix, "!"), (prefix[:1], "@")):
            shown = f"{front!r} and {body!r} x {times} and {tail!r}"
            yield front + body * times + tail, shown


def _repeated(tree: Any) -> list[str]:
    """A sample of the inside of every repeat."""
    found: list[str] = []
    for op, argument in tree:
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            found.append(_sample(argument[2]))
            found += _repeated(argument[2])
        elif op is sre.SUBPATTERN:
            found += _repeated(argument[3])
        elif op is sre.BRANCH:
            for branch in argument[1]:
                found += _repeated(branch)
        elif op in (sre.ASSERT, sre.ASSERT_NOT):
            found += _repeated(argument[1])
    return found


def _sample(tree: Any) -> str:
    """A text that the sequence could match, roughly."""
    parts = []
    for op, argument in tree:
        if op is sre.LITERAL:
            parts.append(chr(argument))
        elif op is sre.IN:
            parts.append(_one_of(argument))
        elif op in (sre.ANY, sre.NOT_LITERAL):
            parts.append("a")
        elif op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            parts.append(_sample(argument[2]) * max(1, min(int(argument[0]), 20)))
        elif op is sre.SUBPATTERN:
            parts.append(_sample(argument[3]))
        elif op is sre.BRANCH:
            parts.append(_sample(argument[1][0]))
    return "".join(parts)


def _one_of(items: Any) -> str:
    for op, argument in items:
        if op is sre.LITERAL:
            return chr(argument)
        if op is sre.RANGE:
            return chr(argument[0])
        if op is sre.CATEGORY:
            return {sre.CATEGORY_DIGIT: "1", sre.CATEGORY_SPACE: " "}.get(argument, "a")
    return "a"


def _check_examples(spec: RecogniserSpec, analyzer: Any) -> None:
    for example in spec.positive:
        wanted, text = marked(example)
        if not wanted:
            raise _wrong(spec, example, f"no «value» is marked in the example {example!r}")
        found = _spans(spec, analyzer, text, of_others=True)
        for start, end in wanted:
            if (start, end) not in found:
                what = f"{text[start:end]!r} is not found in the example {example!r}"
                raise _wrong(spec, example, what)
    for example in spec.negative:
        if found := _spans(spec, analyzer, example, of_others=False):
            start, end = min(found)
            what = f"{example[start:end]!r} is found in the negative example {example!r}"
            raise _wrong(spec, example, what)


def marked(example: str) -> tuple[list[tuple[int, int]], str]:
    """The places of the marked values, and the example without its marks."""
    spans = [
        (match.start() - 2 * count, match.end() - 2 - 2 * count)
        for count, match in enumerate(_MARK.finditer(example))
    ]
    return spans, _MARK.sub(r"\1", example)


def _spans(
    spec: RecogniserSpec, analyzer: Any, text: str, *, of_others: bool
) -> set[tuple[int, int]]:
    results = analyzer.analyze(text, LANGUAGE, entities=[spec.type], score_threshold=THRESHOLD)
    return {
        (result.start, result.end)
        for result in results
        if of_others or result.recognition_metadata["recognizer_name"] == spec.name
    }
