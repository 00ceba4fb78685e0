"""Several threads and processes with one store: nobody fails, nothing is lost or doubled."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from scanner.home import Home
from scanner.model.incident import Incident
from scanner.record.store import Store
from scanner.record.verify import verify_store

Make = Callable[..., Incident]


def test_threads_share_a_store(home: Home, store: Store, make: Make) -> None:
    def work(first: int) -> None:
        for number in range(first, first + 25):
            store.record([make(number), make(7)])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, (1000, 2000, 3000, 4000)))
    assert store.select().count() == 101
    assert verify_store(home) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_processes_share_a_home_from_its_first_moment(home: Home, make: Make) -> None:
    children = []
    for first in (1000, 2000, 3000):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                with Store.open(home) as store:
                    for number in range(first, first + 20):
                        store.record([make(number), make(7)])
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    with Store.open(home) as store:
        assert store.select().count() == 61
    assert verify_store(home) == []
