"""Encrypted zip members, opened with the passwords that were given."""

from __future__ import annotations

import hashlib
import hmac
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from scanner.extract import _zipnames
from scanner.extract.base import Budget
from scanner.model.errors import Unread

if TYPE_CHECKING:
    from scanner.extract._zip import Member
    from scanner.extract._zipstream import Range

_AES = 0x9901
_TRIAL = 4096
_MOST_OPENED = _TRIAL * 1040  # bytes: deflate packs no better
_SLOWEST = 64 << 20  # the old cipher runs in Python: larger members are not tried


def true_method(member: Member) -> int:
    """The compression below the encryption."""
    data = _zipnames.fields(member.extra).get(_AES, b"")
    if len(data) < 7:
        raise Unread("unsupported:method", "encryption without its properties")
    return int.from_bytes(data[5:7], "little")


def decrypted(source: Range, member: Member, budget: Budget) -> Iterator[bytes]:
    """The compressed bytes of an encrypted member; raises Unread("encrypted") without the key."""
    if member.flags & 0x40:
        raise Unread("encrypted", "strong encryption")
    for password in budget.limits.passwords:
        for encoding in ("utf-8", "gb18030"):
            found = (_aes if member.method == 99 else _old)(
                source, member, password.encode(encoding), budget
            )
            if found is not None:
                return found
            if password.isascii():
                break
    raise Unread("encrypted", "no password given fits" if budget.limits.passwords else "")


def _aes(source: Range, member: Member, password: bytes, budget: Budget) -> Iterator[bytes] | None:
    data = _zipnames.fields(member.extra).get(_AES, b"")
    strength = data[4] if len(data) >= 7 else 0
    if strength not in (1, 2, 3):
        raise Unread("unsupported:method", "encryption strength")
    salt_length, key_length = 4 + 4 * strength, 8 + 8 * strength
    head = source.blob.at(source.start, salt_length + 2)
    keys = hashlib.pbkdf2_hmac("sha1", password, head[:salt_length], 1000, key_length * 2 + 2)
    if not hmac.compare_digest(keys[-2:], head[salt_length:]):
        return None
    source.start += salt_length + 2
    source.length = max(0, source.length - salt_length - 2 - 10)
    return _aes_stream(source, keys[:key_length])


def _aes_stream(source: Range, key: bytes) -> Iterator[bytes]:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    coder = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305  counter below
    counter = 1
    rest = b""
    for chunk in source.chunks():
        data = rest + chunk
        whole = len(data) if source.taken >= source.length else len(data) & ~15
        rest = data[whole:]
        blocks = (whole + 15) // 16
        plain = b"".join((counter + at).to_bytes(16, "little") for at in range(blocks))
        counter += blocks
        mask = coder.update(plain)[:whole]
        mixed = int.from_bytes(data[:whole], "big") ^ int.from_bytes(mask, "big")
        yield mixed.to_bytes(whole, "big")


def _crc(value: int, byte: int) -> int:
    return (value >> 8) ^ _crc_table()[(value ^ byte) & 0xFF]


def _crc_table() -> list[int]:
    if not _KNOWN:
        for number in range(256):
            value = number
            for _ in range(8):
                value = (value >> 1) ^ 0xEDB88320 if value & 1 else value >> 1
            _KNOWN.append(value)
    return _KNOWN


_KNOWN: list[int] = []


class _Old:
    """The three keys of the old cipher."""

    def __init__(self, password: bytes) -> None:
        self.keys = [0x12345678, 0x23456789, 0x34567890]
        for byte in password:
            self._update(byte)

    def _update(self, byte: int) -> None:
        keys = self.keys
        keys[0] = _crc(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = _crc(keys[2], keys[1] >> 24)

    def decrypt(self, data: bytes) -> bytes:
        """The plain bytes."""
        out = bytearray()
        for byte in data:
            mask = self.keys[2] | 2
            plain = byte ^ (((mask * (mask ^ 1)) >> 8) & 0xFF)
            self._update(plain)
            out.append(plain)
        return bytes(out)


def _old(source: Range, member: Member, password: bytes, budget: Budget) -> Iterator[bytes] | None:
    if source.length > _SLOWEST:
        raise Unread("encrypted", "too large for the old cipher")
    cipher = _Old(password)
    check = cipher.decrypt(source.blob.at(source.start, 12))
    wanted = member.time >> 8 if member.flags & 8 or member.crc < 0 else member.crc >> 24
    if len(check) < 12 or check[-1] != wanted & 0xFF:
        return None
    if member.method == 8 and not _inflates(source, member, password):
        return None  # one wrong password in 256 fits the byte
    source.start += 12
    source.length = max(0, source.length - 12)
    return (cipher.decrypt(chunk) for chunk in source.chunks())


def _inflates(source: Range, member: Member, password: bytes) -> bool:
    """Whether the beginning of a member, opened with a password, is deflated data.

    What a wrong password opens may end at once; that of a member ends with it, at its size.
    """
    size = min(source.length, _TRIAL)
    plain = _Old(password).decrypt(source.blob.at(source.start, size))[12:]
    opened = zlib.decompressobj(-15)
    try:
        told = opened.decompress(plain, _MOST_OPENED)
    except zlib.error:
        return False
    if not opened.eof:
        return True
    return size == source.length and member.size in {len(told), -1}
