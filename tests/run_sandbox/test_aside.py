"""Documents that keep others waiting are set aside: nothing is lost, and none of them is starved."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from scanner.model.outcome import Outcome
from scanner.run.sandbox import aside, blackbox
from scanner.run.sandbox.aside import Aside, Usual, room_aside
from scanner.run.sandbox.pool import Pool
from scanner.settings import load_settings

MOCK = ("mock_parser:DETECTOR",)
linux = pytest.mark.skipif(sys.platform != "linux", reason="nobody is set aside elsewhere")


@linux
def test_documents_that_burn_the_processor_let_the_others_go_first(home, mock) -> None:
    settings = load_settings(deadline_seconds=2, worker_memory_mib=512)
    first = [mock("text LEAK", f"text {n}") for n in range(40)]
    hanging = [mock("text LEAK", f"text h{n}", "hang-c") for n in range(4)]
    others = [mock("text LEAK", f"text o{n}") for n in range(100)]
    with Pool(home, settings, workers=1, detectors=MOCK) as pool:
        results = list(pool.run([*first, *hanging, *others]))
        assert pool.counts["set-aside"] >= 4
        assert pool.counts["timeouts"] == 4
    order = [document.uri for document, _ in results]
    slow = {document.uri for document in hanging}
    assert sorted(order) == sorted(d.uri for d in [*first, *hanging, *others])
    assert set(order[-4:]) == slow
    for document, objects in results:
        wanted = Outcome.partial("timeout") if document.uri in slow else Outcome()
        assert objects[0].outcome == wanted
        assert objects[0].findings[0].records == 1


@linux
def test_a_slow_document_that_stood_longer_than_its_deadline_is_read_whole(home, mock) -> None:
    settings = load_settings(deadline_seconds=0.5, worker_memory_mib=512)
    first = [mock("burn 0.001", f"text {n}") for n in range(40)]
    slow = [mock("text LEAK", f"text s{n}", "burn 0.2", "text LEAK") for n in range(3)]
    others = [mock("burn 0.004", f"text o{n}") for n in range(300)]
    with Pool(home, settings, workers=1, detectors=MOCK) as pool:
        results = {d.uri: o[0] for d, o in pool.run([*first, *slow, *others])}
        assert pool.counts["set-aside"] >= 3
    assert {one.outcome for one in results.values()} == {Outcome()}
    assert [results[d.uri].findings[0].records for d in slow] == [2, 2, 2]
    assert len(results) == 343


@linux
def test_cancelling_ends_documents_that_stand_still_once(home, quick_settings, mock) -> None:
    first = [mock("text LEAK", f"text {n}") for n in range(40)]
    hanging = [mock("text LEAK", f"text h{n}", "hang-c") for n in range(6)]
    others = [mock(f"text o{n}") for n in range(20)]
    results = []
    with Pool(home, quick_settings, workers=1, detectors=MOCK) as pool:
        for result in pool.run([*first, *hanging, *others]):
            results.append(result)
            if len(results) == 60:
                pool.cancel()
        (after,) = pool.run([mock("text LEAK")])
        assert after[1][0].outcome == Outcome()
    ended = {d.uri: o[0].outcome.reason for d, o in results}
    assert len(results) == len(ended) == 66
    assert all(ended[d.uri] == ("cancelled" if d in hanging else "") for d, _ in results)


def test_what_is_usual_is_known_after_some_documents_and_follows_the_later_ones() -> None:
    usual = Usual()
    for _ in range(aside.ENOUGH - 1):
        usual.note(0.01)
    assert usual.beyond() == aside.FIRST
    usual.note(0.01)
    assert usual.beyond() == pytest.approx(aside.FACTOR * 0.01)
    for _ in range(10_000):
        usual.note(0.1)
    assert usual.beyond() == pytest.approx(aside.FACTOR * 0.1)
    for _ in range(10_000):
        usual.note(0.0)
    assert usual.beyond() == aside.LEAST


def test_those_that_stand_still_are_bounded_in_number_and_memory() -> None:
    def standing(count: int, held: int) -> list[SimpleNamespace]:
        return [SimpleNamespace(aside=Aside(since=1.0, held=held)) for _ in range(count)]

    moving = [SimpleNamespace(aside=Aside(held=1 << 40)) for _ in range(3)]
    assert room_aside([*moving, *standing(5, 10)], 1000) == aside.MAX_ASIDE - 5
    assert room_aside(standing(aside.MAX_ASIDE, 10), 10_000) == 0
    assert room_aside(standing(5, 200), 1001) > 0
    assert room_aside(standing(5, 200), 1000) == 0


def test_the_recorder_tells_when_a_job_began_only_of_that_job() -> None:
    page = bytearray(blackbox.SIZE)
    blackbox.begin(page, 1.25)
    blackbox.write(page, 7, "", [])
    blackbox.revoke(page, 9)
    blackbox.stood_still(page, 2.5)
    assert (blackbox.begun(page, 7), blackbox.begun(page, 8)) == (1.25, None)
    assert (blackbox.stood(page), blackbox.revoked(page)) == (2.5, 9)
