"""HTML and XHTML: what is shown, and what is not (comments, scripts, attributes, data)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.extract import _charset, _tags
from scanner.extract._page import Page
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Piece

_SURE = re.compile(rb"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
_TAG = re.compile(
    rb"</?(head|body|table|tr|td|div|p|span|script|style|meta|title|a|br|ul|li|h[1-6]|img|font|b|form|iframe)"
    rb"[\s/>]",
    re.IGNORECASE,
)
_DECLARED = re.compile(
    rb"<meta[^>]+charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]+)|<\?xml[^>]+encoding\s*=\s*[\"']([\w-]+)",
    re.IGNORECASE,
)


def claims(head: bytes, blob: Blob, name: str) -> int:
    """75 with its own first words, 45 for pieces of it, 40 by the name and one tag."""
    if b"\0" in head[:512]:
        found = _charset.guess(head[:4096])
        if found is None or not found.encoding.startswith("utf-"):
            return 0
        head = head[: len(head) & ~3].decode(found.encoding, "ignore").encode("utf-8")
    start = head[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start.startswith(b"<"):
        named = name.lower().endswith((".html", ".htm", ".xhtml"))
        return 40 if named and len(_TAG.findall(head)) > 1 else 0
    if _SURE.search(start):
        return 75
    if start.startswith(b"<?xml"):
        return 0
    return 45 if len(set(_TAG.findall(head))) >= 2 or _TAG.match(start) else 0


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    """Lines and tables as they come, what is hidden behind them, documents inside as children."""
    data = blob.all(budget)
    page = Page()
    for count, token in enumerate(_tags.tokens(decoded(data))):
        page.token(token)
        if count % 4096 == 0:
            budget.check_time()
        if page.out:
            yield from page.out
            page.out = []
    page.finish()
    yield from page.out


def decoded(data: bytes) -> str:
    """The page as text, by its own word where the bytes bear it out."""
    declared = _DECLARED.search(data[:4096])
    told = (declared.group(1) or declared.group(2)).decode("ascii") if declared else ""
    found = _charset.guess(data[: _charset.SAMPLE], told)
    text = data.decode(found.encoding if found else "utf-8", "replace")
    return text.removeprefix("\ufeff")


FORMAT = Format("html", claims, read, ("html", "htm", "xhtml"))
