"""Snappy as Apple writes it: blocks of literals and copies, without checksums."""

from __future__ import annotations

from scanner.extract.base import Budget


def unpacked(data: bytes, budget: Budget) -> bytes:
    """All blocks undone, as far as they are sound; counted against the budget."""
    out = bytearray()
    at = 0
    while at + 4 <= len(data):
        length = int.from_bytes(data[at + 1 : at + 4], "little")
        block = data[at + 4 : at + 4 + length]
        at += 4 + length
        made = _block(block) if data[at - 4 - length] == 0 else block
        budget.spend_bytes(len(made))
        out += made
        if len(out) > budget.limits.member_bytes:
            break
    return bytes(out)


def _block(data: bytes) -> bytes:
    out = bytearray()
    at = 0
    while at < len(data) and data[at] & 0x80:  # the length of what comes out, not trusted
        at += 1
    at += 1
    while at < len(data):
        tag = data[at]
        at += 1
        if tag & 3 == 0:
            length = tag >> 2
            if length >= 60:
                width = length - 59
                length = int.from_bytes(data[at : at + width], "little")
                at += width
            out += data[at : at + length + 1]
            at += length + 1
            continue
        width = (0, 1, 2, 4)[tag & 3]
        back = int.from_bytes(data[at : at + width], "little")
        at += width
        length = (tag >> 2) + 1
        if tag & 3 == 1:
            length = (tag >> 2 & 7) + 4
            back |= (tag >> 5) << 8
        if not 0 < back <= len(out):
            break
        for _ in range(length):
            out.append(out[-back])
    return bytes(out)
