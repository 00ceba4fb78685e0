"""Workers that are interpreters of their own, as on systems where forking is not safe."""

from __future__ import annotations

import collections
import os

import pytest

from scanner.model.errors import KeyMissing
from scanner.run.sandbox.pool import Pool

MOCK = ("mock_parser:DETECTOR",)


def test_results_and_reasons_are_the_same(home, quick_settings, mock) -> None:
    documents = [
        *(mock("text LEAK", f"text {n}") for n in range(20)),
        mock("text LEAK", "segv"),
        mock("text LEAK", "exit 3"),
        mock("text LEAK", "close"),
    ]
    with Pool(home, quick_settings, workers=2, detectors=MOCK, spawn=True) as pool:
        results = list(pool.run(documents))
        assert pool.isolation_report()[0]["level"] == "full"
        pids = [worker.process.pid for worker in pool._supervisor._crew.workers]
    told = collections.Counter(objects[0].outcome.reason for _, objects in results)
    assert told == {"": 20, "crash:SIGSEGV": 1, "crash:exit-3": 1, "crash:closed-socket": 1}
    assert all(objects[0].findings[0].records == 1 for _, objects in results)
    assert [pid for pid in pids if os.path.exists(f"/proc/{pid}")] == []


def test_a_detector_that_cannot_be_opened_is_an_error(home, quick_settings, mock) -> None:
    detectors = ("mock_parser:REFUSES",)
    with (
        Pool(home, quick_settings, workers=1, detectors=detectors, spawn=True) as pool,
        pytest.raises(KeyMissing, match="put it back"),
    ):
        list(pool.run([mock("text")]))
