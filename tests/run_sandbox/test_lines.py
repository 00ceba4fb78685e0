"""`leakscan extract`, as a function."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.run.lines import extract_lines
from scanner.run.sandbox import worker
from scanner.run.sandbox.pool import Pool


def test_text_comes_with_its_place_and_then_the_coverage(tmp_path: Path, quick_settings) -> None:
    path = tmp_path / "客户.csv"
    path.write_text("name,phone\n张三,13800138000\n", encoding="utf-8")
    *lines, last = extract_lines(path, quick_settings)
    assert "13800138000" in "".join(line["text"] for line in lines)
    assert last == {"coverage": "COMPLETE", "reason": "", "detail": ""}


def test_what_cannot_be_opened_is_told(tmp_path: Path, quick_settings) -> None:
    (last,) = extract_lines(tmp_path / "none.txt", quick_settings)
    assert last == {"coverage": "SKIPPED", "reason": "unreadable:ENOENT", "detail": ""}


@pytest.fixture
def lines(pool: Pool, mock):
    return lambda *commands: list(pool.extract(mock(*commands)))


def test_a_member_has_its_path(lines) -> None:
    told = lines("text a", "child MOCK|text b")
    texts = [line for line in told if line[0] == "text" and line[2] != "name"]
    assert texts == [
        ("text", "", "", "a", "text", "body", "1"),
        ("text", "child11", "", "b", "text", "body", "1"),
    ]
    assert told[-1] == ("end", "", "COMPLETE", "", "")


def test_a_crash_is_tried_again_and_told(lines) -> None:
    assert lines("text a", "segv-unless-safe", "text b")[-1] == ("end", "", "COMPLETE", "", "")
    told = lines("text a", "segv", "text b")
    assert ("text", "", "", "a", "text", "body", "1") in told
    assert told[-1] == ("end", "", "PARTIAL", "crash:SIGSEGV", "")


def test_a_slow_reader_slows_the_worker_and_loses_nothing(hasty_pool: Pool, mock) -> None:
    many = [f"text {number}" for number in range(2000)]
    told = []
    for line in hasty_pool.extract(mock(*many)):
        told.append(line)
        if len(told) == 1:
            import time

            time.sleep(2.2)  # longer than the deadline: waiting for the reader does not count
    assert [line[3] for line in told if line[0] == "text"] == [f"{n}" for n in range(2000)]
    assert told[-1] == ("end", "", "COMPLETE", "", "")


@given(st.text(alphabet="ab\n", max_size=80), st.integers(1, 9))
def test_pieces_of_a_long_text_end_at_lines_and_know_their_own(text: str, size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "LINE_CHARS", size)
        pieces = list(worker._slices(text, 7))
    assert "".join(piece for piece, _ in pieces) == text
    assert all(len(piece) <= size for piece, _ in pieces)
    before = ""
    for piece, line in pieces:
        assert line == 7 + before.count("\n")
        before += piece
    for piece, _ in pieces[:-1]:
        assert piece.endswith("\n") or "\n" not in piece
