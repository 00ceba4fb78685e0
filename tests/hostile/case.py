"""What a hostile input is: how to build its bytes, and how it must end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    """A hostile input.

    `reasons`: at least one of the objects in it ends PARTIAL or SKIPPED with one of these (a code
    that ends in a colon stands for all with its beginning); empty where all must be COMPLETE.
    `texts` must all be found in what is read; `limits` are smaller limits to run it under.
    `safe`: may be read in the test's own process.
    """

    number: int
    name: str
    file: str
    build: Callable[[], bytes] = field(repr=False)
    reasons: frozenset[str] = frozenset()
    texts: tuple[str, ...] = ()
    limits: dict[str, object] = field(default_factory=dict)
    safe: bool = True

    def __str__(self) -> str:
        return f"{self.number:02d}-{self.name}"


def reasons(*codes: str) -> frozenset[str]:
    return frozenset(codes)
