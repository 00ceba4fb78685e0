"""One file of the index: keyed fingerprints of cells, memory-mapped.

Header of 4096 bytes: magic, JSON of numbers and sections, a keyed signature. Sections begin at
multiples of 64: `sealed` (anchors, encrypted), `bloom` (u64 words, four bits of one word for each
value), `offsets` (u32, first entry of each bucket), `entries` (bit-packed: tag, flag, cell or
posting offset), `postings` (u32: count, then cells ascending). A cell is
record * columns + column. The bucket is the upper bits of the SipHash, the tag the bits below.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import mmap
import os
import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from scanner.index.anchors import Anchors
from scanner.index.pairs import in_range
from scanner.index.seal import seal
from scanner.index.table import Table, unpack
from scanner.index.types import U32, U64
from scanner.model.errors import IndexDamaged, KeyMissing
from scanner.text.keys import Keys

MAGIC = b"LSINDEX2"
HEADER = 4096
SMALL = 4 << 20  # a file up to this size is checked whole whenever it is opened
SECTIONS = ("sealed", "bloom", "offsets", "entries", "postings")


def write_segment(
    path: Path, keys: Keys, table: Table, anchors: Anchors, numbers: dict[str, Any]
) -> int:
    """Write a segment and flush it to the disk; gives its size in bytes."""
    nonce = os.urandom(12)
    sealed = seal(anchors.pack(), keys.seal, nonce)
    sizes = {"sealed": len(sealed), **table.sizes}
    told: dict[str, Any] = dict(numbers)
    told |= {
        name: getattr(table, name) for name in ("values", "bucket_bits", "tag_bits", "payload_bits")
    }
    told |= {"check": f"{keys.check:016x}", "nonce": nonce.hex(), "sections": {}}
    places, end = {}, HEADER
    for name in SECTIONS:
        places[name] = end + -end % 64
        end = places[name] + sizes[name]
    try:
        with path.open("wb") as out:
            checks = _write_pieces(out, sealed, table, places)
            told["sections"] = {
                name: [places[name], sizes[name], checks[name]] for name in SECTIONS
            }
            told["size"] = end
            out.truncate(end)
            out.seek(0)
            out.write(_header(told, keys))
            out.flush()
            os.fsync(out.fileno())
    except BaseException:
        path.unlink(missing_ok=True)  # a full disk is not filled with half a segment
        raise
    return int(told["size"])


def _write_pieces(
    out: BinaryIO, sealed: bytes, table: Table, places: dict[str, int]
) -> dict[str, int]:
    """Write the sections from their places on; gives the CRC-32 of each."""
    at, checks = dict(places), dict.fromkeys(SECTIONS, 0)
    for name, piece in itertools.chain(
        [("sealed", np.frombuffer(sealed, np.uint8))], table.pieces()
    ):
        data = piece.view(np.uint8).data
        out.seek(at[name])
        out.write(data)
        at[name] += len(data)
        checks[name] = zlib.crc32(data, checks[name])
    written = {name: at[name] - places[name] for name in table.sizes}
    assert written == table.sizes
    return checks


def _header(told: dict[str, Any], keys: Keys) -> bytes:
    body = json.dumps(told, sort_keys=True).encode()
    signature = hashlib.blake2b(body, key=keys.mac, digest_size=16).digest()
    raw = MAGIC + len(body).to_bytes(4, "little") + signature + body
    return raw.ljust(HEADER, b"\0")


@dataclass(slots=True)
class Segment:
    """A segment, mapped. `numbers` are those given when it was written."""

    path: Path
    numbers: dict[str, Any]
    bloom: U64
    offsets: U32
    entries: NDArray[np.uint8]
    postings: U32
    _map: mmap.mmap = field(repr=False)
    _keys: Keys = field(repr=False)
    _anchors: Anchors | None = field(default=None, repr=False)
    _decoded: tuple[U64, NDArray[np.bool_], U64] | None = field(default=None, repr=False)

    @staticmethod
    def open(path: Path, keys: Keys, *, verify: bool = False) -> Segment:
        """The segment in a file; reads the header only, all of it where small or `verify`.

        Raises KeyMissing where another key made it, IndexDamaged where it is not whole.
        """
        try:
            with path.open("rb") as file:
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError):
            raise damaged(path) from None
        told = _read_header(path, mapped, keys)
        if told["size"] != len(mapped):
            raise damaged(path)
        views = {}
        for name, dtype in zip(SECTIONS, ("u1", "<u8", "<u4", "u1", "<u4"), strict=True):
            start, size, _ = told["sections"][name]
            views[name] = np.frombuffer(mapped, dtype, size // np.dtype(dtype).itemsize, start)
        segment = Segment(
            path,
            told,
            views["bloom"],
            views["offsets"],
            views["entries"],
            views["postings"],
            mapped,
            keys,
        )
        if verify or len(mapped) <= SMALL:
            segment.verify()
        return segment

    def verify(self) -> None:
        """Raises IndexDamaged where a section is not what was written."""
        view = memoryview(self._map)
        for start, size, told in self.numbers["sections"].values():
            if zlib.crc32(view[start : start + size]) != told:
                raise damaged(self.path)

    @property
    def anchors(self) -> Anchors:
        """The anchors, decrypted at the first call."""
        if self._anchors is None:
            start, size, told = self.numbers["sections"]["sealed"]
            raw = self._map[start : start + size]
            if zlib.crc32(raw) != told:
                raise damaged(self.path)
            nonce = bytes.fromhex(self.numbers["nonce"])
            try:
                self._anchors = Anchors.unpack(seal(raw, self._keys.seal, nonce))
            except (ValueError, IndexError, struct.error):
                raise damaged(self.path) from None
        return self._anchors

    def forget_anchors(self) -> None:
        """Give back the memory of the decrypted anchors."""
        self._anchors = None

    @property
    def prefix_bits(self) -> int:
        """How many of the upper bits of a SipHash are kept."""
        return int(self.numbers["bucket_bits"] + self.numbers["tag_bits"])

    def decoded(self) -> tuple[U64, NDArray[np.bool_], U64]:
        """Every entry, ascending: kept bits (in the upper end of u64), several flag, payload."""
        if self._decoded is None:
            self._decoded = self._entries(0, len(self.offsets) - 1)
        return self._decoded

    def _entries(self, first: int, behind: int) -> tuple[U64, NDArray[np.bool_], U64]:
        """The entries of some buckets."""
        tag_bits = self.numbers["tag_bits"]
        width = tag_bits + 1 + self.numbers["payload_bits"]
        bounds = self.offsets[first : behind + 1].astype(np.int64)
        entry = unpack(self.entries, int(bounds[0]), int(bounds[-1] - bounds[0]), width)
        bucket = np.repeat(np.arange(first, behind, dtype=np.uint64), np.diff(bounds))
        low = np.uint64((1 << tag_bits) - 1)
        kept = (bucket << np.uint64(tag_bits) | entry & low) << np.uint64(64 - self.prefix_bits)
        several = (entry >> np.uint64(tag_bits) & np.uint64(1)).astype(bool)
        return kept, several, entry >> np.uint64(tag_bits + 1)

    def cells(self, at: int = 0, of: int = 1) -> tuple[U64, U64]:
        """Kept bits and cell number of every cell, or of range `at` of `of` (a power of two)."""
        buckets = len(self.offsets) - 1
        if of > buckets:  # a range is less than a bucket
            kept, numbers = self.cells()
            mine = in_range(kept, at, of)
            return kept[mine], numbers[mine]
        each = buckets // of
        kept, several, payload = (
            self.decoded() if of == 1 else self._entries(at * each, (at + 1) * each)
        )
        heads = payload[several].astype(np.int64)
        counts = self.postings[heads].astype(np.int64)
        inside = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        listed = self.postings[np.repeat(heads + 1, counts) + inside].astype(np.uint64)
        return (
            np.concatenate((kept[~several], np.repeat(kept[several], counts))),
            np.concatenate((payload[~several], listed)),
        )

    def close(self) -> None:
        """Forget the arrays; the map goes with the last of them."""
        self._decoded = None


def _read_header(path: Path, mapped: mmap.mmap, keys: Keys) -> dict[str, Any]:
    head = mapped[:HEADER]
    size = int.from_bytes(head[8:12], "little")
    body = head[28 : 28 + size]
    if len(head) < HEADER or head[:8] != MAGIC or len(body) != size:
        raise damaged(path)
    try:
        told: dict[str, Any] = json.loads(body)
        check = told["check"]
    except (ValueError, KeyError, TypeError):
        raise damaged(path) from None
    if check != f"{keys.check:016x}":
        raise KeyMissing(
            f"the index file {path} was made with another key: put back the key file it was made "
            "with (LEAKSCAN_KEY_FILE says where it lies), or register the dataset again"
        )
    signature = hashlib.blake2b(body, key=keys.mac, digest_size=16).digest()
    if not hmac.compare_digest(signature, head[12:28]):
        raise damaged(path)
    return told


def damaged(path: Path) -> IndexDamaged:
    """The error of a file that is not what was written."""
    return IndexDamaged(
        f"the index file {path} is damaged: register its dataset again, or restore it from a backup"
    )
