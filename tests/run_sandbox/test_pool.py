"""The pool: every submitted document ends in exactly one result, whatever happens around it."""

from __future__ import annotations

import collections
import contextlib
import os
import random
import signal
import threading
import time

import pytest

from scanner.model.document import Document
from scanner.model.errors import KeyMissing, LeakscanError
from scanner.model.outcome import Coverage, Outcome
from scanner.run.sandbox.pool import Pool
from scanner.settings import load_settings

MOCK = ("mock_parser:DETECTOR",)


def processes(pool: Pool) -> list[int]:
    workers = list(pool._supervisor._crew.workers)
    return [worker.process.pid for worker in workers if worker.process.pid and not worker.hung_up]


def zygote(pool: Pool) -> int:
    return pool._supervisor._crew._launcher._process.pid


def outcomes(results) -> collections.Counter[str]:
    return collections.Counter(o[0].outcome.reason for _, o in results)


def test_killing_workers_at_random_loses_and_doubles_nothing(home, quick_settings, mock) -> None:
    documents = [mock("text LEAK", "sleep 0.004", f"text {n}") for n in range(300)]
    results = []
    dice = random.Random(20)
    with Pool(home, quick_settings, workers=2, detectors=MOCK) as pool:
        killed = 0
        for result in pool.run(documents):
            results.append(result)
            if killed < 20 and len(results) >= (killed + 1) * 12:
                pids = processes(pool)
                if pids:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(dice.choice(pids), signal.SIGKILL)
                        killed += 1
        assert killed == 20
        assert pool.counts["workers"] >= 22
    assert sorted(d.uri for d, _ in results) == sorted(d.uri for d in documents)
    assert set(outcomes(results)) <= {"", "crash:SIGKILL"}
    assert all(o[0].findings[0].records == 1 for _, o in results if not o[0].outcome.reason)


def test_killing_the_zygote_loses_and_doubles_nothing(home, quick_settings, mock) -> None:
    documents = [mock("text LEAK", "sleep 0.004", f"text {n}") for n in range(100)]
    results = []
    with Pool(home, quick_settings, workers=2, detectors=MOCK) as pool:
        for result in pool.run(documents):
            results.append(result)
            if len(results) in (20, 60):
                os.kill(zygote(pool), signal.SIGKILL)
        assert pool.counts["relaunched"] == 2
    assert sorted(d.uri for d, _ in results) == sorted(d.uri for d in documents)
    assert outcomes(results) == {"": 100}


def test_a_zygote_that_dies_again_and_again_is_an_error_and_not_a_hang(
    home, quick_settings, mock
) -> None:
    pool = Pool(home, quick_settings, workers=1, detectors=MOCK)
    with pool, pytest.raises(LeakscanError, match="could not be kept running"):
        for _ in pool.run(mock(f"text {n}") for n in range(10_000)):
            os.kill(zygote(pool), signal.SIGKILL)
            time.sleep(0.05)


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("REFUSES", KeyMissing, "the index key is missing: put it back"),
        ("BREAKS", LeakscanError, "RuntimeError in mock_parser.py, line"),
    ],
)
def test_a_detector_that_cannot_be_opened_is_an_error(
    home, quick_settings, mock, name, kind, text
) -> None:
    with (
        Pool(home, quick_settings, workers=1, detectors=(f"mock_parser:{name}",)) as pool,
        pytest.raises(kind, match=text) as caught,
    ):
        list(pool.run([mock("text")]))
    assert "CANARY" not in str(caught.value)


def test_documents_are_taken_only_as_there_is_room(pool, mock) -> None:
    pulled = 0

    def source():
        nonlocal pulled
        for n in range(150):
            pulled += 1
            yield mock(f"text {n}")

    ahead = []
    for done, _ in enumerate(pool.run(source())):
        ahead.append(pulled - done)
    assert len(ahead) == 150
    assert max(ahead) <= pool.window + 1


def test_threads_may_submit_together(pool, mock) -> None:
    groups = [[mock(f"text LEAK {n} {k}") for n in range(20)] for k in range(4)]
    lock, taken = threading.Lock(), []

    def done(document, objects) -> None:
        with lock:
            taken.append((document.uri, objects[0].findings[0].records))

    threads = [
        threading.Thread(target=lambda g=group: [pool.submit(d, done) for d in g])
        for group in groups
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while len(taken) < 80:
        time.sleep(0.01)
    assert sorted(taken) == sorted((d.uri, 1) for group in groups for d in group)


def test_what_cannot_be_opened_has_its_reason(pool, mock, tmp_path) -> None:
    gone = mock("text")
    os.unlink(gone.path)
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "in").symlink_to(tmp_path)
    cases = {
        gone.path: "unreadable:ENOENT",
        os.fsencode(tmp_path / "fifo"): "special",
        os.fsencode(tmp_path / "link"): "link",
        os.fsencode(tmp_path / "in" / "mock0.bin"): "link",
        os.fsencode(tmp_path): "special",
        b"/dev/zero": "special",
    }
    results = list(pool.run([Document(os.fsdecode(path), path) for path in cases]))
    assert {d.path: o[0].outcome for d, o in results} == {
        path: Outcome.skipped(reason) for path, reason in cases.items()
    }


def test_bytes_without_a_path_come_as_a_descriptor(pool) -> None:
    fd = os.memfd_create("mail")
    os.write(fd, b"MOCK\ntext LEAK")
    taken = []
    pool.submit(Document("mail:1"), lambda d, o: taken.append(o[0]), fd=fd)
    while not taken:
        time.sleep(0.01)
    assert taken[0].findings[0].records == 1


