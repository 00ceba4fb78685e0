"""One object of a walk being read: its pieces, what came out so far, and why it stopped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from scanner.extract._choose import SURE, claims
from scanner.extract._escapes import inside as escaped
from scanner.extract._events import Begin, End, outcome_of
from scanner.extract._raw import raw_strings
from scanner.extract._spool import Counted
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Child, Gap, Kind, Segment
from scanner.model.errors import LimitReached, Unread
from scanner.model.outcome import Coverage, Outcome

UNKNOWN = "unknown"
_ESCAPED = 20  # characters: nothing shorter is looked into
_LIKELY = 45  # a format that claims so much was probably meant, though it could not be read
_FAINT = ("image-not-read", "missing-library")  # reasons that give way to any other


@dataclass(slots=True)
class Object:
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
    extra: list[Segment | Child] = field(default_factory=list)  # escaped inside what was read

    @staticmethod
    def closed(
        inner: str,
        name: str,
        size: int,
        reason: str,
        budget: Budget,
        detail: str = "",
        digest: str = "",
    ) -> Object:
        """An object of which nothing is read."""
        made = Object(
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
        if self.extra:
            return self._extra()
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

    def look_inside(self, segment: Segment) -> None:
        """Find what is escaped inside a segment; it comes next."""
        if (
            not self.budget.limits.escapes
            or segment.kind is Kind.RAW
            or len(segment.text) < _ESCAPED
            or segment.locator.endswith("decoded decoded")
        ):
            return
        try:
            self.extra += escaped(segment, self.budget)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001
            self.gaps.append(outcome_of(error))

    def _extra(self) -> Segment | Child | None:
        piece = self.extra.pop(0)
        if isinstance(piece, Child):
            self.children += 1
            return piece
        self.segments += 1
        self.characters += len(piece.text)
        try:
            self.budget.spend_chars(len(piece.text))
        except LimitReached as limit:
            self.stop(limit)
        return piece

    def _second(self, error: BaseException) -> bool:
        """True where another format claims the bytes and the first, unsure, read nothing."""
        if isinstance(error, Unread | MemoryError) or self.segments or self.children:
            return False
        if not self.formats or len(self.formats) < 2 or self.formats[0][0] >= SURE:
            return False
        if self.formats[0][0] >= _LIKELY:
            self.gaps.append(("damaged", f"it began as {self.file_type}"))
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
