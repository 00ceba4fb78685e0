"""Signed and encrypted envelopes: CMS (p7m, p7s), PGP, protected Outlook messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scanner.extract._inline import child_of
from scanner.extract._mailtext import base64
from scanner.extract._pulled import inner_name
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Gap, Piece
from scanner.model.errors import Unread

_SIGNED = bytes.fromhex("06092a864886f70d010702")
_LOCKED = (
    bytes.fromhex("06092a864886f70d010703"),
    bytes.fromhex("060b2a864886f70d0109100117"),
    bytes.fromhex("06092a864886f70d010706"),
)
_RPMSG = bytes.fromhex("76e80460c411e386")
_ARMOUR = re.compile(rb"-----BEGIN (PGP MESSAGE|PKCS7|CMS|SIGNED DATA)-----\s")
_TEXT = re.compile(rb"-----BEGIN [A-Z0-9 ]+-----\s+(.*?)-----END", re.DOTALL)
_PGP_FIRST = frozenset((0x84, 0x85, 0x8C, 0xC1, 0xC3, 0xD2, 0xD4))


@dataclass(frozen=True, slots=True)
class _Tag:
    kind: int
    start: int
    end: int  # -1 where the length is open until two zero bytes


def _tag(data: bytes, at: int) -> _Tag | None:
    if at + 2 > len(data):
        return None
    kind, length = data[at], data[at + 1]
    at += 2
    if length == 0x80:
        return _Tag(kind, at, -1)
    if length & 0x80:
        count = length & 0x7F
        if count > 8 or at + count > len(data):
            return None
        length = int.from_bytes(data[at : at + count], "big")
        at += count
    return _Tag(kind, at, at + length)


def _octets(data: bytes, at: int, end: int, out: bytearray) -> int:
    """Gather the octet strings between `at` and `end`; where they end."""
    stack = [end if end >= 0 else -1]
    while stack:
        limit = stack[-1]
        if (limit >= 0 and at >= limit) or at >= len(data):
            stack.pop()
            continue
        if limit < 0 and data[at : at + 2] == b"\0\0":
            at += 2
            stack.pop()
            continue
        tag = _tag(data, at)
        if tag is None or len(stack) > 50 or (tag.end < 0 and not tag.kind & 0x20):
            return len(data)
        if tag.kind & 0x20:
            at = tag.start
            stack.append(tag.end)
        else:
            stop = min(tag.end, len(data))
            if tag.kind == 4:
                out += data[tag.start : stop]
            at = stop
    return at


def _payload(data: bytes) -> bytes | None:
    """The signed content; None where the signature stands apart from it."""
    at = data.find(_SIGNED)
    outer = _tag(data, at + len(_SIGNED))  # [0] around SignedData
    if outer is None:
        return None
    inside = _tag(data, outer.start)
    version = _tag(data, inside.start) if inside else None
    digests = _tag(data, version.end) if version else None
    if digests is None:
        return None
    at = digests.end if digests.end >= 0 else _octets(data, digests.start, -1, bytearray())
    info = _tag(data, at)
    oid = _tag(data, info.start) if info else None
    if info is None or oid is None:
        return None
    content = _tag(data, oid.end)
    if content is None or content.kind != 0xA0 or (info.end >= 0 and oid.end >= info.end):
        return None
    out = bytearray()
    _octets(data, content.start, content.end, out)
    return bytes(out)


def _claims(head: bytes, blob: Blob, name: str) -> int:
    if head.startswith(_RPMSG) or _ARMOUR.match(head.lstrip()[:80]):
        return 95
    if head[:1] == b"\x30" and any(oid in head[:32] for oid in (_SIGNED, *_LOCKED)):
        return 93
    lower = name.lower()
    if lower.endswith((".p7m", ".p7s", ".p7z")) and head[:2] in (b"MI", b"MA"):
        return 40
    if lower.endswith((".pgp", ".gpg")) and head[:1] and head[0] in _PGP_FIRST:
        return 40
    return 0


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    data = blob.all(budget)
    if data.startswith(_RPMSG) or b"BEGIN PGP MESSAGE" in data[:200]:
        raise Unread("encrypted")
    if data[:1] and data[0] in _PGP_FIRST and name.lower().endswith((".pgp", ".gpg")):
        raise Unread("encrypted", "PGP")
    if data[:1] != b"\x30":
        text = _TEXT.search(data)
        data = base64(text[1] if text else data)
    if any(oid in data[:32] for oid in _LOCKED):
        raise Unread("encrypted", "a CMS envelope")
    payload = _payload(data) if _SIGNED in data[:64] else None
    if payload:
        yield child_of(payload, inner_name(name, ("p7m", "p7s"), "content"))
    whole = _tag(data, 0)
    if whole is None or whole.end > len(data):
        yield Gap("damaged", "", "the envelope is cut off")


FORMAT = Format("signed", _claims, _read, ("p7m", "p7s", "pgp", "gpg", "asc", "rpmsg"))
