"""One document through extraction and detection: the step that runs inside a worker.

    for told in examine(stream, size, document, detectors, budget):
        Opened | Checkpoint | Examined

Every object (the document, each member) ends in exactly one Examined. Checkpoints carry what was
found so far in an object under way, so that it is kept when the process dies on the next page.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from scanner.detect.base import Detector, Session
from scanner.extract.base import Blob, Budget
from scanner.extract.walk import Begin, End, read
from scanner.model.content import Kind, Segment
from scanner.model.document import Document
from scanner.model.errors import Unread
from scanner.model.examined import Examined
from scanner.model.finding import Finding
from scanner.model.outcome import Coverage, Outcome

CHUNK = 1 << 20
# Checkpoints may cost this share of an object's time, and this many seconds on top.
CHECKPOINT_SHARE, CHECKPOINT_FREE = 0.05, 0.002


@dataclass(frozen=True, slots=True)
class Opened:
    """An object begins, number `number` of its document."""

    number: int
    begin: Begin


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What was found so far in object `number`, of which `segments` were looked at."""

    number: int
    segments: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Closed:
    """Object `number` ended."""

    number: int
    examined: Examined


Told = Opened | Checkpoint | Closed


def sha256_of(stream: BinaryIO) -> str:
    """The hash of a stream from its start, hex; "" where it cannot be read to the end."""
    digest = hashlib.sha256()
    try:
        stream.seek(0)
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
        stream.seek(0)
    except OSError:
        return ""
    return digest.hexdigest()


@dataclass(slots=True)
class _Watcher:
    """The detectors' sessions over one object, and what became of them."""

    sessions: list[Session | None]
    failed: str = ""  # reason code of the first detector that stopped
    kept: list[Finding] = field(default_factory=list)  # of sessions that stopped

    def feed(self, segment: Segment) -> None:
        """Shows a segment to every session that still works."""
        for place, session in enumerate(self.sessions):
            if session is None:
                continue
            try:
                session.feed(segment)
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as error:  # noqa: BLE001
                self._stopped(place, session, error)

    def findings(self) -> tuple[Finding, ...]:
        """What all sessions found so far."""
        found = list(self.kept)
        for place, session in enumerate(self.sessions):
            if session is None:
                continue
            try:
                found.extend(session.findings())
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as error:  # noqa: BLE001
                self.sessions[place] = None
                self._note(error)
        return tuple(found)

    def _stopped(self, place: int, session: Session, error: BaseException) -> None:
        self.sessions[place] = None
        self._note(error)
        try:
            self.kept.extend(session.findings())
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # noqa: BLE001  it already counts as failed
            return

    def _note(self, error: BaseException) -> None:
        if self.failed:
            return
        if isinstance(error, Unread):
            self.failed = error.reason
        else:
            self.failed = "memory" if isinstance(error, MemoryError) else "detector-failed"


@dataclass(slots=True)
class _Under:
    """One object under way."""

    number: int
    watcher: _Watcher
    segments: int = 0
    seconds: float = 0.0
    spent: float = 0.0  # seconds that checkpoints took
    last: tuple[Finding, ...] = ()

    def checkpoint(self) -> Checkpoint | None:
        """What was found so far, None where nothing is new or it would cost too much."""
        if self.spent > CHECKPOINT_FREE + CHECKPOINT_SHARE * self.seconds:
            return None
        started = time.perf_counter()
        found = self.watcher.findings()
        self.spent += time.perf_counter() - started
        if found == self.last:
            return None
        self.last = found
        return Checkpoint(self.number, self.segments, found)


def examine(
    stream: BinaryIO,
    size: int,
    document: Document,
    detectors: Sequence[Detector],
    budget: Budget,
    *,
    sha256: str = "",
    progress: Callable[[int], None] | None = None,
) -> Iterator[Told]:
    """What is told of a document while it is examined; each object ends in one Closed.

    `sha256` is the hash of an earlier reading: where the reading for the examination gave another
    one, the object is not stable. `progress` is called with the number of segments of the object
    under way before the extractor goes on.
    """
    return _Examination(document, detectors, sha256, progress).run(
        read(Blob(stream, size), _name_of(document), budget)
    )


class _Examination:
    def __init__(
        self,
        document: Document,
        detectors: Sequence[Detector],
        sha256: str,
        progress: Callable[[int], None] | None,
    ) -> None:
        self._document = document
        self._detectors = detectors
        self._sha256 = sha256
        self._progress = progress
        self._stack: list[_Under] = []
        self._begun = 0
        self._clock = time.perf_counter()

    def run(self, events: Iterator[Begin | Segment | End]) -> Iterator[Told]:
        """Follows the walk."""
        for event in events:
            if isinstance(event, Segment):
                under = self._stack[-1]
                under.watcher.feed(event)
                under.segments += not _is_name(event, under)
                self._tick()
                if (told := under.checkpoint()) is not None:
                    yield told
                if self._progress is not None:
                    self._progress(under.segments)
            elif isinstance(event, Begin):
                self._tick()
                yield self._begin(event)
            else:
                yield self._end(event)

    def _tick(self) -> None:
        """Counts the time since the last event to the object under way."""
        now = time.perf_counter()
        if self._stack:
            self._stack[-1].seconds += now - self._clock
        self._clock = now

    def _begin(self, event: Begin) -> Opened:
        watcher = _Watcher([])
        for detector in self._detectors:
            try:
                watcher.sessions.append(detector.session(self._document, event.inner))
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as error:  # noqa: BLE001
                watcher._note(error)
        self._stack.append(_Under(self._begun, watcher))
        self._begun += 1
        return Opened(self._begun - 1, event)

    def _end(self, event: End) -> Closed:
        under = self._stack[-1]
        findings = under.watcher.findings()
        self._tick()
        self._stack.pop()
        stable = not (self._sha256 and under.number == 0 and event.sha256 not in ("", self._sha256))
        outcome = event.outcome
        if outcome.coverage is Coverage.COMPLETE and under.watcher.failed:
            outcome = Outcome.partial(under.watcher.failed)
        if not stable and outcome.coverage is Coverage.COMPLETE:
            outcome = Outcome.partial("unstable")
        examined = Examined(
            inner=event.inner,
            file_type=event.file_type,
            size=event.size,
            sha256=event.sha256 or (self._sha256 if under.number == 0 else ""),
            outcome=outcome,
            findings=findings,
            segments=event.segments,
            characters=event.characters,
            seconds=round(under.seconds, 6),
            stable=stable,
        )
        return Closed(under.number, examined)


def _is_name(segment: Segment, under: _Under) -> bool:
    """True for the segment that holds a member's name: no sign that anything of it was read."""
    return bool(under.number) and segment.kind is Kind.META and segment.locator == "name"


def _name_of(document: Document) -> str:
    """The last part of a document's shown path, a hint for its format."""
    return document.uri.replace("\\", "/").rpartition("/")[2]
