"""Texts that begin like something else are texts; formats are told by their bytes, not names."""

from __future__ import annotations

import pytest

from scanner.extract import _choose
from scanner.extract.base import Blob
from tests.extract.reading import got

LINE = "王小明 13800138000\n"
BEGINNINGS = [
    "ORCHARD customers", "PAR1 golf club", "070701 is a date", "070707", "x^2 + y^2 = 1", "BM and GIF",
    "xar! said he", "From the desk of", "From: only one header", "BEGIN: of the list", "MSCF", "WARC",
    "PK is no zip", "Rar! he cried", "%!PS and later %PDF-1.4 in a text", "0000", "II* MM", "Obj",
    "SQLite format 3 is a file format", "bplist", "BZh is a magic", "7z", "!BDN", "]\n]\n",
]  # fmt: skip


@pytest.mark.parametrize("beginning", BEGINNINGS)
@pytest.mark.parametrize("name", ["a.txt", "a.pdf", "a.zip", "a.png", "a.mdb"])
def test_a_text_that_begins_like_something_else(beginning: str, name: str) -> None:
    found = got((beginning + "\n" + LINE * 40).encode(), name)
    assert LINE.strip() in found.text
    assert not found.reasons


@pytest.mark.parametrize("name", ["", "a", "a.doc", "a.txt"])
def test_names_decide_nothing(name: str) -> None:
    from tests.hostile.archives import zipped
    from tests.hostile.mails import tnef
    from tests.hostile.pdfs import simple

    for data, kind in ((zipped({"a": b"x"}), "zip"), (tnef(), "tnef"), (simple(), "pdf")):
        assert _choose.claims(Blob.of(data), name)[0][1].name == kind
