"""What a worker says is checked before it counts."""

from __future__ import annotations

import json
import os
import queue

import pytest

from scanner.model.document import Document
from scanner.model.examined import Examined
from scanner.model.outcome import Outcome
from scanner.run.sandbox import hearing
from scanner.run.sandbox.codec import pack
from scanner.run.sandbox.job import Job

OBJECT = json.loads(json.dumps(pack(Examined("", "csv", 1, "", Outcome()))))


def job(kind: str = "examine") -> Job:
    lines = queue.SimpleQueue() if kind == "extract" else None
    return Job(1, Document("x"), -1, os.stat("/"), lambda *_: None, kind, lines)


def test_an_object_counts_once() -> None:
    told = job()
    hearing.note(told, b"O", [0, OBJECT], {})
    with pytest.raises(hearing.BROKEN):
        hearing.note(told, b"O", [0, OBJECT], {})
    assert len(told.attempt.closed) == 1


@pytest.mark.parametrize(
    ("letter", "value"),
    [
        (b"O", [-1, OBJECT]),
        (b"O", [1 << 40, OBJECT]),
        (b"O", [True, OBJECT]),
        (b"O", ["0", OBJECT]),
        (b"O", 5),
        (b"O", None),
        (b"C", [0, 1]),
        (b"C", [0, 1, [["x"]]]),
        (b"C", [0, "1", []]),
        (b"L", ["text", "", "", "a", "text", "body", "1"]),
        (b"P", "no such hash"),
        (b"P", ["a"]),
        (b"J", 1),
    ],
)
def test_what_is_no_message_is_refused(letter: bytes, value: object) -> None:
    told = job()
    with pytest.raises(hearing.BROKEN):
        hearing.note(told, letter, value, {})
    assert (told.attempt.closed, told.attempt.checkpoints) == ({}, {})


@pytest.mark.parametrize(
    "line",
    [
        [],
        ["text"],
        ["text", "", "", "a", "picture", "body", "1"],
        ["text", "", "", "a", "text", "nothing", "1"],
        ["text", "", "", "a", "text", "body", "-1"],
        ["text", "", "", "a", "text", "body", "1" * 30],
        ["text", "", "", 1, "text", "body", "1"],
        ["end", "", "COMPLETE", "timeout", ""],
        ["end", "", "PARTIAL", "", ""],
        ["end", "", "PARTIAL", "because", ""],
        ["end", "", "UNKNOWN", "timeout", ""],
        {"text": 1},
    ],
)
def test_what_is_no_line_is_refused(line: object) -> None:
    told = job("extract")
    with pytest.raises(hearing.BROKEN):
        hearing.note(told, b"L", line, {})
    assert told.lines is not None
    assert told.lines.empty()


def test_only_names_become_reason_codes() -> None:
    assert hearing.error_code("memory") == "memory"
    assert hearing.error_code("ValueError") == "crash:ValueError"
    for told in ("", "a b", "x" * 50, "值", None, 5, ["a"], "a\n"):
        assert hearing.error_code(told) == "crash:protocol"
