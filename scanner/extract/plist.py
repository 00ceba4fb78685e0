"""Property lists, binary or XML, and the web archives that are made of them."""

from __future__ import annotations

import plistlib
from collections.abc import Iterator
from typing import Any
from xml.parsers.expat import ExpatError

from scanner.extract._inline import child_of
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Gap, Kind, Piece, Segment
from scanner.model.errors import Unread

_MOST = 1_000_000
_SMALL = 64


def _claims(head: bytes, blob: Blob, name: str) -> int:
    if head.startswith(b"bplist0"):
        return 95
    return 85 if b"<!DOCTYPE plist" in head[:512] and b"<plist" in head[:1024] else 0


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    data = blob.all(budget)
    if data[:6] != b"bplist" and b"<!ENTITY" in data:
        raise Unread("damaged", "entities are not followed")
    try:
        tree = plistlib.loads(data)
    except (plistlib.InvalidFileException, ExpatError, ValueError, RecursionError):
        raise Unread("damaged", "not a property list") from None
    yield from _walk(tree, budget)


def _walk(tree: Any, budget: Budget) -> Iterator[Piece]:
    lines: list[str] = []
    stack: list[tuple[str, Any]] = [("", tree)]
    count = number = 0
    while stack:
        key, value = stack.pop()
        count += 1
        if count > _MOST:
            yield Gap("limit:members", "", f"more than {_MOST} values")
            break
        if isinstance(value, dict):
            if isinstance(value.get("WebResourceData"), bytes):
                number += 1
                yield from _resource(value, number)
                value = {name: one for name, one in value.items() if name != "WebResourceData"}
            stack.extend((str(name), one) for name, one in reversed(list(value.items())))
        elif isinstance(value, list | tuple):
            stack.extend((key, one) for one in reversed(value))
        elif isinstance(value, bytes):
            if len(value) >= _SMALL:
                number += 1
                yield child_of(value, f"{key or 'data'} {number}")
        elif isinstance(value, str) and value.strip():
            lines.append(f"{key}: {' '.join(value.split())}" if key else value)
        elif value is not None and not isinstance(value, bool):
            lines.append(f"{key}: {value}" if key else str(value))
    budget.check_time()
    if lines:
        yield Segment("\n".join(lines), "", Kind.BODY)


def _resource(value: dict[str, Any], number: int) -> Iterator[Piece]:
    """A page or picture of a web archive."""
    address = str(value.get("WebResourceURL", "")).partition("?")[0].rstrip("/")
    kind = str(value.get("WebResourceMIMEType", ""))
    name = address.rpartition("/")[2] or f"resource {number}"
    if kind == "text/html" and not name.lower().endswith((".html", ".htm")):
        name += ".html"
    yield child_of(value["WebResourceData"], name)


FORMAT = Format("plist", _claims, _read, ("plist", "webarchive"))
