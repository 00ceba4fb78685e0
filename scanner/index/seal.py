"""ChaCha20 over arrays: encrypts the parts of the index that hold no SipHash values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scanner.index.kernel import kernel, pointer

_CHUNK = 1 << 14  # blocks at a time


def _rotate(x: NDArray[np.uint32], by: int) -> NDArray[np.uint32]:
    return x << np.uint32(by) | x >> np.uint32(32 - by)


def _quarter(s: list[NDArray[np.uint32]], a: int, b: int, c: int, d: int) -> None:
    for first, second, third, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[first] = s[first] + s[second]
        s[third] = _rotate(s[third] ^ s[first], by)


def _blocks(key: bytes, nonce: bytes, start: int, count: int) -> NDArray[np.uint32]:
    words = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574]
    words += [*np.frombuffer(key, "<u4").tolist(), 0, *np.frombuffer(nonce, "<u4").tolist()]
    state = [np.full(count, word, np.uint32) for word in words]
    state[12] = np.arange(start, start + count, dtype=np.uint32)
    work = list(state)
    for _ in range(10):
        for column in range(4):
            _quarter(work, column, column + 4, column + 8, column + 12)
        for column in range(4):
            _quarter(
                work, column, 4 + (column + 1) % 4, 8 + (column + 2) % 4, 12 + (column + 3) % 4
            )
    return np.stack([a + b for a, b in zip(work, state, strict=True)], axis=1)


def seal(data: bytes, key: bytes, nonce: bytes) -> bytes:
    """The data encrypted, or decrypted again; `key` has 32 bytes, `nonce` 12, used once."""
    loaded = kernel()
    if loaded is not None:
        work = np.frombuffer(data, np.uint8).copy()
        loaded.call("seal", pointer(work), len(work), key, nonce)
        return work.tobytes()
    return seal_slowly(data, key, nonce)


def seal_slowly(data: bytes, key: bytes, nonce: bytes) -> bytes:
    """The same where there is no kernel."""
    plain = np.frombuffer(data, np.uint8)
    out = np.empty_like(plain)
    for block in range(0, -(-len(plain) // 64), _CHUNK):
        part = plain[block * 64 : (block + _CHUNK) * 64]
        stream = _blocks(key, nonce, block, -(-len(part) // 64)).reshape(-1).view(np.uint8)
        out[block * 64 : block * 64 + len(part)] = part ^ stream[: len(part)]
    return out.tobytes()
