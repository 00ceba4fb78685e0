"""Internet messages: headers, every text part, attachments, nested messages."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator

from scanner.extract import _mime, _uu
from scanner.extract._inline import child_of, inline
from scanner.extract._mailtext import decode, untransfer
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Gap, Kind, Piece, Segment

_KNOWN = frozenset(
    b"from to cc bcc subject date message-id mime-version content-type return-path received "
    b"reply-to sender x-mailer delivered-to references in-reply-to content-transfer-encoding "
    b"dkim-signature user-agent list-id importance thread-topic disposition-notification-to".split()
)
_LINE = re.compile(rb"([!-9;-~]{1,80})[ \t]*:")
_COUNT = re.compile(rb"\A\d{1,12}[ \t]*\r?\n")  # before a message as Apple's mail keeps it
_OWN_SEGMENT = ("Subject", "From", "To", "Cc", "Bcc", "Reply-To")
_SMIME = ("application/pgp-encrypted", "multipart/encrypted")
_AS_TEXT = ("message/delivery-status", "text/rfc822-headers", "message/external-body")
_PGP = "-----BEGIN PGP MESSAGE-----"


def _claims(head: bytes, blob: Blob, name: str) -> int:
    """By how many of the first lines are headers that mails have."""
    known: set[bytes] = set()
    lines = _COUNT.sub(b"", head[:16384].lstrip(b"\r\n"), count=1).split(b"\n")
    if lines and lines[0].startswith((b">From ", b"From ")):
        lines = lines[1:]
    for count, line in enumerate(lines):
        if line[:1] in (b" ", b"\t") and count:
            continue
        match = _LINE.match(line)
        if match is None:
            break
        if match[1].lower() in _KNOWN or match[1].lower().startswith(b"x-"):
            known.add(match[1].lower()[:2] if match[1][:2].lower() == b"x-" else match[1].lower())
    if len(known) >= 3:
        return 85
    if len(known) == 2:
        return 65
    return 35 if known and name.lower().endswith((".eml", ".mht", ".mhtml")) else 0


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    yield from message(_COUNT.sub(b"", blob.all(budget), count=1), budget)


def message(data: bytes, budget: Budget) -> Iterator[Piece]:
    """The pieces of a message."""
    walk = _mime.parts(data)
    first = next(walk)
    yield from header_segments(first)
    reading = _Reading(data, budget)
    for part in walk:
        budget.check_time()
        for reason, detail in part.problems:
            yield Gap(reason, part.number, detail)
        yield from reading.part(part)


def header_segments(part: _mime.Part) -> Iterator[Piece]:
    """The well-known headers one by one, the others together."""
    for name in _OWN_SEGMENT:
        if values := part.all(name):
            yield Segment("\n".join(values), f"header {name}", Kind.META)
    own = {name.lower() for name in _OWN_SEGMENT}
    names = dict.fromkeys(name for name, _ in part.headers if name.lower() not in own)
    lines = [f"{name}: {value}" for name in names for value in part.all(name)]
    if lines:
        yield Segment("\n".join(lines), "headers", Kind.META)


class _Reading:
    """The parts of one message as pieces."""

    def __init__(self, data: bytes, budget: Budget) -> None:
        self._data = data
        self._budget = budget
        self._bodies = 0

    def part(self, part: _mime.Part) -> Iterator[Piece]:
        """The pieces of a part that has no parts."""
        raw = self._data[part.start : part.end]
        if part.role in ("preamble", "epilogue", "as text"):
            yield Segment(decode(raw).strip(), part.number, Kind.HIDDEN)
            return
        encodings = part.encodings()
        if len(encodings) > 1:
            yield Gap("ambiguous", part.number, "several transfer encodings; all were followed")
        for encoding in encodings:
            yield from self._decoded(part, untransfer(raw, encoding))
        if part.depth and (about := part.first("Content-Description")):
            yield Segment(about, f"part {part.number} description", Kind.META)

    def _decoded(self, part: _mime.Part, body: bytes) -> Iterator[Piece]:
        kinds = list(dict.fromkeys(kind for kind, _ in part.types()))
        if len(kinds) > 1:
            yield Gap("ambiguous", part.number, "several content types; all were followed")
        for kind in kinds:
            yield from self._as(part, kind, body)

    def _as(self, part: _mime.Part, kind: str, body: bytes) -> Iterator[Piece]:
        name = part.filename()
        if kind in _SMIME:
            yield Gap("encrypted", part.number, kind)
        if kind == "message/partial":
            yield Gap("volume", part.number, "one part of a split message")
        inside = not part.attached() and not (name and part.depth)
        if kind in _AS_TEXT or (inside and kind in ("text/plain", "text")):
            yield from self._text(_mime.text(self._data, part, body))
        elif inside and kind.startswith("multipart/"):
            yield from self._text(decode(body))
        elif inside and kind == "text/html" and body.strip():
            yield from self._html(part, body)
        elif body:
            yield child_of(body, name or _made_up(part, kind))

    def _where(self) -> str:
        self._bodies += 1
        return "body" if self._bodies == 1 else f"body {self._bodies}"

    def _text(self, text: str) -> Iterator[Piece]:
        if not text.strip():
            return
        where = self._where()
        if _PGP in text:
            yield Gap("encrypted", where, "PGP")
        yield Segment(text, where)
        for child_name, data, whole in _uu.embedded(text):
            yield child_of(data, child_name)
            if not whole:
                yield Gap("damaged", child_name, "an encoded attachment without its end")

    def _html(self, part: _mime.Part, body: bytes) -> Iterator[Piece]:
        text = _mime.text(self._data, part, body)
        data = b"\xef\xbb\xbf" + text.encode("utf-8", "replace")
        yield from inline(data, "body.html", self._where(), self._budget)


def _made_up(part: _mime.Part, kind: str) -> str:
    """A name for a part that has none."""
    known = {"message/rfc822": ".eml", "message/global": ".eml", "text/calendar": ".ics"}
    ending = known.get(kind) or mimetypes.guess_extension(kind) or ""
    return f"part {part.number or '1'}{ending}"


FORMAT = Format("eml", _claims, _read, ("eml", "mht", "mhtml", "mim"))
