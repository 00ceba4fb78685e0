"""Scan records, objects not read whole, custody and measures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scanner.home import Home
from scanner.model.document import Document
from scanner.model.errors import UsageError
from scanner.model.examined import Examined
from scanner.model.outcome import Outcome
from scanner.model.recorded import ScanStart, Totals
from scanner.record.inventory import Inventory
from scanner.record.store import Store
from scanner.record.verify import verify_store

BEGUN = ScanStart(
    roots=("/share", "smb://host/销售"),
    operator="officer",
    host="scan-1",
    scanner_version="0.1.0",
    registry_version="7",
    index_version="3",
    pack_version="2026.1",
    config_sha256="c" * 64,
    isolation="landlock, seccomp",
)
TOTALS = Totals(10, 12, 1, 2, 4, 1 << 20, 3.5, (("damaged", 1), ("encrypted", 2)))


def opened(name: str, *outcomes: Outcome) -> tuple[Document, list[Examined]]:
    document = Document(uri=name, path=name.encode(), size=5)
    inner = ["", *(f"m{number}" for number in range(1, len(outcomes)))]
    objects = [
        Examined(where, "zip", 5, "", outcome, segments=2, seconds=0.25)
        for where, outcome in zip(inner, outcomes, strict=True)
    ]
    return document, objects


def test_every_scan_leaves_a_record(home: Home, store: Store) -> None:
    clean = store.start_scan(BEGUN)
    cut_short = store.start_scan(replace(BEGUN, roots=("/other",)))
    store.finish_scan(clean, TOTALS, incidents=0)
    first, second = store.select().scans()
    assert (first.id, second.id) == (clean, cut_short)
    assert first.start == BEGUN
    assert first.totals == TOTALS
    assert first.state == "complete"
    assert first.clock_source.startswith("system clock")
    assert first.started_at <= first.ended_at
    assert (second.state, second.ended_at) == ("running", "")
    assert [scan.id for scan in store.select(scan_id=clean).scans()] == [clean]
    assert verify_store(home) == []
    with pytest.raises(UsageError):
        store.finish_scan("none", TOTALS)


def test_totals_add_up_or_are_of_one_scan(store: Store) -> None:
    ids = [store.start_scan(BEGUN) for _ in range(2)]
    for scan_id in ids:
        store.finish_scan(scan_id, TOTALS)
    assert store.select(totals_scan=ids[0]).totals() == TOTALS
    both = store.select().totals()
    assert (both.documents, both.skipped, both.bytes) == (20, 4, 2 << 20)
    assert both.reasons == (("damaged", 2), ("encrypted", 4))


def test_unread_objects_stand_as_long_as_they_are_not_read(store: Store) -> None:
    bad = opened("/s/a.zip", Outcome(), Outcome.skipped("encrypted"), Outcome.partial("damaged"))
    other = opened("/s/b", Outcome.skipped("unsupported"))
    store.record(examined=[bad, other, opened("/s/c", Outcome())], scan_id="s1")
    told = [(one.path, one.coverage, one.reason) for one in store.select().unread()]
    assert told == [
        ("/s/a.zip!m1", "SKIPPED", "encrypted"),
        ("/s/a.zip!m2", "PARTIAL", "damaged"),
        ("/s/b", "SKIPPED", "unsupported"),
    ]
    store.record(examined=[opened("/s/a.zip", Outcome())], scan_id="s2")
    assert [one.path for one in store.select().unread()] == ["/s/b"]
    assert [one.path for one in store.select(under=("/s/c",)).unread()] == []
    assert [one.path for one in store.select(scan_id="s1").unread()] == ["/s/b"]


def test_a_document_read_whole_costs_no_commit(store: Store) -> None:
    before = store.head()
    store.record(examined=[opened("/s/c", Outcome())])
    assert store.head() == before


def test_custody_and_measures_are_kept_and_chained(home: Home, store: Store) -> None:
    store.log_custody("li.na", "reveal", "incident 1", "for the file", page=2)
    (entry,) = store.select().custody()
    assert (entry.who, entry.action, entry.reason, entry.detail) == (
        *("li.na", "reveal", "for the file"),
        '{"page":2}',
    )
    number = store.begin_measure("watch", "watching /share", host="h", operator="o")
    (going,) = store.select().measures()
    assert going.open
    store.beat_measure(number)
    store.beat_measure(number, end=True)
    scan = store.start_scan(BEGUN)
    store.finish_scan(scan, TOTALS)
    watch, scanned = store.select().measures()
    assert not watch.open
    assert watch.started_at <= watch.ended_at
    assert (scanned.kind, scanned.operator) == ("scan", "officer")
    assert scanned.text == '["/share", "smb://host/销售"]'
    with pytest.raises(UsageError):
        store.beat_measure(99)
    assert verify_store(home) == []


def test_unread_objects_of_what_is_no_longer_there_can_be_told(home: Home, store: Store) -> None:
    """A link or a refused folder is in no inventory: what a whole scan did not note is gone."""
    here, refused = (
        opened("/s/here", Outcome.skipped("damaged")),
        opened("/s/refused", Outcome.skipped("unreadable:EACCES")),
    )
    marked = replace(here[0], signature="1")
    with Inventory.open(home, store) as inventory:
        store.record(examined=[here, refused, opened("/t/x", Outcome.skipped("link"))], scan_id="1")
        inventory.mark(marked, "v", Outcome.skipped("damaged"))
    with Inventory.open(home, store) as inventory:
        assert inventory.unchanged([marked], "v") != [None]
        old = list(store.old_unread("2", ("/s",)))
        assert sorted(old) == [b"/s/here", b"/s/refused"]
        gone = set(old) - inventory.walked(old)
        assert gone == {b"/s/refused"}
    store.settle("2", [], gone)
    assert [one.path for one in store.select().unread()] == ["/s/here", "/t/x"]
