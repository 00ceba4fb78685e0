"""Plain text in any encoding and of any size."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.extract import _charset, _lines
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Kind, Piece


def claims(head: bytes, blob: Blob, name: str) -> int:
    """20 for anything that reads as text."""
    return 20 if _charset.guess(head) is not None else 0


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    """The text; where the encoding is doubtful, a second reading follows it."""
    found = _charset.guess(blob.head(_charset.SAMPLE)) or _charset.Guess("utf-8", False)
    yield from _lines.segments(_lines.decoded(blob.stream(), found.encoding))
    if found.sure or blob.size < 0:
        return
    for other in found.others:
        texts = _lines.decoded(blob.stream(), other)
        yield from _lines.segments(texts, f"read as {other}", Kind.HIDDEN)


FORMAT = Format("text", claims, read, ("txt", "log", "md", "yaml", "yml", "ini", "sql", "py"), True)
