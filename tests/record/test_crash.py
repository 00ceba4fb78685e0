"""Killed or failing at any moment: nothing acknowledged is lost, nothing is doubled."""

from __future__ import annotations

import errno
import os
import random
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scanner.home import Home, open_home
from scanner.model.document import Channel, Document, Provenance
from scanner.model.errors import StoreError
from scanner.model.incident import Incident
from scanner.model.outcome import Outcome
from scanner.record import anchor as anchor_module
from scanner.record.flatten import incident_id
from scanner.record.inventory import Inventory
from scanner.record.store import Store
from scanner.record.verify import verify_store

Make = Callable[..., Incident]
KILLS = 30
ALL_KILLS = 2_000
VERSION = "index 1"

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def numbered(make: Make, number: int) -> Incident:
    incident = make(number)
    if number % 5 == 0:
        mail = Provenance(Channel.MAIL)
        incident = make(number, document__provenance=mail, event__recipients=(f"{number}@x",))
    return incident


def signed(incident: Incident) -> Document:
    document = incident.document
    return Document(document.uri, document.path, document.size, document.provenance, "1")


def work(home: Home, make: Make, first: int, acks: int) -> None:
    """Record incidents in growing batches, each acknowledged on the pipe; never returns."""
    with Store.open(home) as store, Inventory.open(home, store) as inventory:
        number, size = first, 1
        while True:
            batch = [numbered(make, number + step) for step in range(size)]
            store.record(batch, scan_id="s")
            for incident in batch:
                inventory.mark(signed(incident), VERSION, Outcome())
            if size == 4:
                inventory.flush()
            os.write(acks, b"".join(f"{number + step}\n".encode() for step in range(size)))
            number += size
            size = size % 4 + 1


def killed_once(
    home: Home, make: Make, first: int, after: float, *, wait: bool = False
) -> list[int]:
    """The numbers acknowledged before the child was killed.

    It is killed `after` seconds, with `wait` counted from its first acknowledgement.
    """
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(read_end)
            work(home, make, first, write_end)
        finally:
            os._exit(1)
    os.close(write_end)
    head = os.read(read_end, 1) if wait else b""
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(read_end, "rb") as stream:
        lines = (head + stream.read()).split(b"\n")
    return [int(line) for line in lines[:-1]]


def check(home: Home, make: Make, acknowledged: set[int]) -> None:
    with Store.open(home) as store:
        rows = [row[0] for row in store.select(events=True, gone=True).rows()]
        assert len(rows) == len(set(rows))
        wanted = {incident_id(numbered(make, number)) for number in acknowledged}
        assert wanted <= set(rows)
        assert verify_store(home) == []
        # What the inventory holds as examined has its incidents in the store.
        last = max(acknowledged, default=0) + 10
        documents = [signed(numbered(make, number)) for number in range(last)]
        with Inventory.open(home, store) as inventory:
            seen = inventory.unchanged(documents, VERSION)
        marked = {number for number in range(last) if seen[number] is not None}
        assert {incident_id(numbered(make, number)) for number in marked} <= set(rows)


def kill(home: Home, make: Make, trials: range) -> None:
    rng, acknowledged = random.Random(trials.start), set[int]()
    for trial in trials:
        first, after = 1 + max(acknowledged, default=0), rng.uniform(0.002, 0.08)
        acknowledged.update(killed_once(home, make, first, after, wait=trial % 2 == 0))
        if trial % 10 == 9:
            check(home, make, acknowledged)
    check(home, make, acknowledged)
    assert acknowledged


@needs_fork
def test_killed_at_random_moments(home: Home, make: Make) -> None:
    kill(home, make, range(KILLS))


@needs_fork
@pytest.mark.slow
def test_killed_two_thousand_times(tmp_path: Path, make: Make) -> None:
    for start in range(KILLS, ALL_KILLS, 100):
        home = open_home(tmp_path / f"home-{start}")
        kill(home, make, range(start, min(start + 100, ALL_KILLS)))


