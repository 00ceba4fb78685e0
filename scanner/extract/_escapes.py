"""Text escaped inside text: base64, percent, backslash-u, quoted-printable, entities."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from functools import partial
from html import unescape
from io import BytesIO
from urllib.parse import unquote_to_bytes

from scanner.extract import _charset
from scanner.extract._choose import claims
from scanner.extract.base import Blob, Budget
from scanner.model.content import Child, Kind, Layout, Segment

_LONGEST = 8 << 20  # characters looked at in one segment
_MOST = 2000  # runs decoded of one segment
_DOCUMENT = 45  # how sure a format has to be of decoded bytes to read them as a document
_AROUND = 200  # characters of a line kept on either side of what is decoded
_BASE64 = re.compile(
    r"[A-Za-z0-9+/_-]{16,}(?:\r?\n[A-Za-z0-9+/]{16,})*(?:\r?\n[A-Za-z0-9+/]{2,})?={0,2}"
)
_RUN = b"A" * 16
_LETTERS = bytes(
    65 if chr(byte).isascii() and (chr(byte).isalnum() or byte in b"+/_-") else 32
    for byte in range(256)
)
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}(?:[A-Za-z0-9+._~@-]{0,40}?%[0-9A-Fa-f]{2}){2,}")
_UNICODE = re.compile(r"[\\%]u[0-9A-Fa-f]{4}(?:[ -\[\]-~]{0,40}?[\\%]u[0-9A-Fa-f]{4})+")
_HEX = re.compile(r"\\x[0-9A-Fa-f]{2}(?:[ -\[\]-~]{0,40}?\\x[0-9A-Fa-f]{2}){2,}")
_PRINTABLE = re.compile(r"=[0-9A-F]{2}=[0-9A-F]{2}(?:[ -<>-~]{0,76}?(?:=\r?\n|(?:=[0-9A-F]{2})+))*")
_ENTITY = re.compile(
    r"&#(?:\d{2,7}|[xX][0-9a-fA-F]{2,6});(?:[^&\n]{0,40}?&#(?:\d{2,7}|[xX][0-9a-fA-F]{2,6});)+"
)


def inside(segment: Segment, budget: Budget) -> Iterator[Segment | Child]:
    """What is escaped in a segment: texts as one HIDDEN segment, documents as children."""
    text = segment.text if len(segment.text) <= _LONGEST else segment.text[:_LONGEST]
    found: list[str] = []
    number = 0
    for decoded in _runs(text):
        budget.check_time()
        if isinstance(decoded, str):
            found.append(decoded)
        elif (form := _document(decoded)) is not None:
            number += 1
            where = f"{segment.locator} " if segment.locator else ""
            name = f"{where}line {segment.first_line} base64 {number}.{form}"
            yield Child(name, partial(BytesIO, decoded), len(decoded))
        elif (plain := _text(decoded)) is not None:
            found.append(plain)
    if found:
        where = f"{segment.locator} decoded".strip()
        yield Segment("\n".join(found), where, Kind.HIDDEN, Layout.TEXT, segment.first_line)


def _runs(text: str) -> Iterator[str | bytes]:
    left = _MOST
    raw = text.encode("latin-1", "replace")  # one byte a character: quick to look through
    for marks, pattern, decode in _WAYS:
        if not any(mark in raw for mark in marks):
            continue
        for start, end in _windows(text, pattern):
            left -= 1
            if left < 0:
                return
            window = text[start:end]
            made = pattern.sub(partial(_undone, decode), window)
            if made != window:
                yield made
    for run in _packed(text, raw.translate(_LETTERS)):
        decoded = _base64(run)
        if decoded:
            left -= 1
            if left < 0:
                return
            yield decoded


def _packed(text: str, mask: bytes) -> Iterator[str]:
    """The runs that may be base64: `mask` has an A for each letter of it."""
    at = 0
    while (at := mask.find(_RUN, at)) >= 0:
        match = _BASE64.match(text, at)
        if match is None:
            at += 1
            continue
        yield match.group()
        at = max(match.end(), at + 1)


def _undone(decode: Callable[[str], str | None], match: re.Match[str]) -> str:
    return decode(match.group()) or match.group()


def _windows(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """The lines in which something is escaped, long ones cut around it."""
    begin = end = -1
    for match in pattern.finditer(text):
        low = max(text.rfind("\n", 0, match.start()) + 1, match.start() - _AROUND)
        stop = text.find("\n", match.end(), match.end() + _AROUND)
        high = stop if stop >= 0 else min(len(text), match.end() + _AROUND)
        if low <= end:
            end = high
            continue
        if end >= 0:
            yield begin, end
        begin, end = low, high
    if end >= 0:
        yield begin, end


def _percent(run: str) -> str | None:
    raw = unquote_to_bytes(run.replace("+", " "))
    return _text(raw) if raw and (not raw.isascii() or run.count("%") > 5) else None


def _unicode(run: str) -> str | None:
    made = re.sub(r"[\\%]u([0-9A-Fa-f]{4})", lambda one: chr(int(one.group(1), 16)), run)
    return made.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _hex(run: str) -> str | None:
    raw = re.sub(r"\\x([0-9A-Fa-f]{2})", lambda one: chr(int(one.group(1), 16)), run)
    return _text(raw.encode("latin-1", "replace"))


def _printable(run: str) -> str | None:
    raw = binascii.a2b_qp(run.encode("ascii", "ignore"))
    return None if raw.isascii() else _text(raw)


def _entities(run: str) -> str | None:
    return unescape(run)


def _base64(run: str) -> bytes | None:
    """The bytes of a run that is no word, no number and no hash."""
    clean = run.replace("\n", "").replace("\r", "").rstrip("=")
    if (
        len(clean) < 16
        or len(clean) % 4 == 1
        or ("/" in clean and "-" in clean)
        or clean.isdigit()
        or _one_case(clean)
    ):
        return None
    made = clean.replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(made + "=" * (-len(made) % 4))
    except (binascii.Error, ValueError):
        return None


def _one_case(run: str) -> bool:
    letters = [letter for letter in run[:200] if letter.isalpha()]
    low = sum(letter.islower() for letter in letters)
    return not letters or low in (0, len(letters))


def _text(raw: bytes) -> str | None:
    """The bytes as text, None where they are none."""
    if len(raw) < 6 or _charset.controls(raw):
        return None
    for encoding in ("utf-8", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        start = text[:4096]
        letters = sum(letter.isalnum() or letter.isspace() for letter in start)
        if letters * 4 < len(start) * 3:
            return None
        if encoding == "gb18030" and _charset._score(raw, encoding) < 0.9:
            return None
        return text
    return None


def _document(raw: bytes) -> str | None:
    if len(raw) < 48:
        return None
    found = claims(Blob.of(raw), "")
    return found[0][1].name if found and found[0][0] >= _DOCUMENT else None


_WAYS = (
    ((b"%",), _PERCENT, _percent),
    ((b"\\u", b"%u"), _UNICODE, _unicode),
    ((b"\\x",), _HEX, _hex),
    ((b"=",), _PRINTABLE, _printable),
    ((b"&#",), _ENTITY, _entities),
)
