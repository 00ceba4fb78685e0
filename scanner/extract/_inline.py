"""Content of a document that stands inside its own bytes, read by the format it is of."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import BinaryIO

from scanner.extract._choose import claims
from scanner.extract._raw import strings
from scanner.extract.base import Blob, Budget
from scanner.model.content import Child, Gap, Kind, Piece, Segment

SMALLEST_DOCUMENT = 32
DOCUMENT = 60  # how sure a format has to be of a stored value to read it as a document


def child_of(data: bytes, name: str) -> Child:
    """A child over bytes in memory."""

    def stream(held: bytes) -> BinaryIO:
        return io.BytesIO(held)

    return Child(name, partial(stream, data), len(data))


def inline(data: bytes, name: str, locator: str, budget: Budget) -> Iterator[Piece]:
    """The pieces of `data` as part of the document it stands in, `locator` before their own.

    A child named `name` where no format claims it.
    """
    blob = Blob.of(data)
    found = claims(blob, name)
    if not found:
        yield child_of(data, name)
        return
    for piece in found[0][1].read(blob, name, budget):
        if isinstance(piece, Segment | Gap):
            where = f"{locator} {piece.locator}".strip()
            yield replace(piece, locator=where)
        else:
            yield piece


def stored_document(value: bytes, name: str) -> Iterator[Piece]:
    """A value of a database as a child where it is a document, as raw strings where it is not."""
    if len(value) < SMALLEST_DOCUMENT:
        return
    found = claims(Blob.of(value), "")
    if found and found[0][0] >= DOCUMENT:
        yield child_of(value, name)
    elif not found and (texts := strings(value[: 1 << 20])):
        yield Segment("\n".join(texts), f"value {name}", Kind.RAW)