@needs_fork
def test_killed_while_the_store_is_made(tmp_path: Path, make: Make) -> None:
    rng = random.Random(7)
    for trial in range(10):
        home = open_home(tmp_path / f"home-{trial}")
        acknowledged = killed_once(home, make, 1, rng.uniform(0.0, 0.12))
        check(home, make, set(acknowledged))


@needs_fork
def test_writes_that_the_system_refuses_at_any_size(home: Home, make: Make) -> None:
    """Files may not grow beyond a random size: the store's, its log's, the inventory's."""
    import resource

    rng, acknowledged = random.Random(3), set[int]()
    Store.open(home).close()
    for _ in range(20):
        first = 1 + max(acknowledged, default=0)
        sizes = [path.stat().st_size for path in home.root.iterdir()]
        limit = rng.randrange(40_000, max(sizes) + 120_000)
        read_end, write_end = os.pipe()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.close(read_end)
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
                work(home, make, first, write_end)
            except StoreError as error:
                code = 0 if "\n" not in str(error) else 2
            finally:
                os._exit(code)
        os.close(write_end)
        with os.fdopen(read_end, "rb") as stream:
            lines = stream.read().split(b"\n")
        assert os.waitpid(child, 0)[1] == 0
        acknowledged.update(int(line) for line in lines[:-1])
        check(home, make, acknowledged)
    assert acknowledged


def test_a_full_disk_is_told_and_loses_nothing(home: Home, make: Make) -> None:
    with Store.open(home) as store:
        kept = store.record([make(number) for number in range(20)])
        engine = store._database.engine
        with engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreError, match="disk is full"):
            store.record([make(number) for number in range(20, 400)])
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        assert [row[0] for row in store.select().rows()] == sorted(
            kept, key=lambda one: store.get(one).cell("path")
        )
        assert verify_store(home) == []
        store.record([make(number) for number in range(20, 400)])
        assert store.select().count() == 400
    assert verify_store(home) == []


@pytest.mark.parametrize("call", ["write", "fsync", "lseek"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_an_anchor_that_cannot_be_written_is_told_and_mended(
    home: Home, make: Make, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    with Store.open(home) as store:
        store.record([make(1)])
        with monkeypatch.context() as patch:
            patch.setattr(anchor_module.os, call, refuse)
            with pytest.raises(StoreError, match="anchor"):
                store.record([make(2)])
        # The next opening anchors what the failure left past the anchor.
        assert (store._anchor.read() == store.head()) is (call == "fsync")
        with Store.open(home) as other:
            assert other._anchor.read() == other.head()
        # The caller was told no; doing it again doubles nothing.
        store.record([make(2)])
        assert store.select().count() == 2
    with Store.open(home):
        assert verify_store(home) == []


def test_short_writes_of_the_anchor_are_gone_on_with(
    home: Home, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    with Store.open(home) as store:
        monkeypatch.setattr(anchor_module.os, "write", lambda fd, data: real(fd, data[:7]))
        store.record([make(1)])
        monkeypatch.undo()
        assert store._anchor.read() == store.head()
    assert verify_store(home) == []


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anyway")
def test_a_read_only_store_is_told(home: Home, make: Make) -> None:
    with Store.open(home) as store:
        home.store.chmod(0o400)
        with pytest.raises(StoreError):
            store.record([make(1)])


def test_errors_never_hold_what_was_to_be_written(home: Home, make: Make) -> None:
    canary = "13800138000-canary"
    with Store.open(home, busy_seconds=0.05) as store:
        raw = sqlite3.connect(home.store)
        raw.execute("DROP TABLE record_ids")
        raw.commit()
        raw.close()
        with pytest.raises(StoreError) as told:
            store.record([make(1, finding__sample=canary, document__uri=f"/{canary}")])
        text = repr(told.value) + repr(told.value.__cause__) + str(told.value)
        assert canary not in text
        assert canary not in repr(make(1, finding__sample=canary))
