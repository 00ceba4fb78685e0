"""Keyed hashes: what every value and every window of text is reduced to.

A value is first hashed with secret multipliers (fast, never stored in the clear), then with
SipHash-2-4 under a key of its own; only the latter stands in the index. All numbers are modulo
2**64. The native kernel computes exactly the same.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

MASK = (1 << 64) - 1
LONGEST_WORD = 64  # a longer run of letters and digits is no word: it stands in no window
U64 = NDArray[np.uint64]


class Lane(IntEnum):
    """What kind of window a key was made of."""

    WORDS = 0
    NUMBER = 1
    CODE = 2
    MAIL = 3


@dataclass(frozen=True, slots=True)
class Keys:
    """The secrets derived from the index key.

    `multipliers`: word low, word high, mix, chain, pair, lane, number, number length.
    `sip` is the SipHash key, `seal` encrypts the sections that hold no SipHash values, `check`
    recognises the key, `mac` signs headers and manifests.
    """

    multipliers: tuple[int, ...] = field(repr=False)
    sip: tuple[int, int] = field(repr=False)
    seal: bytes = field(repr=False)
    mac: bytes = field(repr=False)
    check: int

    @staticmethod
    def of(key: bytes) -> Keys:
        """The secrets of an index key."""
        hashes = hashlib.blake2b(b"hashes", key=key, person=b"leakscan index", digest_size=64)
        others = hashlib.blake2b(b"others", key=key, person=b"leakscan index", digest_size=64)
        sealing = hashlib.blake2b(b"seal", key=key, person=b"leakscan index", digest_size=32)
        words = struct.unpack("<8Q", hashes.digest())
        rest = others.digest()
        sip = struct.unpack("<2Q", rest[:16])
        check = siphash(np.array([0x6C65616B7363616E], np.uint64), sip)
        return Keys(
            tuple(word | 1 for word in words), sip, sealing.digest(), rest[16:48], int(check[0])
        )


def word_hash(word: bytes, keys: Keys) -> int:
    """The hash of one word or character."""
    low, high, mix = keys.multipliers[:3]
    state = 0
    for start in range(0, len(word), 16):
        block = word[start : start + 16].ljust(16, b"\0")
        a, b = struct.unpack("<QQ", block)
        state = (state + a * low + b * high) & MASK
        state ^= state >> 32
        state = state * mix & MASK
    return state


def window_hash(hashes: list[int], plain: bool, keys: Keys) -> int:
    """The hash of a window of words; two ASCII words (`plain`) count in either order."""
    if len(hashes) == 2 and plain:
        state = sum(hashes) & MASK
    else:
        state = hashes[0]
        for part in hashes[1:]:
            state = (state * keys.multipliers[3] + part) & MASK
    return lane_hash(state, Lane.WORDS, len(hashes), keys)


def pair_hash(first: int, second: int, keys: Keys) -> int:
    """The hash by which a window is recognised by its first two words."""
    return (first + second) * keys.multipliers[4] & MASK


def lane_hash(state: int, lane: Lane, length: int, keys: Keys) -> int:
    """A state bound to its lane and length."""
    return (state + (lane << 16 | length) * keys.multipliers[5]) & MASK


def number_hash(digits: str, tail: bool, keys: Keys) -> int:
    """The hash of up to 19 digits; `tail` where an X follows them."""
    length = len(digits) | (32 if tail else 0)
    state = (int(digits) * keys.multipliers[6] + length * keys.multipliers[7]) & MASK
    state ^= state >> 32
    return lane_hash(state * keys.multipliers[2] & MASK, Lane.NUMBER, length, keys)


def string_hash(text: str, lane: Lane, keys: Keys) -> int:
    """The hash of a code or an e-mail address."""
    data = text.encode()
    return lane_hash(word_hash(data, keys), lane, len(data), keys)


def _rotate(x: U64, by: int) -> U64:
    return x << np.uint64(by) | x >> np.uint64(64 - by)


def _round(v0: U64, v1: U64, v2: U64, v3: U64) -> tuple[U64, U64, U64, U64]:
    v0 = v0 + v1
    v2 = v2 + v3
    v1 = _rotate(v1, 13) ^ v0
    v3 = _rotate(v3, 16) ^ v2
    v0 = _rotate(v0, 32)
    v2 = v2 + v1
    v0 = v0 + v3
    v1 = _rotate(v1, 17) ^ v2
    v3 = _rotate(v3, 21) ^ v0
    return v0, v1, _rotate(v2, 32), v3


def siphash(values: U64, sip: tuple[int, int]) -> U64:
    """SipHash-2-4 of each value taken as a message of eight little-endian bytes."""
    k0, k1 = np.uint64(sip[0]), np.uint64(sip[1])
    ones = np.ones_like(values)
    v0 = ones * (k0 ^ np.uint64(0x736F6D6570736575))
    v1 = ones * (k1 ^ np.uint64(0x646F72616E646F6D))
    v2 = ones * (k0 ^ np.uint64(0x6C7967656E657261))
    v3 = ones * (k1 ^ np.uint64(0x7465646279746573))
    for word in (values, ones * np.uint64(8 << 56)):
        v3 = v3 ^ word
        for _ in range(2):
            v0, v1, v2, v3 = _round(v0, v1, v2, v3)
        v0 = v0 ^ word
    v2 = v2 ^ np.uint64(0xFF)
    for _ in range(4):
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    return v0 ^ v1 ^ v2 ^ v3