def changing(path: bytes, seconds: float) -> threading.Thread:
    def change() -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with open(path, "ab") as out:
                out.write(b"\ntext LEAK")
            time.sleep(0.02)

    thread = threading.Thread(target=change)
    thread.start()
    return thread


def test_a_document_that_changes_once_is_read_again(pool, mock) -> None:
    document = mock("text LEAK", "sleep 0.4")
    thread = changing(document.path, 0.2)
    ((_, objects),) = pool.run([document])
    thread.join()
    assert objects[0].outcome == Outcome()
    assert objects[0].stable
    assert objects[0].findings[0].records > 2


def test_a_document_that_goes_on_changing_is_unstable(pool, mock) -> None:
    document = mock("text LEAK", "sleep 0.3")
    thread = changing(document.path, 1.2)
    ((_, objects),) = pool.run([document])
    thread.join()
    assert objects[0].outcome == Outcome.partial("unstable")
    assert not objects[0].stable
    assert objects[0].findings


def test_content_that_kills_workers_kills_no_more_of_them(home, quick_settings, mock) -> None:
    documents = [mock("text LEAK", "segv") for _ in range(8)]
    with Pool(home, quick_settings, workers=1, detectors=MOCK) as pool:
        results = list(pool.run(documents))
        assert pool.counts["crash:SIGSEGV"] == 2  # the first try and the second, of one document
    assert outcomes(results) == {"crash:SIGSEGV": 8}
    assert [o[0].findings[0].records for _, o in results] == [1] * 8


def test_a_worker_that_swells_is_replaced(home, quick_settings, mock) -> None:
    documents = [mock("swell", f"text {n}") for n in range(6)]
    with Pool(home, quick_settings, workers=1, detectors=MOCK) as pool:
        results = list(pool.run(documents))
        assert "retried" not in pool.counts  # replaced before the memory ran out
    assert outcomes(results) == {"": 6}


def test_memory_that_others_used_up_is_no_reason(home, quick_settings, mock) -> None:
    documents = [mock("text LEAK"), mock("oom-once", "text LEAK")]
    with Pool(home, quick_settings, workers=1, detectors=MOCK) as pool:
        results = list(pool.run(documents))
        assert pool.counts["retried"] == 1
    assert outcomes(results) == {"": 1, "memory": 1}


def test_cancelling_ends_everything_once(home, quick_settings, mock) -> None:
    documents = [mock("text LEAK", f"sleep 0.{n % 3 + 1}") for n in range(8)]
    results = []
    with Pool(home, quick_settings, workers=2, detectors=MOCK) as pool:
        for document in documents:
            pool.submit(document)
        pool.close_intake()
        for result in pool.results():
            results.append(result)
            if len(results) == 2:
                pool.cancel()
        (after,) = pool.run([mock("text LEAK")])
        assert after[1][0].outcome == Outcome()
    assert sorted(d.uri for d, _ in results) == sorted(d.uri for d in documents)
    assert set(outcomes(results)) == {"", "cancelled"}


def test_closing_leaves_no_process(home, quick_settings, mock) -> None:
    with Pool(home, quick_settings, workers=2, detectors=MOCK) as pool:
        pool.submit(mock("hang-c"), lambda *_: None)
        list(pool.run([mock("text")]))
        pids = [zygote(pool), *processes(pool)]
    deadline = time.monotonic() + 5
    while any(os.path.exists(f"/proc/{pid}") for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [pid for pid in pids if os.path.exists(f"/proc/{pid}")] == []


def test_nothing_a_worker_prints_is_shown(run, capfd) -> None:
    (one,) = run("output 3", "segv")
    assert one.outcome.coverage is Coverage.SKIPPED
    assert capfd.readouterr() == ("", "")


def test_no_descriptor_is_lost(home, quick_settings, mock) -> None:
    held = []
    for _ in range(3):
        with Pool(home, quick_settings, workers=2, detectors=MOCK) as pool:
            list(pool.run([mock("text"), mock("segv"), mock("exit 1"), mock("text a", "close")]))
        time.sleep(0.1)
        held.append(len(os.listdir("/proc/self/fd")))
    assert held[1] == held[2]


def test_copies_of_content_that_hangs_wait_for_its_end(home, mock) -> None:
    settings = load_settings(deadline_seconds=1.5, worker_memory_mib=512)
    documents = [mock("text LEAK", "sleep 3600") for _ in range(12)]
    with Pool(home, settings, workers=2, detectors=MOCK) as pool:
        results = list(pool.run(documents))
        assert pool.counts["timeouts"] < 6
    assert outcomes(results) == {"timeout": 12}
    assert [o[0].findings[0].records for _, o in results] == [1] * 12


def test_sleeping_documents_hold_up_no_others(home, mock) -> None:
    """More documents that sleep than there are places: the others are through before them."""
    settings = load_settings(deadline_seconds=30, worker_memory_mib=512)
    sleepers = [mock(f"text {n}", "sleep 4") for n in range(8)]
    others = [mock("text LEAK", f"text {n}") for n in range(100)]
    with Pool(home, settings, workers=2, detectors=MOCK) as pool:
        order = [d.uri for d, _ in pool.run([*sleepers, *others])]
    slow = {d.uri for d in sleepers}
    assert sorted(order) == sorted(d.uri for d in [*sleepers, *others])
    assert set(order[-8:]) == slow
