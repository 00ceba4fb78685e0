"""vCard and iCalendar: a line for each card or event, its lines unfolded and decoded."""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator

from scanner.extract._inline import child_of
from scanner.extract._mailtext import base64, decode
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Layout, Piece, Segment

_BEGIN = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*BEGIN:(VCARD|VCALENDAR)\s", re.IGNORECASE)
_LINE = re.compile(r"([\w.-]+)((?:;[^:\"]*(?:\"[^\"]*\"[^:\"]*)*)?):(.*)", re.DOTALL)
_ESCAPED = re.compile(r"\\([\\;,nN:])")
_DULL = re.compile(
    "VERSION|PRODID|REV|UID|METHOD|CALSCALE|TZID|TZOFFSET.*|DTSTAMP|SEQUENCE|TRANSP|STATUS|CLASS"
    "|PRIORITY|CREATED|LAST-MODIFIED|RRULE|TRIGGER|ACTION"
)
_CHARS = 1 << 20


def _claims(head: bytes, blob: Blob, name: str) -> int:
    return 90 if _BEGIN.match(head[:256]) else 0


def _lines(text: str) -> Iterator[str]:
    """The logical lines: folded ones joined, quoted-printable soft breaks too."""
    held = ""
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if line[:1] in (" ", "\t") and held:
            held += line[1:]
        elif held.endswith("=") and "QUOTED-PRINTABLE" in held.upper().partition(":")[0]:
            held = held[:-1] + line
        else:
            if held:
                yield held
            held = line
    if held:
        yield held


def _value(told: str, value: str) -> str | bytes:
    """A value as text, or the bytes of a file inside it."""
    upper = told.upper()
    if "QUOTED-PRINTABLE" in upper:
        charset = re.search(r"CHARSET=([\w-]+)", upper)
        value = decode(quopri.decodestring(value.encode()), charset[1] if charset else "")
    elif "ENCODING=B" in upper or "BASE64" in upper or value.startswith("data:"):
        return base64(value.rpartition(",")[2].encode("ascii", "ignore"))
    return _ESCAPED.sub(lambda one: " " if one[1] in "nN" else one[1], value)


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    text = decode(blob.all(budget))
    rows: list[str] = []
    card: list[str] = []
    chars, first, number = 0, 1, 0
    for line in _lines(text):
        match = _LINE.match(line)
        if match is None:
            card.append(" ".join(line.split()))
            continue
        label, told, raw = match[1].upper().rpartition(".")[2], match[2], match[3]
        if label in ("BEGIN", "END"):
            if any(card):
                rows.append("\t".join(part for part in card if part))
                chars += len(rows[-1])
            card = []
            continue
        if _DULL.fullmatch(label):
            continue
        value = _value(told, raw)
        if isinstance(value, bytes):
            number += 1
            yield child_of(value, f"{label.lower()} {number}")
        else:
            common = re.search(r'CN="?([^";:]+)', told)
            card += ["; ".join(part.strip() for part in value.split(";") if part.strip())]
            card += [common[1]] if common else []
        if chars > _CHARS:
            budget.check_time()
            yield Segment("\n".join(rows) + "\n", "", layout=Layout.TABLE, first_line=first)
            first, rows, chars = first + len(rows), [], 0
    if any(card):
        rows.append("\t".join(part for part in card if part))
    if rows:
        yield Segment("\n".join(rows), "", layout=Layout.TABLE, first_line=first)


FORMAT = Format("vcard", _claims, _read, ("vcf", "vcard", "ics", "ical"))
