"""How far a document was examined: one of COMPLETE, PARTIAL, SKIPPED, with a reason code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Coverage(StrEnum):
    """COMPLETE: read whole. PARTIAL: some of it. SKIPPED: nothing of it."""

    COMPLETE = "COMPLETE"
    PARTIAL = "PARTIAL"
    SKIPPED = "SKIPPED"


# Every reason code there is. A code may carry a tail behind a colon where it ends in one here
# ("unreadable:EACCES"). The texts shown to people stand in patterns/messages/outcome.toml.
REASONS: frozenset[str] = frozenset(
    {
        "encrypted",  # needs a password or a key that was not given
        "damaged",  # truncated or malformed; what stood before the damage was read
        "timeout",  # the deadline passed
        "memory",  # the memory cap was reached
        "crash:",  # the parser died (crash:SIGSEGV)
        "bomb:ratio",  # expands far beyond its size
        "bomb:overlap",  # archive members share the same bytes
        "bomb:nesting",  # contains itself
        "limit:depth",
        "limit:members",
        "limit:bytes",
        "limit:chars",
        "limit:pixels",
        "unsupported",  # no extractor for this format
        "unsupported:",  # a format feature: unsupported:method
        "unreadable:",  # the system refused: unreadable:EACCES
        "special",  # socket, FIFO, device
        "link",  # a link that leads out of the tree: not followed
        "unstable",  # changed while it was read
        "missing-library",  # an optional part would read it
        "missing-library:",
        "volume",  # one part of a split archive
        "ambiguous",  # two readings; both were scanned
        "image-not-read",  # a picture without OCR
        "pattern-timeout",  # a recogniser did not finish
        "detector-failed",  # a detector stopped on this document
        "disk-full",
        "cancelled",
    }
)


def is_reason(code: str) -> bool:
    """True where `code` stands in the table, itself or as a prefix with a tail."""
    if code in REASONS:
        return not code.endswith(":")
    head, sep, tail = code.partition(":")
    return bool(sep and tail) and head + sep in REASONS


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far one object was examined. `reason` is empty exactly when it is COMPLETE."""

    coverage: Coverage = Coverage.COMPLETE
    reason: str = ""
    detail: str = ""

    def __post_init__(self) -> None:
        if (self.coverage is Coverage.COMPLETE) != (not self.reason):
            raise ValueError("a reason stands exactly where an object was not read whole")
        if self.reason and not is_reason(self.reason):
            raise ValueError(f"unknown reason code {self.reason!r}")

    @staticmethod
    def partial(reason: str, detail: str = "") -> Outcome:
        """Some of it was read."""
        return Outcome(Coverage.PARTIAL, reason, detail)

    @staticmethod
    def skipped(reason: str, detail: str = "") -> Outcome:
        """Nothing of it was read."""
        return Outcome(Coverage.SKIPPED, reason, detail)
