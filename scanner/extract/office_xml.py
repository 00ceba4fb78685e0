"""Office documents in one XML file: Word and Excel 2003, and packages written flat."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from scanner.extract import _xml, xml
from scanner.extract._flatopc import FlatPackage
from scanner.extract._sheet2003 import Sheets2003
from scanner.extract._word2003 import Word2003
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Gap, Piece
from scanner.model.errors import Unread

_WORD = b"schemas.microsoft.com/office/word/2003/wordml"
_SHEET = b"urn:schemas-microsoft-com:office:spreadsheet"
_FLAT = b"schemas.microsoft.com/office/2006/xmlPackage"


class _Target(_xml.Target, Protocol):
    out: list[Piece]

    def finish(self) -> None: ...


def claims(head: bytes, blob: Blob, name: str) -> int:
    """90 for XML with the name space of one."""
    start = head[:8192]
    return 90 if start.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") and _kind(start) else 0


def _kind(start: bytes) -> str:
    if _FLAT in start:
        return "flat"
    if _WORD in start and b"wordDocument" in start:
        return "word"
    return "sheet" if _SHEET in start and b"Workbook" in start else ""


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    """Text and tables as of the document they write out; objects as children."""
    kind = _kind(blob.head(8192))
    target: _Target
    if kind == "word":
        target = Word2003()
    elif kind == "sheet":
        target = Sheets2003()
    else:
        target = FlatPackage()
    gap: list[Piece] = []
    try:
        for _ in _xml.feed(xml.chunks(blob, budget), target):
            budget.check_time()
            yield from target.out
            target.out.clear()
    except Unread as error:
        gap.append(Gap(error.reason, "", error.detail))
    target.finish()
    yield from target.out
    yield from gap


FORMAT = Format("office_xml", claims, read, ("xml",))
