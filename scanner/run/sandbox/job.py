"""One submitted document on its way through the workers, and how its result is put together."""

from __future__ import annotations

import os
import queue
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from scanner.model.document import Document
from scanner.model.examined import Examined
from scanner.model.finding import Finding
from scanner.model.outcome import Coverage, Outcome
from scanner.run.sandbox.blackbox import Trace
from scanner.run.sandbox.codec import pack

Line = tuple[str, ...]
"""("text", inner, locator, text, layout, kind, first line) or
("end", inner, coverage, reason, detail)."""

MIN_SECONDS = 0.5
"""What a last try gets even where the others used the time up."""

MAX_PASSED_OVER = 4
"""How many members of one document may end a worker before the rest of it is given up."""

Done = Callable[[Document, list[Examined]], None]


@dataclass(slots=True)
class Attempt:
    """What one worker told about the document."""

    closed: dict[int, Examined] = field(default_factory=dict)
    checkpoints: dict[int, tuple[int, tuple[Finding, ...]]] = field(default_factory=dict)
    error: str = ""  # what the worker's own guard caught

    def worth(self) -> tuple[int, int]:
        """How much was learned: records found, objects ended."""
        found = [one for examined in self.closed.values() for one in examined.findings]
        return sum(one.records for one in found), len(self.closed)

    def cut_short(self, trace: Trace, reason: str) -> None:
        """Ends every object that was under way, with what was found in it."""
        for opened in reversed(trace.open):
            if opened.number in self.closed:
                continue
            segments, findings = self.checkpoints.get(opened.number, (0, ()))
            read = max(segments, opened.segments)
            inside = any(number > opened.number for number in self.closed)
            some = bool(read or findings or inside or opened is not trace.open[-1])
            outcome = Outcome.partial(reason) if some else Outcome.skipped(reason)
            self.closed[opened.number] = Examined(
                inner=opened.inner,
                file_type=opened.file_type,
                size=opened.size,
                sha256=trace.sha256 if not opened.number else "",
                outcome=outcome,
                findings=findings,
                segments=read,
            )


@dataclass(slots=True)
class Job:
    """A document, its open descriptor, and the attempts so far."""

    number: int
    document: Document
    fd: int
    stat: os.stat_result
    done: Done
    kind: str = "examine"
    lines: queue.SimpleQueue[Line] | None = None
    tries: int = 0
    rereads: int = 0
    safe: bool = False
    alone: bool = False  # in a fresh worker that serves nothing else
    spent: float = 0.0  # seconds of work so far
    attempt: Attempt = field(default_factory=Attempt)
    best: Attempt | None = None
    passed_over: dict[str, Examined] = field(default_factory=dict)  # members that ended a worker

    def seconds(self, deadline: float) -> float:
        """What is left of the time for this document; holes in a file give it none."""
        held = getattr(self.stat, "st_blocks", 0) * 512 or self.stat.st_size
        whole = deadline + min(held, self.stat.st_size) / (1 << 20)
        return max(whole - self.spent, MIN_SECONDS)

    def order(self, seconds: float, poison: list[str]) -> dict[str, Any]:
        """The message that hands it to a worker."""
        return {
            "job": self.number,
            "kind": self.kind,
            "document": pack(self.document),
            "seconds": seconds,
            "safe": self.safe,
            "skip": {inner: one.outcome.reason for inner, one in self.passed_over.items()},
            "poison": [] if self.tries else poison,
        }

    def keep_best(self) -> None:
        """Puts this attempt aside where it is the best so far, and begins a new one."""
        if self.best is None or self.attempt.worth() > self.best.worth():
            self.best = self.attempt
        self.attempt = Attempt()

    def objects(self) -> list[Examined]:
        """The result: every object in the order in which it began; the document itself first."""
        chosen = self.attempt
        if self.best is not None and self.best.worth() > chosen.worth():
            chosen = self.best
        listed = [chosen.closed[number] for number in sorted(chosen.closed)]
        return [self.passed_over.get(one.inner, one) for one in listed]

    def pass_over(self, trace: Trace) -> bool:
        """Leaves the member that was under way out of the next try; False where it was none."""
        if not trace.open or not trace.open[-1].inner:
            return False
        last = trace.open[-1]
        if last.inner in self.passed_over or len(self.passed_over) >= MAX_PASSED_OVER:
            return False
        self.passed_over[last.inner] = self.attempt.closed[last.number]
        return True

    def lost(self, reason: str, sha256: str = "") -> list[Examined]:
        """The result where nothing at all was told of the document."""
        return [unseen(self.document, reason, self.stat.st_size, sha256)]

    def close(self) -> None:
        """Gives the descriptor back."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def unseen(
    document: Document, reason: str, size: int | None = None, sha256: str = "", detail: str = ""
) -> Examined:
    """A document of which nothing was read."""
    told = document.size if size is None else size
    return Examined("", "unknown", told, sha256, Outcome.skipped(reason, detail))


def unstable(objects: list[Examined]) -> list[Examined]:
    """The same objects of a document that changed while it was read."""
    marked = []
    for one in objects:
        outcome = one.outcome
        if outcome.coverage is Coverage.COMPLETE and not one.inner:
            outcome = Outcome.partial("unstable")
        marked.append(replace(one, outcome=outcome, stable=False))
    return marked
