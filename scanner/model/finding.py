"""A finding: the matches of one document that are one thing ("312 records of dataset D")."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Method(StrEnum):
    """Which detector made the finding (column `detection_method`)."""

    EXACT = "exact"
    DOCUMENT = "document"
    SELECTION = "selection"
    CUSTOMER_LIST = "customer_list"
    UNREAD = "unread"  # outgoing documents only: could not be read whole, so nobody knows


def pack_ids(ids: Iterable[int]) -> bytes:
    """Record numbers, sorted and without doubles, as little-endian u32."""
    unique = sorted(set(ids))
    return struct.pack(f"<{len(unique)}I", *unique)


def unpack_ids(packed: bytes) -> tuple[int, ...]:
    """The record numbers of `pack_ids`."""
    return struct.unpack(f"<{len(packed) // 4}I", packed)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one detector found in one document about one dataset.

    Counts are of records. `units` is the number of record-like lines or rows that the document
    holds (the base of containment), 0 where unknown. `field_counts` says in how many of the
    matched records each column stood. `locators` are the first few places, `sample` is masked
    already. `reasons` are printable sentences without values (customer_list, document).
    """

    method: Method
    dataset_id: str
    records: int
    nonpublic: int = 0
    deep: int = 0
    dataset_records: int = 0
    units: int = 0
    containment: float = 0.0
    field_depth: float = 0.0
    canaries: int = 0
    field_counts: tuple[tuple[str, int], ...] = ()
    record_ids: bytes = field(default=b"", repr=False)
    nonpublic_ids: bytes = field(default=b"", repr=False)
    locators: tuple[str, ...] = ()
    sample: str = field(default="", repr=False)
    reasons: tuple[str, ...] = ()
    label: str = ""  # customer_list: customer_list or contact_list
    score: float = 0.0
    selection_universe: int = 0  # selection: names of the directory the draw is compared with
    selection_universe_hits: int = 0  # how many of the document's names stand in it
