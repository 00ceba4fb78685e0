"""Building, opening, changing and losing an index."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from scanner.index import kernel as kernel_module
from scanner.index.build import build_dataset
from scanner.index.collect import Collector
from scanner.index.merge import merge_dataset
from scanner.index.open import Index
from scanner.index.segment import Segment
from scanner.index.types import ColumnBatch
from scanner.index.update import remove_dataset, set_expiry, update_dataset
from scanner.model.content import Segment as Text
from scanner.model.errors import HomeError, IndexDamaged, KeyMissing, TableError, UsageError
from scanner.model.rule import Column, DatasetSpec, FieldKind
from scanner.text.canon import keys_of
from scanner.text.keys import Keys, siphash

KEY = bytes(range(32))
SPEC = DatasetSpec(
    "crm", (Column("name", FieldKind.PERSON), Column("phone", FieldKind.PHONE, strong=True))
)


def rows(count: int, start: int = 0) -> list[list[str]]:
    return [
        [f"Name{'abcdefghij'[at % 10]}x Sur{at:05d}y".replace("0", "q"), f"139{at + 17:08d}"]
        for at in range(start, start + count)
    ]


def ids(folder: Path, text: str) -> list[int]:
    session = Index.open(folder, KEY).session()
    session.feed(Text(text))
    return [int(r) for match in session.matches() for r in match.records]


@pytest.mark.parametrize(
    ("batches", "words"),
    [
        ([], "no row"),
        ([[]], "no row"),
        ([[["", ""]]], "no cell"),
        ([[["N/A", "无"], ["-", "13800000000"]]], "no cell"),
        (
            [[["Anna Bee", "13912345678", "more"]]],
            "row 1 of the table of crm has 3 cells for 2 columns",
        ),
        ([[["Anna Bee", "13912345678"]], [["a"], ["b", "c", "d"]]], "row 3 of the table"),
        ([ColumnBatch([["a"]], 1)], "1 columns instead of 2"),
        ([ColumnBatch([["a"], ["b", "c"]], 2)], "different lengths"),
    ],
)
def test_bad_tables_are_refused_in_one_line_and_leave_nothing(tmp_path, batches, words) -> None:
    with pytest.raises(TableError) as told:
        build_dataset(tmp_path, KEY, SPEC, batches)
    assert words in str(told.value)
    assert "\n" not in str(told.value)
    assert not list(tmp_path.rglob("*.idx"))


def test_too_many_columns(tmp_path) -> None:
    wide = DatasetSpec("w", tuple(Column(str(at), FieldKind.TEXT) for at in range(10_000)))
    with pytest.raises(TableError, match="10000 columns to match, at most 64"):
        build_dataset(tmp_path, KEY, wide, [[["x"] * 10_000]])
    none = DatasetSpec("w", (Column("a", FieldKind.TEXT, indexed=False),))
    with pytest.raises(TableError, match="no column"):
        build_dataset(tmp_path, KEY, none, [[[]]])


def test_one_column_a_huge_cell_and_odd_characters(tmp_path) -> None:
    spec = DatasetSpec("one", (Column("t", FieldKind.TEXT, strong=True),))
    huge = "wort " * 2_000_000
    report = build_dataset(
        tmp_path,
        KEY,
        spec,
        [[[huge], ["nul\0inside word"], ["\ud800 lone surrogate"], ["好" * 4_000_000]]],
    )
    assert report.records == 4
    assert report.columns[0].kept == 4
    assert ids(tmp_path, "a nul inside word here") == [1]
    assert ids(tmp_path, huge[:2000]) == [0]


def test_a_million_equal_values(tmp_path) -> None:
    count = 1_000_000 if kernel_module.kernel() else 20_000
    spec = DatasetSpec(
        "same", (Column("name", FieldKind.PERSON), Column("phone", FieldKind.PHONE, strong=True))
    )
    names = ["Same Person"] * count
    phones = ["13912345678"] * (count - 1) + ["13912345679"]
    report = build_dataset(tmp_path, KEY, spec, [ColumnBatch([names, phones], count)])
    assert report.values == 3
    assert [c.common for c in report.columns] == [count, count - 1]
    assert ids(tmp_path, "Same Person 13912345678") == []
    assert ids(tmp_path, "Same Person 13912345679") == [count - 1]


def test_what_is_told_of_each_column(tmp_path) -> None:
    report = build_dataset(
        tmp_path, KEY, SPEC, [[["Anna Bee", ""], ["N/A", "123"], ["", "13912345678"], ["x"]]]
    )
    name, phone = report.columns
    assert (name.kept, name.empty, name.placeholder, name.short) == (1, 1, 1, 1)
    assert (phone.kept, phone.empty, phone.placeholder, phone.short) == (1, 2, 0, 1)
    assert (report.records, report.cells) == (4, 2)


def test_rows_columns_and_buffers_give_the_same_index(tmp_path) -> None:
    table = rows(500)
    build_dataset(tmp_path / "a", KEY, SPEC, [table[:123], table[123:]])
    columns = [list(column) for column in zip(*table, strict=True)]
    build_dataset(tmp_path / "b", KEY, SPEC, [ColumnBatch(columns, 500)])
    buffers = []
    for column in columns:
        data = [cell.encode() for cell in column]
        buffers.append((b"".join(data), np.cumsum([0, *map(len, data)]).astype(np.int64)))
    build_dataset(tmp_path / "c", KEY, SPEC, [ColumnBatch(buffers, 500)])
    spans = [(b"??" + data, np.stack((at[:-1], at[1:]), axis=1) + 2) for data, at in buffers]
    build_dataset(tmp_path / "d", KEY, SPEC, [ColumnBatch(spans, 500)])
    told = [Index.open(tmp_path / name, KEY).cells("crm") for name in "abcd"]
    for one, *others in zip(*told, strict=True):
        assert all(np.array_equal(one, other) for other in others)


def test_buffers_of_another_length_are_refused(tmp_path) -> None:
    data = b"Anna Bee"
    for short in (np.zeros((1, 2), np.int64), np.zeros(2, np.int64)):
        batch = ColumnBatch([(data, np.zeros((2, 2), np.int64)), (data, short)], 2)
        with pytest.raises(TableError, match="different lengths"):
            build_dataset(tmp_path, KEY, SPEC, [batch])


def test_native_and_plain_build_the_same_table(tmp_path, monkeypatch) -> None:
    if kernel_module.kernel() is None:
        pytest.skip("no kernel was compiled")
    rng = random.Random(1)
    table = [[f"Name {rng.randrange(300)}x", f"139{rng.randrange(900):08d}"] for _ in range(3000)]
    build_dataset(tmp_path / "native", KEY, SPEC, [table])
    monkeypatch.setenv("LEAKSCAN_KERNEL", "python")
    kernel_module.kernel.cache_clear()
    build_dataset(tmp_path / "plain", KEY, SPEC, [table])
    kernel_module.kernel.cache_clear()
    keys = Keys.of(KEY)
    one, two = (
        Segment.open(next((tmp_path / name).rglob("g*.idx")), keys) for name in ("native", "plain")
    )
    for name in ("bloom", "offsets", "entries", "postings"):
        assert np.array_equal(getattr(one, name), getattr(two, name)), name
    for name in type(one.anchors).__slots__:
        assert np.array_equal(getattr(one.anchors, name), getattr(two.anchors, name)), name


def test_updates_merges_and_expiry_keep_record_numbers(tmp_path) -> None:
    table = rows(300)
    build_dataset(tmp_path, KEY, SPEC, [table])
    expected = {tuple(row): at for at, row in enumerate(table)}
    rng = random.Random(2)
    following = 300
    for step in range(12):
        gone = {rng.randrange(len(table)) for _ in range(5)}
        fresh = rows(7, 1000 + 7 * step)
        table = [row for at, row in enumerate(table) if at not in gone] + fresh
        rng.shuffle(table)
        report = update_dataset(tmp_path, KEY, SPEC, [table])
        assert (report.added, report.removed, report.records) == (7, len(gone), len(table))
        added = [row for row in table if row in fresh]
        for row in added:
            expected[tuple(row)] = following
            following += 1
        text = "\n".join(" ".join(row) for row in table)
        assert ids(tmp_path, text) == sorted(expected[tuple(row)] for row in table)
    merge_dataset(tmp_path, KEY, "crm")
    assert ids(tmp_path, text) == sorted(expected[tuple(row)] for row in table)
    assert len(list((tmp_path / "crm").glob("*.idx"))) == 1
    from datetime import UTC, datetime

    set_expiry(tmp_path, KEY, "crm", datetime(2020, 1, 1, tzinfo=UTC))
    assert not Index.open(tmp_path, KEY).datasets
    set_expiry(tmp_path, KEY, "crm", None)
    assert list(Index.open(tmp_path, KEY).datasets) == ["crm"]
    assert remove_dataset(tmp_path, "crm")
    assert not remove_dataset(tmp_path, "crm")
    assert not list(tmp_path.rglob("*.idx"))


def test_other_keys_and_ids_are_refused(tmp_path) -> None:
    build_dataset(tmp_path, KEY, SPEC, [rows(10)])
    with pytest.raises(KeyMissing, match="another key"):
        Index.open(tmp_path, bytes(32))
    with pytest.raises(KeyMissing):
        build_dataset(tmp_path, bytes(32), SPEC, [rows(10)])
    for name in ("../x", "a/b", "", ".hidden", "a..b"):
        with pytest.raises(UsageError):
            build_dataset(tmp_path, KEY, DatasetSpec(name, SPEC.columns), [rows(1)])
    with pytest.raises(UsageError, match="no dataset"):
        merge_dataset(tmp_path, KEY, "nothing")


def test_one_writer_at_a_time(tmp_path) -> None:
    if os.name != "posix":
        pytest.skip("locks are those of POSIX")
    from scanner.index.lock import locked

    build_dataset(tmp_path, KEY, SPEC, [rows(10)])
    with locked(tmp_path / "crm"), pytest.raises(HomeError, match="another command"):
        build_dataset(tmp_path, KEY, SPEC, [rows(10)])


def test_every_damaged_byte_of_a_small_index_is_noticed(tmp_path) -> None:
    build_dataset(tmp_path, KEY, SPEC, [rows(40)])
    folder = tmp_path / "crm"
    for path in [*folder.glob("*.idx"), folder / "manifest.json"]:
        good = path.read_bytes()
        used = [at for at, byte in enumerate(good) if byte or path.suffix == ".json"]
        for at in used[:: max(1, len(used) // 150)]:
            bad = bytearray(good)
            bad[at] ^= 0x55
            path.write_bytes(bytes(bad))
            with pytest.raises((IndexDamaged, KeyMissing)):
                Index.open(tmp_path, KEY)
        for size in (0, 10, len(good) // 2, len(good) - 1):
            path.write_bytes(good[:size])
            with pytest.raises(IndexDamaged):
                Index.open(tmp_path, KEY)
        path.unlink()
        if path.suffix == ".idx":
            with pytest.raises(IndexDamaged):
                Index.open(tmp_path, KEY)
        path.write_bytes(good)
    assert list(Index.open(tmp_path, KEY).datasets) == ["crm"]


def test_a_stolen_index_confirms_no_guess(tmp_path) -> None:
    """Without the key: neither plain bytes nor any unkeyed or wrongly keyed hash stands in it."""
    table = rows(2000)
    build_dataset(tmp_path, KEY, SPEC, [table])
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for row in table:
        for cell in row:
            assert cell.encode() not in stored
            assert cell.encode("utf-16-le") not in stored
    path = next(tmp_path.rglob("g*.idx"))
    kept, _, _ = Segment.open(path, Keys.of(KEY)).decoded()
    bits = np.uint64(64 - Segment.open(path, Keys.of(KEY)).prefix_bits)
    confirmed = 0
    for guess in (bytes(32), bytes([1]) * 32, KEY[::-1]):
        wrong = Keys.of(guess)
        told = [
            key.hash
            for row in table
            for at, cell in enumerate(row)
            for key in keys_of(cell, SPEC.columns[at].kind, wrong)
        ]
        hashes = siphash(np.array(told, np.uint64), wrong.sip)
        confirmed += int(np.isin(hashes >> bits, kept >> bits).sum())
    assert confirmed == 0
    right = Keys.of(KEY)
    told = [
        key.hash
        for row in table
        for at, cell in enumerate(row)
        for key in keys_of(cell, SPEC.columns[at].kind, right)
    ]
    assert np.isin(siphash(np.array(told, np.uint64), right.sip) >> bits, kept >> bits).all()


_WRITER = """
import sys
from pathlib import Path
from tests.index.test_store import KEY, SPEC, rows
from scanner.index.build import build_dataset
from scanner.index.merge import merge_dataset
from scanner.index.update import update_dataset
folder = Path(sys.argv[1])
print("ready", flush=True)
step = 0
while True:
    step += 1
    build_dataset(folder, KEY, SPEC, [rows(200)])
    update_dataset(folder, KEY, SPEC, [rows(150) + rows(50, 5000)])
    merge_dataset(folder, KEY, "crm")
