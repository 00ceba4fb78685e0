"""Tables larger than memory: runs on disk, taken up again; merging beside the work."""

from __future__ import annotations

import os
import random
from pathlib import Path

import numpy as np
import pytest

from scanner.index import kernel as kernel_module
from scanner.index import pairs as pairs_module
from scanner.index import spool
from scanner.index.build import build_dataset
from scanner.index.gather import behind
from scanner.index.merge import MOST_PARTS, merge_dataset, merge_is_due
from scanner.index.open import Index
from scanner.index.segment import Segment
from scanner.index.types import ColumnBatch
from scanner.index.update import remove_dataset, remove_records, update_dataset
from scanner.model.errors import HomeError, IndexDamaged, TableError
from scanner.text.keys import Keys
from tests.index.test_store import KEY, SPEC, ids, killed, rows

SECTIONS = ("bloom", "offsets", "entries", "postings")


def batches(table: list[list[str]], size: int = 100) -> list[list[list[str]]]:
    return [table[at : at + size] for at in range(0, len(table), size)]


def many(count: int) -> list[list[str]]:
    """Rows with values of their own, shared ones, and one that very many hold."""
    rng = random.Random(count)
    names = [f"Nam{at % 97}e Sur{at % 61}x" for at in range(count)]
    return [
        [names[at] if at % 3 else "Same Person", f"139{rng.randrange(count * 2):08d}"]
        for at in range(count)
    ]


def segment_of(folder: Path) -> Segment:
    return Segment.open(next(folder.rglob("g*.idx")), Keys.of(KEY), verify=True)


def assert_equal(one: Segment, other: Segment) -> None:
    for name in SECTIONS:
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    for name in type(one.anchors).__slots__:
        assert np.array_equal(getattr(one.anchors, name), getattr(other.anchors, name)), name
    for name in ("values", "bucket_bits", "tag_bits", "payload_bits", "records", "cells"):
        assert one.numbers[name] == other.numbers[name], name


@pytest.fixture(params=["native", "python"])
def small_memory(request, monkeypatch):
    """As if 500 pairs filled the memory, with the kernel and without."""
    if request.param == "python":
        monkeypatch.setenv("LEAKSCAN_KERNEL", "python")
    kernel_module.kernel.cache_clear()
    monkeypatch.setattr(pairs_module, "WHOLE", 500)
    yield
    kernel_module.kernel.cache_clear()


@pytest.mark.parametrize("count", [240, 700, 3001, 20_000])
def test_runs_on_disk_give_the_same_bytes(tmp_path, monkeypatch, small_memory, count) -> None:
    table = many(count)
    build_dataset(tmp_path / "runs", KEY, SPEC, batches(table))
    assert not list(tmp_path.rglob("building"))
    with monkeypatch.context() as patched:
        patched.setattr(pairs_module, "WHOLE", 1 << 24)
        report = build_dataset(tmp_path / "memory", KEY, SPEC, batches(table))
    assert_equal(segment_of(tmp_path / "runs"), segment_of(tmp_path / "memory"))
    assert report.values == segment_of(tmp_path / "runs").numbers["values"]


def test_the_report_is_the_same(tmp_path, monkeypatch, small_memory) -> None:
    table = [*many(2000), ["", "N/A"], ["x", "123"]]
    seen: list[int] = []
    one = build_dataset(tmp_path / "a", KEY, SPEC, batches(table), progress=seen.append)
    assert seen == [*range(100, 2001, 100), 2002]
    monkeypatch.setattr(pairs_module, "WHOLE", 1 << 24)
    other = build_dataset(tmp_path / "b", KEY, SPEC, batches(table))
    for name in ("records", "cells", "values", "columns", "size_bytes", "added", "resumed"):
        assert getattr(one, name) == getattr(other, name), name


class Cut(Exception):
    """The machine stops."""


def cut_after(table: list[list[str]], rows_read: int):
    for batch in batches(table):
        if batch[0] is table[rows_read]:
            raise Cut
        yield batch


