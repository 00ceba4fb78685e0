"""Documents that others made, with the texts that must be found in each.

They lie beside the checkout; without them this test is skipped. What is missed stands in
tests/known_misses/documents.csv with its cause: a miss that is not listed fails, and so does a
listed one that is found.
"""

from __future__ import annotations

import csv
import json
import re
import tempfile
from pathlib import Path

import pytest

from scanner.extract import _ocr
from scanner.extract.base import Blob, Budget, Limits
from scanner.extract.walk import End, read
from scanner.model.content import Segment
from scanner.model.outcome import Coverage

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT.parent / "shared" / "cases"
MISSES = ROOT / "tests" / "known_misses" / "documents.csv"
PASSWORDS = ("tika", "user", "test", "password")
SHARE = 0.95

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not here")


def cases() -> list[dict[str, str]]:
    if not CASES.is_dir():
        return []
    with (CASES / "documents.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def missed(case: dict[str, str]) -> list[str]:
    """What a case must hold and does not; passwords are given where there is text to be found."""
    passwords = PASSWORDS if json.loads(case["must_contain"]) else ()
    data = (CASES / "documents" / case["file"]).read_bytes()
    texts: list[str] = []
    outcomes = []
    for event in read(Blob.of(data), case["file"], Budget(Limits(passwords=passwords))):
        if isinstance(event, Segment):
            texts.append(event.text)
        elif isinstance(event, End):
            outcomes.append(event.outcome)
    wanted: list[str] = json.loads(case["must_contain"])
    whole = squeezed("\n".join(texts))
    digits = re.sub(r"\D", "", whole)
    lost = [
        text
        for text in wanted
        if squeezed(text) not in whole and not (text.isdigit() and text in digits)
    ]
    if case["category"] in ("encrypted", "corrupted") and not (wanted and not lost):
        reasons = {outcome.reason for outcome in outcomes if outcome.coverage != Coverage.COMPLETE}
        if not reasons or (case["category"] == "encrypted" and "encrypted" not in reasons):
            lost.append("(outcome)")
    return lost


def known() -> dict[tuple[str, str], str]:
    with MISSES.open(encoding="utf-8", newline="") as file:
        return {(row["file"], row["text"]): row["cause"] for row in csv.DictReader(file)}


_SLOW = ("ocr",)


@pytest.fixture(autouse=True)
def no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is read may be written to disk, not even for a moment."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file")

    for name in (
        "TemporaryFile",
        "NamedTemporaryFile",
        "mkstemp",
        "mkdtemp",
        "SpooledTemporaryFile",
    ):
        monkeypatch.setattr(tempfile, name, refuse)


def _marks(case: dict[str, str]) -> list[pytest.MarkDecorator]:
    return [pytest.mark.slow] if case["category"] in _SLOW else []


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case["file"], marks=_marks(case)) for case in cases()]
)
def test_case(case: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    if case["category"] not in _SLOW:  # pictures are read where that is the question
        monkeypatch.setattr(_ocr, "engine", lambda: None)
    listed = {text for file, text in known() if file == case["file"]}
    assert set(missed(case)) == listed


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=case["file"]) for case in cases() if "assword=" in case["notes"]],
)
def test_without_the_password_it_is_told_to_be_encrypted(case: dict[str, str]) -> None:
    data = (CASES / "documents" / case["file"]).read_bytes()
    events = read(Blob.of(data), case["file"], Budget())
    reasons = {event.outcome.reason for event in events if isinstance(event, End)}
    assert "encrypted" in reasons


def test_the_share_of_texts_found() -> None:
    total = sum(max(1, len(json.loads(case["must_contain"]))) for case in cases())
    causes = known()
    assert all(causes.values())
    assert 1 - len(causes) / total >= SHARE
