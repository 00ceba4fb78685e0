"""Entities per second: the compiled analyzer beside Presidio's own engine, in the same run.

Compared are, on the same made-up texts of seven kinds:

- "ours" and "engine": one registry (our recognisers) in the compiled analyzer and in Presidio's
  AnalyzerEngine, both with their defaults; the results must be the same, else the run fails;
- "+context" and "stock": our analyzer as we use it, with context words in any script, and
  AnalyzerEngine with the registry that Presidio brings for English, which is what its user gets;
  without tokens its context does nothing, so "plain" compares it with ours without context.

Times are CPU times of one process, best of five for ours. Fair, because the language engine does
nothing in any of them and the texts are the same; Presidio's is not given a language model, which
would only slow it down.

    python benchmarks/entities.py [--kilobytes 60] [--backend hyperscan|re2|re]
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
logging.disable(logging.CRITICAL)

from presidio_analyzer import AnalyzerEngine, RecognizerRegistry  # noqa: E402

from scanner.detect._entity.compiled import CompiledAnalyzer  # noqa: E402
from scanner.detect._entity.context import WindowContextEnhancer  # noqa: E402
from scanner.detect._entity.presidio import data_registry, no_network, no_op_engine  # noqa: E402
from tests.entities import corpora  # noqa: E402

THRESHOLD = 0.35


def cpu(call: Callable[[], object], times: int = 1) -> tuple[float, object]:
    """The least CPU seconds of several calls, and what the last one gave."""
    best, result = float("inf"), None
    for _ in range(times):
        start = time.process_time()
        result = call()
        best = min(best, time.process_time() - start)
    return best, result


def stock_engine() -> AnalyzerEngine:
    """AnalyzerEngine with Presidio's default recognisers for English."""
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers()
    registry.remove_recognizer("SpacyRecognizer")
    return AnalyzerEngine(registry=registry, nlp_engine=no_op_engine())


def corpus(kind: str, size: int) -> str:
    """About `size` characters of a kind."""
    rnd = random.Random(kind)
    text = ""
    while len(text) < size:
        text += corpora.make(kind, rnd, 100) + "\n"
    return text[:size]


def main() -> int:
    """Print one line a kind; 1 where results differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kilobytes", type=int, default=60)
    parser.add_argument("--backend", default="")
    told = parser.parse_args()
    no_network()
    parts = {"registry": data_registry(), "nlp_engine": no_op_engine()}
    ours, same = CompiledAnalyzer(**parts, backend=told.backend), AnalyzerEngine(**parts)
    context = {**parts, "context_aware_enhancer": WindowContextEnhancer()}
    full = CompiledAnalyzer(**context, backend=told.backend)
    stock = stock_engine()
    ours.analyze("warm", "en")
    print(f"prefilter {ours.prefilter}; MB/s of UTF-8; ratio = ours / theirs")
    print(
        f"{'kind':9} {'ours':>8} {'engine':>10} {'ratio':>7} {'+context':>9} "
        f"{'stock':>8} {'plain':>7} {'ratio':>7} {'results':>8}"
    )
    wrong = False
    for kind in corpora.KINDS:
        text = corpus(kind, told.kilobytes * 1000)
        size = len(text.encode()) / 1e6
        a, found = cpu(lambda text=text: ours.analyze(text, "en", score_threshold=THRESHOLD), 5)
        b, wanted = cpu(lambda text=text: same.analyze(text, "en", score_threshold=THRESHOLD))
        c, _ = cpu(lambda text=text: stock.analyze(text, "en", score_threshold=THRESHOLD))
        d, _ = cpu(lambda text=text: full.analyze(text, "en", score_threshold=THRESHOLD), 5)
        wrong |= list(map(str, found)) != list(map(str, wanted))
        print(
            f"{kind:9} {size / a:8.1f} {size / b:10.2f} {b / a:6.1f}x {size / d:9.1f} "
            f"{size / c:8.3f} {c / a:6.0f}x {c / d:6.0f}x {len(found):8}"
        )
    print("results differ" if wrong else "same results everywhere")
    return int(wrong)


if __name__ == "__main__":
    raise SystemExit(main())
