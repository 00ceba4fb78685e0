"""Seeded mutations of every sample: no exception gets out, each object ends once, text stays text.

LEAKSCAN_MUTATIONS=200000 pytest -m slow tests/extract/test_mutations.py

In pieces: LEAKSCAN_MUTATIONS_FROM=40000 LEAKSCAN_MUTATIONS=60000 does those between the two.
"""

from __future__ import annotations

import os
import random

import pytest

from fixtures.documents import Sample, samples
from scanner.extract import _ocr
from scanner.extract.base import Blob, Budget, Limits
from scanner.extract.walk import Begin, End, read
from scanner.model.content import Segment

# What PDFium and the image library do with mutated bytes is the sandbox's to survive.
IN_PROCESS = [one for one in samples() if one.format not in ("pdf", "image", "pst")]
DEFAULT = 5
MANY = int(os.environ.get("LEAKSCAN_MUTATIONS", "200000"))
FROM = int(os.environ.get("LEAKSCAN_MUTATIONS_FROM", "0"))
SECONDS = 20.0


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_ocr, "engine", lambda: None)


def mutated(data: bytes, pick: random.Random, others: list[bytes]) -> bytes:
    """One to four changes: bits, bytes, numbers, pieces left out, doubled, moved or taken over."""
    made = bytearray(data)
    for _ in range(pick.randint(1, 4)):
        if not made:
            break
        at = pick.randrange(len(made))
        length = min(pick.choice((1, 2, 4, 16, 64, 512)), len(made) - at)
        way = pick.randrange(8)
        if way == 0:
            made[at] ^= 1 << pick.randrange(8)
        elif way == 1:
            made[at : at + length] = pick.randbytes(length)
        elif way == 2:
            made[at : at + length] = pick.choice((b"\0", b"\xff", b"\x7f", b"A")) * length
        elif way == 3:
            del made[at : at + length]
        elif way == 4:
            made[at:at] = made[at : at + length]
        elif way == 5:
            number = pick.choice((0, 1, -1, 0x7FFFFFFF, -0x80000000, 0xFFFF))
            made[at : at + 4] = (number & 0xFFFFFFFF).to_bytes(4, pick.choice(("little", "big")))
        elif way == 6:
            del made[at:]
        else:
            other = pick.choice(others)
            start = pick.randrange(len(other))
            made[at:at] = other[start : start + length]
    return bytes(made)


def accounted(data: bytes, name: str) -> None:
    limits = Limits(
        bytes=256 << 20, member_bytes=64 << 20, chars=64 << 20, members=2000, seconds=SECONDS
    )
    open_objects: list[str] = []
    ended: list[str] = []
    characters = 0
    for event in read(Blob.of(data), name, Budget(limits)):
        if isinstance(event, Begin):
            open_objects.append(event.inner)
        elif isinstance(event, End):
            assert open_objects.pop() == event.inner
            ended.append(event.inner)
        else:
            assert isinstance(event, Segment)
            assert open_objects
            event.text.encode("utf-8")  # no halves of characters
            characters += len(event.text)
    assert not open_objects
    assert ended[-1] == ""
    assert characters <= limits.chars + (1 << 24)


def run(sample: Sample, numbers: range, seed: str) -> None:
    others = [one.data for one in IN_PROCESS]
    for number in numbers:
        pick = random.Random(f"{seed}{sample.name}{number}")
        data = mutated(sample.data, pick, others)
        try:
            accounted(data, sample.name)
        except BaseException as error:
            raise AssertionError(f"mutation {seed}{sample.name}{number}") from error


@pytest.mark.parametrize("sample", IN_PROCESS, ids=lambda one: one.name)
def test_a_few(sample: Sample) -> None:
    run(sample, range(DEFAULT), "a")


@pytest.mark.slow
@pytest.mark.parametrize("sample", IN_PROCESS, ids=lambda one: one.name)
def test_many(sample: Sample) -> None:
    each = len(IN_PROCESS)
    run(sample, range(-(-FROM // each), -(-MANY // each)), "b")
