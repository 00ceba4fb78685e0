"""CSV, TSV and other delimited text, as a table."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.extract import _charset, _delimited, _lines
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Kind, Layout, Piece

_SUFFIXES = ("csv", "tsv", "tab", "psv")


def _named(name: str) -> bool:
    return name.lower().rpartition(".")[2] in _SUFFIXES


def _start(head: bytes) -> tuple[_charset.Guess, str] | None:
    found = _charset.guess(head)
    if found is None:
        return None
    return found, head.decode(found.encoding, "ignore").replace("\r\n", "\n").replace("\r", "\n")


def claims(head: bytes, blob: Blob, name: str) -> int:
    """40 with the name of one, else 30, where the lines have one delimiter equally often."""
    start = _start(head)
    if start is None or not _delimited.delimiter(start[1], _named(name)):
        return 0
    return 40 if _named(name) else 30


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    """The rows; where the encoding is doubtful, a second reading follows."""
    start = _start(blob.head(_charset.SAMPLE))
    found, text = start or (_charset.Guess("utf-8"), "")
    mark = _delimited.delimiter(text, True) or ","
    texts = _delimited.table(_lines.decoded(blob.stream(), found.encoding), mark)
    yield from _lines.segments(texts, layout=Layout.TABLE)
    if found.sure or blob.size < 0:
        return
    for other in found.others:
        again = _delimited.table(_lines.decoded(blob.stream(), other), mark)
        yield from _lines.segments(again, f"read as {other}", Kind.HIDDEN, Layout.TABLE)


FORMAT = Format("csv", claims, read, _SUFFIXES, True)
