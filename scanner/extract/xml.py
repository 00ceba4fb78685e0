"""XML of any kind that no other reader knows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from scanner.extract import _charset, _xml
from scanner.extract._elements import Elements
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Gap, Kind, Piece, Segment
from scanner.model.errors import Unread

_START = re.compile(rb"^\s*<(\?xml|!DOCTYPE|!--|[A-Za-z_][\w.:-]*[\s/>])")
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*\[(.*?)\]\s*>", re.DOTALL)
_CHUNK = 1 << 20


def claims(head: bytes, blob: Blob, name: str) -> int:
    """60 with a declaration, 35 for anything that begins with an element."""
    if b"\0" in head[:256]:
        found = _charset.guess(head[:4096])
        if found is None or not found.encoding.startswith("utf-"):
            return 0
        head = head[: len(head) & ~3].decode(found.encoding, "ignore").encode("utf-8")
    start = head.removeprefix(b"\xef\xbb\xbf")
    match = _START.match(start)
    if match is None:
        return 0
    return 60 if match.group(1) == b"?xml" else 35


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    """The values, one record a line; comments; the document type's own text."""
    target = Elements()
    stopped: Unread | None = None
    head = blob.head()
    if hidden := _DOCTYPE.search(head.decode("utf-8", "ignore")):
        yield Segment(hidden.group(1), "document type", Kind.HIDDEN)
    try:
        for _ in _xml.feed(chunks(blob, budget), target):
            budget.check_time()
            yield from target.take()
    except Unread as error:
        stopped = error
    target.finish()
    yield from target.take()
    if stopped is not None:
        yield from _bare(blob, budget, stopped)


def _bare(blob: Blob, budget: Budget, error: Unread) -> Iterator[Piece]:
    """The whole text without its tags, where a parser could not read it to the end."""
    if error.reason in ("timeout", "limit:chars") or blob.size > budget.limits.member_bytes:
        raise error
    text = _xml.utf8(blob.all(budget)).decode("utf-8", "replace")
    bare = unescape(re.sub(r"<[^<>]*>", " ", text)).strip()
    yield Segment(bare, "without tags", Kind.RAW)
    yield Gap(error.reason, "", error.detail)


def chunks(blob: Blob, budget: Budget) -> Iterator[bytes]:
    """The bytes in pieces, as UTF-8 where lxml would not know the encoding."""
    head = blob.head()
    if _xml.utf8(head) is not head and blob.size <= budget.limits.member_bytes:
        yield _xml.utf8(blob.all(budget))
        return
    for at in range(0, blob.size, _CHUNK):
        yield blob.at(at, _CHUNK)


FORMAT = Format("xml", claims, read, ("xml", "svg", "kml", "gpx", "rss"))
