"""What a Mac leaves beside files on other disks (._name, .DS_Store): attributes and file names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.extract import _flow, _raw
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Kind, Piece

_DOUBLE = b"\x00\x05\x16\x07\x00\x02\x00\x00"
_STORE = b"\x00\x00\x00\x01Bud1"
_NAMES = re.compile(rb"(?:\x00[\x20-\x7e]|[\x4e-\x9f][\x00-\xff]){2,}")


def claims(head: bytes, blob: Blob, name: str) -> int:
    """95 for the first bytes of either."""
    return 95 if head.startswith((_DOUBLE, _STORE)) else 0


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    """The readable strings; of a folder's store the names, which stand in UTF-16BE."""
    data = blob.all(budget)
    texts = _raw.strings(data)
    if data.startswith(_STORE):
        texts += [one.group().decode("utf-16-be", "ignore") for one in _NAMES.finditer(data)]
    yield from _flow.listed(texts, "attributes", Kind.META)


FORMAT = Format("appledouble", claims, read, ("ds_store",))
