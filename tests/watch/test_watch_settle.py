"""The settle queue and the journal by themselves."""

from __future__ import annotations

import sqlite3
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model.errors import HomeError
from scanner.watch.journal import Journal
from scanner.watch.settle import LONGEST_WAIT, SettleQueue


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def paths(taken) -> list[bytes]:
    return [one.path for one in taken]


def test_a_path_is_due_after_its_delay_and_a_later_touch_moves_it():
    clock = Clock()
    queue = SettleQueue(clock=clock)
    queue.touch(b"a", 0.3)
    queue.touch(b"b", 0.02)
    clock.now += 0.05
    assert paths(queue.take(10)) == [b"b"]
    queue.touch(b"a", 0.3)
    clock.now += 0.28
    assert queue.take(10) == []
    clock.now += 0.05
    assert paths(queue.take(10)) == [b"a"]
    assert len(queue) == 0


def test_touches_without_end_cannot_put_a_path_off_for_ever():
    clock = Clock()
    queue = SettleQueue(clock=clock)
    for _ in range(int(LONGEST_WAIT / 0.1) + 20):
        queue.touch(b"busy", 0.3)
        if queue.take(1):
            break
        clock.now += 0.1
    else:
        pytest.fail("it never became due")
    assert clock.now - 1000.0 <= LONGEST_WAIT + 0.3


def test_more_than_it_may_hold_is_told_once_and_the_rest_is_kept():
    queue = SettleQueue(capacity=3, clock=Clock())
    assert [queue.touch(b"%d" % n, 0.0) for n in range(5)] == [True, True, True, False, False]
    assert queue.touch(b"1", 0.0)
    assert queue.full and queue.take_overflow() and not queue.take_overflow()
    assert sorted(paths(queue.take(10))) == [b"0", b"1", b"2"]


def test_a_touch_while_a_path_is_out_is_not_lost():
    clock = Clock()
    queue = SettleQueue(clock=clock)
    queue.touch(b"a", 0.0)
    (out,) = queue.take(1)
    queue.touch(b"a", 0.0)
    queue.put_back(out, 60.0)
    assert paths(queue.take(1)) == [b"a"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from([0.0, 0.02, 0.3])), max_size=80))
def test_every_path_touched_comes_out_exactly_once_in_the_end(touches):
    clock = Clock()
    queue = SettleQueue(clock=clock)
    for number, delay in touches:
        queue.touch(b"%d" % number, delay)
    clock.now += 10
    taken = paths(queue.take(1000))
    assert sorted(taken) == sorted({b"%d" % number for number, _ in touches})


def test_the_heap_stays_small_however_often_a_path_is_touched():
    queue = SettleQueue(clock=Clock())
    for _ in range(20_000):
        queue.touch(b"a", 0.3)
    assert len(queue._heap) <= 1100


def test_wait_ends_when_woken():
    queue = SettleQueue()
    thread = threading.Timer(0.05, queue.wake)
    thread.start()
    queue.wait(30.0)
    thread.join()


def test_what_was_flushed_is_there_after_a_crash_and_the_rest_is_not(tmp_path):
    journal = Journal(tmp_path)
    journal.examined(b"/r/a", "1")
    journal.flush()
    journal.examined(b"/r/b", "2")
    assert journal.signature(b"/r/b") == "2"
    again = Journal(tmp_path)
    assert (again.signature(b"/r/a"), again.signature(b"/r/b")) == ("1", "")
    journal.close()
    again.close()


def test_paths_under_a_folder_and_no_other(tmp_path):
    journal = Journal(tmp_path)
    inside = [b"/r/a", b"/r/a/\xff", b"/r/\xff\xfe", b"/r/z/y"]
    for path in [*inside, b"/r2/a", b"/r", b"/q/a", b"/r0"]:
        journal.examined(path, "1")
    journal.flush()
    assert list(journal.paths_under(b"/r", batch=2)) == sorted(inside)
    journal.forget(b"/r/a")
    journal.flush()
    assert b"/r/a" not in list(journal.paths_under(b"/r"))
    journal.close()


def test_a_message_for_the_same_incident_is_sent_once(tmp_path):
    journal = Journal(tmp_path)
    journal.post("webhook", "I1", "{}")
    journal.post("webhook", "I1", "{}")
    journal.post("command", "I1", "{}")
    assert journal.unsent_count() == 2
    first = journal.unsent()[0]
    journal.not_sent(first, 3600)
    assert len(journal.unsent()) == 1
    journal.sent(first)
    journal.post("webhook" if first.target == "webhook" else "command", "I1", "{}")
    assert journal.unsent_count() == 1
    journal.close()


def test_a_journal_that_another_process_holds_is_a_clear_error(tmp_path, monkeypatch):
    journal = Journal(tmp_path)
    journal._db.execute("PRAGMA busy_timeout=10")
    other = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    journal.examined(b"/a", "1")
    with pytest.raises(HomeError, match="cannot be written"):
        journal.flush()
    other.execute("ROLLBACK")
    journal.flush()
    assert journal.signature(b"/a") == "1"
    other.close()
    journal.close()