def test_a_build_that_was_cut_short_is_taken_up(tmp_path, small_memory) -> None:
    table = many(3000)
    whole = build_dataset(tmp_path / "whole", KEY, SPEC, batches(table))
    for cut in (1000, 2000, 2900):
        with pytest.raises(Cut):
            build_dataset(tmp_path / "cut", KEY, SPEC, cut_after(table, cut), source="file 1")
        assert not Index.open(tmp_path / "cut", KEY).datasets
    report = build_dataset(tmp_path / "cut", KEY, SPEC, batches(table, 77), source="file 1")
    assert report.resumed > 2000
    assert (report.records, report.cells, report.columns) == (3000, whole.cells, whole.columns)
    assert_equal(segment_of(tmp_path / "cut"), segment_of(tmp_path / "whole"))
    assert not list(tmp_path.rglob("building"))


@pytest.mark.parametrize("change", ["source", "no source", "columns", "key", "damage", "run"])
def test_what_is_not_the_same_is_not_taken_up(tmp_path, small_memory, change) -> None:
    table = many(3000)
    with pytest.raises(Cut):
        build_dataset(tmp_path, KEY, SPEC, cut_after(table, 2000), source="file 1")
    key, spec, source = KEY, SPEC, "file 1"
    if change == "source":
        source = "file 2"
    elif change == "no source":
        source = ""
    elif change == "columns":
        spec = type(SPEC)(SPEC.id, SPEC.columns[::-1])
    elif change == "key":
        key = bytes(32)
    else:
        path = next(tmp_path.rglob("journal.json" if change == "damage" else "run-1.bin"))
        raw = bytearray(path.read_bytes())
        raw[len(raw) // 2] ^= 1
        path.write_bytes(bytes(raw))
    report = build_dataset(tmp_path, key, spec, batches(table), source=source)
    assert (report.resumed, report.records) == (0, 3000)


def test_a_table_that_is_refused_late_leaves_nothing(tmp_path, small_memory) -> None:
    table = [*many(3000), ["a", "b", "too many"]]
    with pytest.raises(TableError, match="row 3001 of the table"):
        build_dataset(tmp_path, KEY, SPEC, batches(table), source="file 1")
    assert not list(tmp_path.iterdir())


def test_runs_hold_no_value(tmp_path, small_memory) -> None:
    table = many(1500)
    with pytest.raises(Cut):
        build_dataset(tmp_path, KEY, SPEC, cut_after(table, 1400), source="file 1")
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert len(list(tmp_path.rglob("run-*.bin"))) > 2
    for row in table:
        for cell in row:
            assert cell.encode() not in stored
            assert int(cell).to_bytes(8, "little") not in stored if cell.isdigit() else True


def test_one_build_at_a_time(tmp_path, small_memory) -> None:
    if os.name != "posix":
        pytest.skip("locks are those of POSIX")
    table = many(1500)

    def meanwhile():
        yield from batches(table[:1000])
        with pytest.raises(HomeError, match="another command"):
            build_dataset(tmp_path, KEY, SPEC, batches(table))
        yield from batches(table[1000:])

    assert build_dataset(tmp_path, KEY, SPEC, meanwhile()).records == 1500


def test_batches_without_their_first_rows() -> None:
    assert behind([["a"], ["b"], ["c"]], 2) == [["c"]]
    data = b"abcdef"
    pair = (data, np.array([0, 2, 4, 6], np.int64))
    spans = (data, np.array([[0, 2], [2, 4], [4, 6]], np.int64))
    told = behind(ColumnBatch([["a", "b", "c"], pair, spans], 3), 1)
    assert isinstance(told, ColumnBatch)
    assert told.rows == 2
    assert told.columns[0] == ["b", "c"]
    assert told.columns[1][1].tolist() == [2, 4, 6]
    assert told.columns[2][1].tolist() == [[2, 4], [4, 6]]


def test_updates_and_merges_range_by_range(tmp_path, monkeypatch, small_memory) -> None:
    table = many(3000)
    changed = [row for at, row in enumerate(table) if at % 10] + rows(900, 5000)
    reports = []
    for name, whole in (("ranges", 500), ("memory", 1 << 24)):
        monkeypatch.setattr(pairs_module, "WHOLE", whole)
        folder = tmp_path / name
        build_dataset(folder, KEY, SPEC, batches(table))
        told = update_dataset(folder, KEY, SPEC, batches(changed))
        reports.append((told.added, told.removed, told.unchanged, told.records))
        merge_dataset(folder, KEY, "crm")
    assert reports == [(900, 300, 2700, 3600)] * 2
    assert_equal(segment_of(tmp_path / "ranges"), segment_of(tmp_path / "memory"))
    monkeypatch.setattr(pairs_module, "WHOLE", 500)
    index = Index.open(tmp_path / "ranges", KEY)
    whole = index.datasets["crm"].table()
    of = index.datasets["crm"].ranges()
    assert of == 256
    parts = [index.datasets["crm"].table(at, of) for at in range(of)]
    for number, column in enumerate(whole):
        assert sorted(np.concatenate([part[number] for part in parts]).tolist()) == sorted(
            column.tolist()
        )


def test_a_dataset_of_which_nothing_is_left_is_merged(tmp_path, small_memory) -> None:
    build_dataset(tmp_path, KEY, SPEC, batches(many(1500)))
    remove_records(tmp_path, KEY, "crm", range(1500))
    assert merge_is_due(tmp_path, KEY, "crm")
    merge_dataset(tmp_path, KEY, "crm")
    assert segment_of(tmp_path).numbers["values"] == 0
    assert ids(tmp_path, "\n".join(" ".join(row) for row in many(1500))) == []


def test_a_merge_is_due_after_many_updates(tmp_path) -> None:
    table = rows(100)
    build_dataset(tmp_path, KEY, SPEC, [table])
    for step in range(MOST_PARTS):
        assert not merge_is_due(tmp_path, KEY, "crm")
        table = table + rows(1, 1000 + step)
        update_dataset(tmp_path, KEY, SPEC, [table])
    assert merge_is_due(tmp_path, KEY, "crm")
    merge_dataset(tmp_path, KEY, "crm")
    assert not merge_is_due(tmp_path, KEY, "crm")


def test_merging_is_no_new_version(tmp_path) -> None:
    """What was examined against the index need not be examined again when it is only merged."""
    build_dataset(tmp_path, KEY, SPEC, [rows(100)])
    first = Index.open(tmp_path, KEY).datasets["crm"].version
    update_dataset(tmp_path, KEY, SPEC, [rows(120)])
    updated = Index.open(tmp_path, KEY).datasets["crm"].version
    merge_dataset(tmp_path, KEY, "crm")
    assert Index.open(tmp_path, KEY).datasets["crm"].version == updated != first


def merging_while(monkeypatch, then) -> None:
    """Let something happen after a merge has made its file and before it is put in force."""
    from scanner.index import merge

    made = merge._merged

    def slow(*arguments):
        told = made(*arguments)
        then()
        return told

    monkeypatch.setattr(merge, "_merged", slow)


def test_updates_during_a_merge_stay(tmp_path, monkeypatch) -> None:
    table = rows(300)
    build_dataset(tmp_path, KEY, SPEC, [table])
    update_dataset(tmp_path, KEY, SPEC, [table + rows(20, 1000)])
    last = table[50:] + rows(20, 1000) + rows(7, 2000)
    merging_while(monkeypatch, lambda: update_dataset(tmp_path, KEY, SPEC, [last]))
    assert merge_dataset(tmp_path, KEY, "crm") > 0
    assert len(list((tmp_path / "crm").glob("*.idx"))) == 2
    assert sorted(path.name for path in (tmp_path / "crm").iterdir() if path.is_dir()) == []
    text = "\n".join(" ".join(row) for row in table + rows(20, 1000) + rows(7, 2000))
    assert ids(tmp_path, text) == [*range(50, 327)]
    assert Index.open(tmp_path, KEY).datasets["crm"].records == 277


@pytest.mark.parametrize("change", ["built anew", "removed"])
def test_a_merge_of_what_is_gone_changes_nothing(tmp_path, monkeypatch, change) -> None:
    build_dataset(tmp_path, KEY, SPEC, [rows(300)])
    update_dataset(tmp_path, KEY, SPEC, [rows(320)])

    def then() -> None:
        if change == "removed":
            remove_dataset(tmp_path, "crm")
        else:
            build_dataset(tmp_path, KEY, SPEC, [rows(10, 4000)])

    merging_while(monkeypatch, then)
    assert merge_dataset(tmp_path, KEY, "crm") == 0
    told = Index.open(tmp_path, KEY).datasets
    assert [d.records for d in told.values()] == ([] if change == "removed" else [10])


def test_a_damaged_segment_is_not_merged(tmp_path) -> None:
    build_dataset(tmp_path, KEY, SPEC, [many(200_000)])
    path = next(tmp_path.rglob("g*.idx"))
    raw = bytearray(path.read_bytes())
    raw[-40] ^= 1
    path.write_bytes(bytes(raw))
    before = sorted(path.name for path in (tmp_path / "crm").glob("*.*"))
    with pytest.raises(IndexDamaged):
        merge_dataset(tmp_path, KEY, "crm")
    assert sorted(path.name for path in (tmp_path / "crm").glob("*.*")) == before


def test_an_index_that_changes_while_it_is_opened(tmp_path, monkeypatch) -> None:
    build_dataset(tmp_path, KEY, SPEC, [rows(100)])
    update_dataset(tmp_path, KEY, SPEC, [rows(120)])
    opened = Segment.open

    def late(path, keys, *, verify=False):
        monkeypatch.setattr(Segment, "open", staticmethod(opened))
        merge_dataset(tmp_path, KEY, "crm")
        return opened(path, keys, verify=verify)

    monkeypatch.setattr(Segment, "open", staticmethod(late))
    assert Index.open(tmp_path, KEY).datasets["crm"].records == 120


_WRITER = """
import sys
from pathlib import Path
from scanner.index import pairs
from tests.index.test_large import batches, many
from tests.index.test_store import KEY, SPEC
from scanner.index.build import build_dataset
from scanner.index.merge import merge_dataset
from scanner.index.update import update_dataset
pairs.WHOLE = 500
folder = Path(sys.argv[1])
print("ready", flush=True)
while True:
    build_dataset(folder, KEY, SPEC, batches(many(2000)), source="one")
    update_dataset(folder, KEY, SPEC, batches(many(2000)[:-50]), source="two")
    merge_dataset(folder, KEY, "crm")
"""


def test_killed_at_any_moment_a_large_build_is_whole_or_old(tmp_path) -> None:
    build_dataset(tmp_path, KEY, SPEC, batches(many(2000)))
    for _ in killed(_WRITER, tmp_path, random.Random(8), times=12, seconds=0.4):
        index = Index.open(tmp_path, KEY, verify=True)
        assert index.datasets["crm"].records in {2000, 1950}
    build_dataset(tmp_path, KEY, SPEC, batches(many(2000)), source="one")
    update_dataset(tmp_path, KEY, SPEC, batches(many(2000)[:-50]))
    merge_dataset(tmp_path, KEY, "crm")
    kinds = sorted(path.suffix for path in (tmp_path / "crm").iterdir())
    assert kinds == [".bin", ".idx", ".json"]
    assert Index.open(tmp_path, KEY).datasets["crm"].records == 1950


@pytest.mark.skipif(kernel_module.kernel() is None, reason="no native kernel here")
def test_the_kernel_sorts_out_pairs_as_arrays_do(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    hashes = rng.integers(0, 1 << 64, 5000, np.uint64) & np.uint64(0xE1FF << 48)
    numbers = np.arange(5000, dtype=np.uint32)
    native = spool._spread(hashes, numbers)
    monkeypatch.setattr(spool, "kernel", lambda: None)
    for ours, arrays in zip(native, spool._spread(hashes, numbers), strict=True):
        assert np.array_equal(ours, arrays)
