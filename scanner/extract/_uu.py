"""Attachments written as text inside a mail's body: uuencode, yEnc, BinHex."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

_UU = re.compile(r"^begin(?:-base64)? [0-7]{3,4} ([^\r\n]{1,300})$", re.MULTILINE)
_Y = re.compile(r"^=ybegin [^\r\n]*?name=([^\r\n]{1,300})$", re.MULTILINE)
_HQX = re.compile(r"^\(This file must be converted with BinHex[^\n]*\n\s*:", re.MULTILINE)
_HQX_LETTERS = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"


def embedded(text: str) -> Iterator[tuple[str, bytes, bool]]:
    """Name, bytes and whether it came whole, of every encoded file in a text."""
    for match in _UU.finditer(text):
        yield _uudecode(text, match)
    for match in _Y.finditer(text):
        yield _ydecode(text, match)
    for match in _HQX.finditer(text):
        yield _binhex(text, match)


def _lines(text: str, start: int) -> Iterator[str]:
    while start < len(text):
        stop = text.find("\n", start)
        stop = len(text) if stop < 0 else stop
        yield text[start:stop].rstrip("\r")
        start = stop + 1


def _uudecode(text: str, match: re.Match[str]) -> tuple[str, bytes, bool]:
    out = bytearray()
    base64 = match.group().startswith("begin-base64")
    for line in _lines(text, match.end() + 1):
        if line in ("end", "===="):
            return match[1], bytes(out), True
        raw = line.encode("ascii", "replace")
        try:
            if base64:
                out += binascii.a2b_base64(raw)
            elif line.strip("` "):
                out += _uuline(raw)
        except (binascii.Error, ValueError):
            break
    return match[1], bytes(out), False


def _uuline(raw: bytes) -> bytes:
    try:
        return binascii.a2b_uu(raw)
    except binascii.Error:  # encoders that pad the line too far
        count = (((raw[0] - 32) & 63) * 4 + 5) // 3
        return binascii.a2b_uu(raw[:count])


def _ydecode(text: str, match: re.Match[str]) -> tuple[str, bytes, bool]:
    out = bytearray()
    for line in _lines(text, match.end() + 1):
        if line.startswith("=yend"):
            return match[1].strip(), bytes(out), True
        if line.startswith("=ypart "):
            continue
        raw = line.encode("latin-1", "replace")
        escaped = False
        for byte in raw:
            if byte == 0x3D and not escaped:
                escaped = True
                continue
            out.append((byte - (106 if escaped else 42)) & 0xFF)
            escaped = False
    return match[1].strip(), bytes(out), False


def _binhex(text: str, match: re.Match[str]) -> tuple[str, bytes, bool]:
    """The data fork of a BinHex 4 file."""
    stop = text.find(":", match.end())
    body = text[match.end() : stop if stop > 0 else len(text)]
    values = {letter: value for value, letter in enumerate(_HQX_LETTERS)}
    bits = count = 0
    packed = bytearray()
    for letter in body.encode("ascii", "replace"):
        if letter in values:
            bits, count = bits << 6 | values[letter], count + 6
            if count >= 8:
                count -= 8
                packed.append(bits >> count & 0xFF)
                bits &= (1 << count) - 1
    data = _runs(packed)
    if len(data) < 22 or len(data) < 22 + data[0]:
        return "binhex", bytes(data), False
    length = data[0]
    name = bytes(data[1 : 1 + length]).decode("mac-roman", "replace")
    at = 1 + length + 1 + 4 + 4 + 2
    size = int.from_bytes(data[at : at + 4], "big")
    fork = bytes(data[at + 10 : at + 10 + size])
    return name or "binhex", fork, stop > 0 and len(fork) == size


def _runs(packed: bytearray) -> bytearray:
    out = bytearray()
    at = 0
    while at < len(packed):
        if packed[at] == 0x90 and at + 1 < len(packed):
            times = packed[at + 1]
            out += b"\x90" if times == 0 else out[-1:] * (times - 1)
            at += 2
        else:
            out.append(packed[at])
            at += 1
    return out
