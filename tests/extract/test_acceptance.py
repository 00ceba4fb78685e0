"""Every format of the catalogue reads its sample: planted people at start, middle, end, and hidden."""

from __future__ import annotations

import random

import pytest

from fixtures.documents import Sample, samples
from scanner.extract import _choose, _ocr
from scanner.extract.base import Blob, Budget, Limits
from scanner.extract.walk import End, read
from scanner.model.content import Segment
from scanner.model.outcome import Coverage

# Formats that nothing at hand writes; tests/extract/test_real_cases.py reads one that others made.
UNWRITTEN = {"pst"}
# Only the strings of these are read, which the outcome says.
STRINGS = {"ole", "visio"}
CUTS = (0.2, 0.5, 0.8, 0.97)


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    if request.node.originalname != "test_pictures":
        monkeypatch.setattr(_ocr, "engine", lambda: None)


def examined(data: bytes, sample: Sample) -> tuple[str, list[End]]:
    budget = Budget(Limits(passwords=(sample.password,) if sample.password else ()))
    texts: list[str] = []
    ends: list[End] = []
    for event in read(Blob.of(data), sample.name, budget):
        if isinstance(event, Segment):
            texts.append(event.text)
        elif isinstance(event, End):
            ends.append(event)
    return "\n".join(texts), ends


def lost(text: str, sample: Sample) -> list[str]:
    return [place for place, wanted in sample.planted.items() if wanted not in text]


def ids(sample: Sample) -> str:
    return f"{sample.format}-{sample.name}"


def test_every_format_has_a_sample() -> None:
    assert {form.name for form in _choose.formats()} - UNWRITTEN == {
        one.format for one in samples()
    }


WITHOUT_PICTURES = [sample for sample in samples() if not sample.ocr]


@pytest.mark.parametrize("sample", WITHOUT_PICTURES, ids=ids)
def test_whole(sample: Sample) -> None:
    text, ends = examined(sample.data, sample)
    assert lost(text, sample) == []
    assert ends[-1].file_type == sample.format
    if sample.format not in STRINGS:
        assert [end for end in ends if end.outcome.coverage is not Coverage.COMPLETE] == []


@pytest.mark.slow
@pytest.mark.parametrize("sample", [one for one in samples() if one.ocr], ids=ids)
def test_pictures(sample: Sample) -> None:
    pytest.importorskip("rapidocr")
    text, _ = examined(sample.data, sample)
    assert lost(text, sample) == []


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("sample", WITHOUT_PICTURES, ids=ids)
def test_truncated(sample: Sample, cut: float) -> None:
    data = sample.data[: int(len(sample.data) * cut)]
    text, ends = examined(data, sample)
    whole = all(end.outcome.coverage is Coverage.COMPLETE for end in ends)
    if sample.cut_shows and lost(text, sample):
        assert not whole


@pytest.mark.parametrize("sample", WITHOUT_PICTURES, ids=ids)
def test_damaged(sample: Sample) -> None:
    pick = random.Random(sample.format)
    for _ in range(6):
        data = bytearray(sample.data)
        for _ in range(3):
            at = pick.randrange(len(data))
            length = min(16, len(data) - at)
            data[at : at + length] = pick.randbytes(length)
        _, ends = examined(bytes(data), sample)
        assert ends[-1].inner == ""


@pytest.mark.parametrize("sample", WITHOUT_PICTURES, ids=ids)
def test_the_name_does_not_matter(sample: Sample) -> None:
    other = Sample(
        sample.format, sample.data, sample.planted, "notes.dat", password=sample.password
    )
    text, _ = examined(other.data, other)
    assert lost(text, other) == []


@pytest.mark.parametrize("sample", [one for one in samples() if one.password], ids=ids)
def test_without_the_password(sample: Sample) -> None:
    _, ends = examined(sample.data, Sample(sample.format, sample.data, {}, sample.name))
    assert ends[-1].outcome.reason == "encrypted"
