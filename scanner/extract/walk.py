"""The walk over a document and, without recursion, all its children.

    for event in read(blob, name, budget):
        Begin | Segment | End

Events nest like brackets: a child's Begin ... End stands between the events of its parent, at the
place where the parent held it; a Segment belongs to the object begun last and not yet ended. Every
object that begins ends in exactly one outcome, whatever its bytes do to its reader.
"""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from scanner.extract._choose import SURE, claims
from scanner.extract._raw import raw_strings
from scanner.extract._spool import FIRST, Counted, Spool
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Child, Gap, Kind, Segment
from scanner.model.document import MEMBER
from scanner.model.errors import LimitReached, Unread
from scanner.model.outcome import Coverage, Outcome, is_reason

UNKNOWN = "unknown"
_FAINT = ("image-not-read", "missing-library")  # reasons that give way to any other


@dataclass(frozen=True, slots=True)
class Begin:
    """An object begins. `inner` is its path inside the document, "" for the document itself.

    `size` is in bytes, -1 where it is not known before the end.
    """

    inner: str
    file_type: str
    size: int


@dataclass(frozen=True, slots=True)
class End:
    """The object ends. `sha256` is empty where its bytes could not be read to the end.

    `segments` and `characters` count what was read out of the object itself.
    """

    inner: str
    file_type: str
    size: int
    sha256: str
    outcome: Outcome
    segments: int = 0
    characters: int = 0


Event = Begin | Segment | End


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Event]:
    """The events of a document called `name` and of everything in it, depth first."""
    stack: list[_Object] = []
    first = _Object("", name, blob, budget)
    yield from _opened(first)
    stack.append(first)
    while stack:
        top = stack[-1]
        piece = top.step()
        if piece is None:
            stack.pop()
            yield top.end()
        elif isinstance(piece, Segment):
            yield piece
        else:
            child = _child(piece, stack, budget)
            if child is not None:
                yield from _opened(child)
                stack.append(child)


def _opened(top: _Object) -> Iterator[Event]:
    yield top.begin()
    if top.inner:  # the name of a member is content too, but no sign that the member was read
        yield Segment(top.name, "name", Kind.META)


def _child(child: Child, stack: list[_Object], budget: Budget) -> _Object | None:
    """The child as an object ready to be read; None where the limit of members is reached."""
    parent = stack[-1]
    try:
        budget.spend_member()
    except LimitReached as limit:
        parent.stop(limit)
        return None
    shown = printable(child.name)
    inner = f"{parent.inner}{MEMBER}{shown}" if parent.inner else shown
    if inner in budget.skip:  # its parser died or hung when the document was read before
        return _Object.closed(inner, shown, child.size, budget.skip[inner], budget)
    if len(stack) > budget.limits.depth:
        return _Object.closed(inner, shown, child.size, "limit:depth", budget)
    try:
        stream = child.open()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001
        outcome = outcome_of(error)
        return _Object.closed(inner, shown, child.size, outcome[0], budget, outcome[1])
    return _spooled(inner, shown, stream, stack, budget)


def _spooled(
    inner: str, name: str, stream: BinaryIO, stack: list[_Object], budget: Budget
) -> _Object:
    spool = Spool(stream, budget)
    spool.fill(min(FIRST, budget.limits.member_bytes))
    if spool.stop is None and not spool.at_end():
        found = claims(Blob.of(spool.data()), name)
        if found and found[0][1].streams:
            blob, counted = spool.forward()
            return _Object(inner, name, blob, budget, formats=found[:1], counted=counted)
        spool.fill(budget.limits.member_bytes)
    cut = spool.stop
    if cut is None and not spool.at_end():
        cut = LimitReached("limit:bytes", "larger than what is held in memory of one member")
    data = spool.data()[: budget.limits.member_bytes]
    if cut is not None and not data:
        code, detail = outcome_of(cut)
        return _Object.closed(inner, name, spool.size, code, budget, detail)
    digest = hashlib.sha256(data).hexdigest()
    if data and any(one.same(len(data), digest) for one in stack):
        return _Object.closed(inner, name, len(data), "bomb:nesting", budget, digest=digest)
    return _Object(inner, name, Blob.of(data), budget, digest=digest, cut=cut)


