"""Cells found in one pass are those that taking each row apart gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.index.collect import _texts
from scanner.index.kernel import kernel
from scanner.run.cellspans import _spans, _spans_plain, columns_of

ROWS = st.lists(st.lists(st.text("ab张é\ud800 ", max_size=3), min_size=1, max_size=5), max_size=8)


def taken_apart(text: str, wanted: list[int], skip: int) -> tuple[list[list[str]], int]:
    """The same, a row at a time."""
    rows = [row for row in (line.split("\t") for line in text.split("\n")) if any(row)]
    return [
        [row[place] if place < len(row) else "" for place in wanted] for row in rows[skip:]
    ], min(skip, len(rows))


@given(ROWS, st.lists(st.integers(0, 6), min_size=1, max_size=4), st.integers(0, 3))
def test_columns_are_those_of_the_rows(rows, wanted, skip):
    text = "\n".join("\t".join(cells) for cells in rows)
    batch, skipped = columns_of(text, wanted, skip)
    told, left_out = taken_apart(text.replace("\ud800", "\ufffd\ufffd\ufffd"), wanted, skip)
    assert skipped == left_out
    assert batch.rows == len(told)
    assert [_texts(column) for column in batch.columns] == [
        [row[at] for row in told] for at in range(len(wanted))
    ]


BYTES = st.lists(st.sampled_from([b"\t", b"\n", b"a", b"", b"long cell " * 8]), max_size=60).map(
    b"".join
)


@pytest.mark.skipif(kernel() is None, reason="no native kernel here")
@given(BYTES, st.lists(st.integers(0, 70), min_size=1, max_size=4), st.integers(0, 3))
def test_the_kernel_and_arrays_find_the_same_cells(data, wanted, skip):
    native, plain = _spans(data, wanted, skip), _spans_plain(data, wanted, skip)
    assert native[1] == plain[1]
    assert np.array_equal(native[0], plain[0])


def test_a_column_too_far_right_for_the_kernel_is_still_read():
    text = "\t" * 70_000 + "last"
    batch, _ = columns_of(text, [70_000, 1], 0)
    assert [_texts(column) for column in batch.columns] == [["last"], [""]]
