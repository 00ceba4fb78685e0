"""Items made ahead come in their order, with what broke them off, and no thread stays behind."""

from __future__ import annotations

import threading

import pytest

from scanner.run.ahead import ahead


def ahead_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "reading ahead"]


def test_every_item_comes_in_order():
    assert list(ahead(iter(range(1000)))) == list(range(1000))
    assert list(ahead([])) == []
    assert not ahead_threads()


def test_an_error_comes_after_the_items_before_it():
    def items():
        yield 1
        yield 2
        raise ValueError("third")

    seen = []
    with pytest.raises(ValueError, match="third"):
        for item in ahead(items()):
            seen.append(item)
    assert seen == [1, 2]
    assert not ahead_threads()


def test_no_more_are_made_than_may_wait():
    made = []

    def items():
        for number in range(100):
            made.append(number)
            yield number

    told = ahead(items(), most=2)
    assert next(told) == 0
    told.close()
    assert len(made) <= 5  # one given, two waiting, one to be put, one begun


def test_who_stops_early_closes_the_source_in_its_own_thread():
    closed = []

    def items():
        try:
            while True:
                yield threading.current_thread().name
        finally:
            closed.append(threading.current_thread().name)

    told = ahead(items())
    assert next(told) == "reading ahead"
    told.close()
    assert closed == ["reading ahead"]
    assert not ahead_threads()