"""


def killed(
    script: str, folder: Path, rng: random.Random, *, times: int, seconds: float
) -> Iterator[None]:
    """Let a writer run over the folder and kill it after a moment below so many seconds."""
    for _ in range(times):
        writer = subprocess.Popen(
            [sys.executable, "-c", script, str(folder)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(rng.random() * seconds)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        yield


@pytest.mark.slow
def test_killed_at_any_moment_the_old_or_the_new_index_stands(tmp_path) -> None:
    build_dataset(tmp_path, KEY, SPEC, [rows(200)])
    old = "\n".join(" ".join(row) for row in rows(200))
    new = "\n".join(" ".join(row) for row in rows(150) + rows(50, 5000))
    for _ in killed(_WRITER, tmp_path, random.Random(6), times=25, seconds=0.15):
        index = Index.open(tmp_path, KEY, verify=True)
        assert index.datasets["crm"].records == 200
        found = len(ids(tmp_path, old)), len(ids(tmp_path, new))
        assert found in {(200, 150), (150, 200)}
    build_dataset(tmp_path, KEY, SPEC, [rows(200)])
    assert sorted(path.suffix for path in (tmp_path / "crm").iterdir()) == [".idx", ".json"]


def test_the_collector_counts_rows(tmp_path) -> None:
    collector = Collector(SPEC, Keys.of(KEY))
    collector.add(rows(3))
    collector.add([])
    collector.add(rows(2))
    assert collector.records == 5
    assert collector.finish().cells == 10


def test_sealing_is_chacha20_on_both_paths() -> None:
    """The stream of RFC 8439's key and nonce of zeros, and any length the same natively."""
    from scanner.index.seal import seal, seal_slowly

    stream = seal_slowly(bytes(64), bytes(32), bytes(12))
    assert stream.hex().startswith(
        "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
    )
    rng = random.Random(3)
    for size in (0, 1, 63, 64, 65, 1000, 1024, 1025, 100_001):
        data, key, nonce = rng.randbytes(size), rng.randbytes(32), rng.randbytes(12)
        assert seal(data, key, nonce) == seal_slowly(data, key, nonce)
        assert seal(seal(data, key, nonce), key, nonce) == data


def test_anchors_survive_packing() -> None:
    from scanner.index.anchors import Anchors

    rng = np.random.default_rng(1)
    for count, kinds in ((0, 1), (5, 2), (1000, 300), (300_000, 70_000)):
        pairs = np.unique(rng.integers(0, 1 << 40, count, np.uint64))
        masks = rng.integers(1, kinds + 1, len(pairs)).astype(np.uint32)
        small = np.unique(rng.integers(0, 1 << 31, 50).astype(np.uint32))
        anchors = Anchors(pairs, masks, pairs[: count // 2], small, small, small, small)
        told = Anchors.unpack(anchors.pack())
        for name in Anchors.__slots__:
            assert np.array_equal(getattr(told, name), getattr(anchors, name)), name
        with pytest.raises(ValueError, match="anchors"):
            Anchors.unpack(anchors.pack()[:-1])