@dataclass(slots=True)
class _Object:
    """One object being read: its pieces, what came out so far and why it stopped."""

    inner: str
    name: str
    blob: Blob
    budget: Budget
    formats: list[tuple[int, Format]] | None = None
    digest: str = ""
    cut: BaseException | None = None
    counted: Counted | None = None
    file_type: str = UNKNOWN
    pieces: Iterator[Segment | Child | Gap] | None = None
    gaps: list[tuple[str, str]] = field(default_factory=list)
    segments: int = 0
    characters: int = 0
    children: int = 0
    size: int = -1
    shut: bool = False  # nothing of it is read

    @staticmethod
    def closed(
        inner: str,
        name: str,
        size: int,
        reason: str,
        budget: Budget,
        detail: str = "",
        digest: str = "",
    ) -> _Object:
        """An object of which nothing is read."""
        made = _Object(
            inner, name, Blob.of(b""), budget, formats=[], digest=digest, size=size, shut=True
        )
        made.gaps.append((reason, detail))
        made.pieces = iter(())
        return made

    def begin(self) -> Begin:
        """The event of its beginning; chooses the format and starts reading."""
        if self.pieces is None:
            self.size = self.blob.size
            self._choose()
        return Begin(self.inner, self.file_type, self.size)

    def _choose(self) -> None:
        if self.formats is None:
            try:
                self.formats = claims(self.blob, self.name)
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as error:  # noqa: BLE001
                self.formats = []
                self.stop(error)
                self.pieces = iter(())
                return
        self._next_format()

    def _next_format(self) -> None:
        assert self.formats is not None
        if self.formats:
            form = self.formats[0][1]
            self.file_type = form.name
            self.pieces = form.read(self.blob, self.name, self.budget)
        else:
            self.file_type = UNKNOWN
            self.gaps.append(("unsupported", ""))
            self.pieces = raw_strings(self.blob)

    def step(self) -> Segment | Child | None:
        """The next segment or child, None at the end; gaps and exceptions are kept."""
        assert self.pieces is not None
        try:
            for piece in self.pieces:
                self.budget.check_time()
                if isinstance(piece, Gap):
                    where = " ".join(part for part in (piece.locator, piece.detail) if part)
                    self.gaps.append((piece.reason, where))
                elif isinstance(piece, Child):
                    self.children += 1
                    return piece
                elif piece.text:
                    self.segments += 1
                    self.characters += len(piece.text)
                    self.budget.spend_chars(len(piece.text))
                    return piece
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001
            if self._second(error):
                return self.step()
            self.stop(error)
        return None

    def _second(self, error: BaseException) -> bool:
        """True where another format claims the bytes and the first, unsure, read nothing."""
        if isinstance(error, Unread | MemoryError) or self.segments or self.children:
            return False
        if not self.formats or len(self.formats) < 2 or self.formats[0][0] >= SURE:
            return False
        self.formats = self.formats[1:]
        self._next_format()
        return True

    def stop(self, error: BaseException) -> None:
        """End the reading here."""
        self.gaps.append(outcome_of(error))
        close = getattr(self.pieces, "close", None)
        self.pieces = iter(())
        if close is not None:
            try:
                close()
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as late:  # noqa: BLE001
                self.gaps.append(outcome_of(late))

    def end(self) -> End:
        """The event of its end."""
        if self.cut is not None:
            self.gaps.insert(0, outcome_of(self.cut))
        if self.counted is not None:
            self.size, self.digest = self.counted.passed, self.counted.sha256()
        digest = "" if self.cut is not None else self._sha256()
        outcome = self._outcome()
        self.pieces = None
        return End(
            self.inner,
            self.file_type,
            self.size,
            digest,
            outcome,
            self.segments,
            self.characters,
        )

    def _outcome(self) -> Outcome:
        if not self.gaps:
            return Outcome()
        reasons = [gap for gap in self.gaps if not gap[0].startswith(_FAINT)] or self.gaps
        code = reasons[0][0]
        details = list(dict.fromkeys(f"{gap[0]} {gap[1]}".strip() for gap in self.gaps))
        if details[0] == code:
            details = details[1:]
        told = "; ".join(details[:5]) + (f"; and {len(details) - 5} more" if details[5:] else "")
        read_some = self.segments or self.children
        return Outcome(Coverage.PARTIAL if read_some else Coverage.SKIPPED, code, told)

    def _sha256(self) -> str:
        """The hash of its bytes, hex, "" where they cannot be read."""
        if not self.digest and self.counted is None and not self.shut:
            self.digest = self._hash_all()
        return self.digest

    def _hash_all(self) -> str:
        digest = hashlib.sha256()
        try:
            for offset in range(0, max(self.blob.size, 0), 1 << 20):
                digest.update(self.blob.at(offset, 1 << 20))
        except OSError:
            return ""
        return digest.hexdigest()

    def same(self, size: int, digest: str) -> bool:
        """True where this object's bytes are the ones of that size and hash."""
        return self.blob.size == size and self._sha256() == digest


def outcome_of(error: BaseException) -> tuple[str, str]:
    """The reason code and the detail of an exception, without any text of the document."""
    if isinstance(error, Unread):
        code = error.reason if is_reason(error.reason) else "damaged"
        return code, error.detail
    if isinstance(error, MemoryError):
        return "memory", ""
    if isinstance(error, ImportError):
        return f"missing-library:{(error.name or 'unknown').partition('.')[0]}", ""
    if isinstance(error, OSError) and (known := errno.errorcode.get(error.errno or 0)):
        return f"unreadable:{known}", ""
    return "damaged", type(error).__name__


def printable(name: str) -> str:
    r"""A member's name with what is no printable character written as \xNN or \uNNNN."""
    if name.isprintable():
        return name
    return "".join(
        letter
        if letter.isprintable()
        else f"\\x{ord(letter):02x}"
        if ord(letter) < 256
        else f"\\u{ord(letter):04x}"
        for letter in name
    )
