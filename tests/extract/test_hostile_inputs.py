"""Hostile inputs end with their reason; what stands before the limit is read."""

from __future__ import annotations

import pytest

from scanner.extract.base import Blob, Budget, Limits
from scanner.extract.walk import End, read
from scanner.model.content import Segment
from scanner.model.outcome import Coverage
from tests.hostile import archives, mails, pdfs, pictures
from tests.hostile.case import Case


def outcome(case: Case) -> tuple[str, set[str]]:
    """All text, and the reasons of the objects that were not read whole."""
    texts: list[str] = []
    found: set[str] = set()
    limits = Limits(**case.limits)  # type: ignore[arg-type]
    for event in read(Blob.of(case.build()), case.file, Budget(limits)):
        if isinstance(event, Segment):
            texts.append(event.text)
        elif isinstance(event, End) and event.outcome.coverage is not Coverage.COMPLETE:
            found.add(event.outcome.reason)
    return "\n".join(texts), found


def check(case: Case) -> None:
    text, found = outcome(case)
    for wanted in case.texts:
        assert wanted in text
    if case.reasons:
        assert found & case.reasons, found
    else:
        assert not found


ALL = [*archives.CASES, *pdfs.CASES, *mails.CASES, *pictures.CASES]


@pytest.mark.parametrize("case", [one for one in ALL if one.safe], ids=str)
def test_hostile_input(case: Case) -> None:
    check(case)


def test_a_form_bomb_is_read_by_the_second_reader() -> None:
    texts: list[str] = []
    budget = Budget(Limits(), safe_mode=True)
    for event in read(Blob.of(pdfs.form_bomb(4)), "a.pdf", budget):
        if isinstance(event, Segment):
            texts.append(event.text)
    assert pdfs.MARK in "\n".join(texts)
