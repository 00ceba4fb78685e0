from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.model.outcome import Outcome
from scanner.run.sandbox import holes
from scanner.source.folder import document_of


def sparse(path: Path, size: int, runs: dict[int, bytes]) -> Path:
    with path.open("wb") as out:
        for at, data in runs.items():
            out.seek(at)
            out.write(data)
        out.truncate(size)
    return path


def test_a_terabyte_of_holes_is_read_in_no_time(pool, tmp_path: Path) -> None:
    runs = {0: b"MOCK\ntext LEAK\ntext ", 1 << 39: b"\ntext LEAK LEAK\ntext "}
    path = sparse(tmp_path / "huge.bin", 1 << 40, runs)
    ((_, (one,)),) = pool.run([document_of(path)])
    assert one.outcome == Outcome()
    assert one.findings[0].records == 3
    assert (one.size, one.sha256) == (1 << 40, "")


def test_nothing_but_a_hole(pool, tmp_path: Path) -> None:
    path = sparse(tmp_path / "hole.bin", 1 << 40, {})
    ((_, (one,)),) = pool.run([document_of(path)])
    assert one.size == 1 << 40


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(1, 9000)), max_size=5),
    st.integers(0, 1 << 22),
    st.integers(0, 1 << 32),
)
def test_it_reads_like_the_file_with_its_long_holes_cut(tmp_path, runs, more, seed) -> None:
    dice = random.Random(seed)
    placed = {at * 500_000: bytes(dice.choices(b"abc", k=length)) for at, length in runs}
    size = max([at + len(data) for at, data in placed.items()], default=0) + more
    path = sparse(tmp_path / "s.bin", size, placed)
    with path.open("rb") as file:
        whole = file.read()
        stream, length = holes.shortened(file.fileno(), size)
        told = holes.extents(file.fileno(), size)
        got = stream.read()
        assert len(got) == length
        assert got.replace(b"\0", b"") == whole.replace(b"\0", b"")
        assert sum(end - start for start, end in told) <= length
        for _ in range(5):
            at = dice.randrange(length + 1)
            stream.seek(at)
            assert stream.read(5000) == got[at : at + 5000]


def test_an_ordinary_file_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(os.urandom(4096))
    assert not holes.has_holes(path.stat())
    if path.stat().st_blocks * 512 < 4096:
        pytest.skip("this file system stores small files elsewhere")
