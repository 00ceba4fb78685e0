"""Text that begins with braces is not JSON: its lines stay lines."""

from __future__ import annotations

import pytest

from scanner.extract.base import Blob, Budget
from scanner.extract.walk import read
from scanner.model.content import Segment


def text_of(data: bytes) -> str:
    return "\n".join(
        e.text for e in read(Blob.of(data), "x.txt", Budget()) if isinstance(e, Segment)
    )


@pytest.mark.parametrize("start", ["{ }", '{"a": 1}', "[1, 2]", '{"a": {"b": []}}'])
def test_lines_behind_a_value_stay_lines(start: str) -> None:
    told = text_of(f"{start}\nJohn Smith 614\nanother line\n".encode())
    assert "John Smith 614\nanother line" in told


def test_json_lines_and_cut_json_stay_json() -> None:
    assert "\t" in text_of(b'{"a": "x", "b": "y"}\n{"a": "z", "b": "w"}\n')
    assert "y" in text_of(b'{"a": "x", "b": "y", "c": [')
