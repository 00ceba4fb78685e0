"""OpenDocument in one XML file: FODT, FODS, FODP."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.extract import _xml, xml
from scanner.extract._opendoc import OpenDocument
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Gap, Piece
from scanner.model.errors import Unread


def claims(head: bytes, blob: Blob, name: str) -> int:
    """90 for XML whose first element is an office document."""
    return 90 if b"<office:document" in head[:4096] else 0


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    """Content, headers and footers, properties, macros; objects as children."""
    target = OpenDocument()
    gap: list[Piece] = []
    try:
        for _ in _xml.feed(xml.chunks(blob, budget), target):
            budget.check_time()
            yield from target.take()
    except Unread as error:
        gap.append(Gap(error.reason, "", error.detail))
    target.finish()
    yield from target.take()
    yield from gap


FORMAT = Format("flat_odf", claims, read, ("fodt", "fods", "fodp", "fodg"))
