"""What a compound file holds is told from its own bytes, not from those of a similar one."""

from __future__ import annotations

from scanner.extract import _olekind
from scanner.extract.base import Blob
from tests.extract.test_acceptance import samples


def test_a_twin_that_differs_near_its_end_is_looked_at_itself() -> None:
    (data,) = [one.data for one in samples() if one.format == "xls"]
    damaged = bytearray(data)
    start = max(512, len(data) - 4096)
    damaged[start:] = bytes(len(data) - start)
    for bytes_of, wanted in ((bytes(damaged), False), (data, True)):
        blob = Blob.of(bytes_of)
        assert (_olekind.kind(blob.head(), blob) == "xls") is wanted
