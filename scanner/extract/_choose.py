"""Which format the bytes of an object are of, by content, the name being only a hint."""

from __future__ import annotations

from functools import cache

import scanner.extract
from scanner.catalogue import offers
from scanner.extract.base import HEAD_BYTES, Blob, Format

SURE = 80  # from here on a failed reading is not tried as anything else


@cache
def formats() -> tuple[Format, ...]:
    """Every format there is; the first call imports all modules of the room."""
    return tuple(offers(scanner.extract, "FORMAT"))


def claims(blob: Blob, name: str) -> list[tuple[int, Format]]:
    """The formats that claim the bytes with their score, the surest first."""
    head = blob.head(HEAD_BYTES)
    found = []
    for form in formats():
        try:
            score = form.claims(head, blob, name)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # noqa: BLE001  bytes that break a claim are not of the format
            score = 0
        if score > 0:
            found.append((score, form))
    found.sort(key=lambda one: (-one[0], one[1].name))
    return found
