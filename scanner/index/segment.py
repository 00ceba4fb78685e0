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
import json
import mmap
import os
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanner.index.anchors import Anchors
from scanner.index.seal import seal
from scanner.model.errors import IndexDamaged, KeyMissing
from scanner.text.keys import Keys

MAGIC = b"LSINDEX1"
HEADER = 4096
WIDEST_ENTRY = 57
LEAST_KEPT = 44  # bits of a hash that are kept at least: the Bloom filter is made of them
BLOOM_BITS = 8  # for each value
BUCKET = 24  # values in a bucket at most, on average
SMALL = 4 << 20  # a file up to this size is checked whole whenever it is opened
SECTIONS = ("sealed", "bloom", "offsets", "entries", "postings")
U64 = NDArray[np.uint64]
U32 = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Table:
    """The sections of a segment before they are written, and the numbers that describe them."""

    values: int
    bucket_bits: int
    tag_bits: int
    payload_bits: int
    bloom: U64
    offsets: U32
    entries: NDArray[np.uint8]
    postings: U32


def plan(
    values: int, cells: int, postings: int, tag_bits: int, known: int = 64
) -> tuple[int, int, int]:
    """Bits of bucket, tag and payload for so many values, of whose hashes `known` bits are."""
    bucket_bits = max(0, (max(values, 1) // BUCKET).bit_length())
    payload_bits = max(1, max(cells, postings, 1).bit_length())
    tag_bits = max(tag_bits, LEAST_KEPT - bucket_bits)
    tag_bits = min(tag_bits, WIDEST_ENTRY - 1 - payload_bits, known - bucket_bits)
    return bucket_bits, tag_bits, payload_bits


def make_table(hashes: U64, cells: U64, space: int, tag_bits: int, known: int = 64) -> Table:
    """The table of (SipHash, cell) pairs in any order; `space` is above every cell.

    `known` bits of the hashes are real, the lower ones zero (where segments are merged).
    """
    order = np.lexsort((cells, hashes))
    hashes, cells = hashes[order], cells[order]
    if len(hashes):
        fresh = np.ones(len(hashes), bool)
        fresh[1:] = (hashes[1:] != hashes[:-1]) | (cells[1:] != cells[:-1])
        hashes, cells = hashes[fresh], cells[fresh]
    values, starts, counts = np.unique(hashes, return_index=True, return_counts=True)
    several = counts > 1
    posting_sizes = np.where(several, counts + 1, 0)
    places = np.concatenate(([0], np.cumsum(posting_sizes)))
    postings = np.zeros(int(places[-1]), np.uint32)
    head = places[:-1][several]
    postings[head] = counts[several]
    inside = np.repeat(several, counts)
    offset = np.arange(len(cells)) - np.repeat(starts, counts)
    target = np.repeat(places[:-1], counts) + 1 + offset
    postings[target[inside]] = cells[inside]
    bucket_bits, tag_bits, payload_bits = plan(len(values), space, len(postings), tag_bits, known)
    payload = np.where(several, places[:-1].astype(np.uint64), cells[starts])
    buckets = values >> np.uint64(64 - bucket_bits) if bucket_bits else values * np.uint64(0)
    tags = (values << np.uint64(bucket_bits)) >> np.uint64(64 - tag_bits)
    entry = tags | several.astype(np.uint64) << np.uint64(tag_bits)
    entry |= payload << np.uint64(tag_bits + 1)
    offsets = np.zeros((1 << bucket_bits) + 1, np.uint32)
    offsets[1:] = np.cumsum(np.bincount(buckets.astype(np.int64), minlength=1 << bucket_bits))
    packed = _pack(entry, tag_bits + 1 + payload_bits)
    return Table(
        len(values), bucket_bits, tag_bits, payload_bits, _bloom(values), offsets, packed, postings
    )


def _bloom(values: U64) -> U64:
    words = max(1, len(values) * BLOOM_BITS // 64)
    bloom = np.zeros(words, np.uint64)
    if not len(values):
        return bloom
    index = bloom_words(values, words)
    starts = np.flatnonzero(np.concatenate(([True], index[1:] != index[:-1])))
    bloom[index[starts]] = np.bitwise_or.reduceat(bloom_bits(values), starts)
    return bloom


def bloom_words(values: U64, words: int) -> NDArray[np.int64]:
    """In which word of the Bloom filter each value stands."""
    return ((values >> np.uint64(32)) * np.uint64(words) >> np.uint64(32)).astype(np.int64)


def bloom_bits(values: U64) -> U64:
    """The four bits of each value."""
    one, low = np.uint64(1), np.uint64(63)
    bits = np.zeros(len(values), np.uint64)
    for shift in (20, 26, 32, 38):
        bits |= one << (values >> np.uint64(shift) & low)
    return bits


def _pack(entry: U64, width: int) -> NDArray[np.uint8]:
    """Entries of `width` bits one after another, with eight spare bytes at the end."""
    words = np.zeros(len(entry) * width // 64 + 3, np.uint64)
    if len(entry):
        bit = np.arange(len(entry), dtype=np.uint64) * np.uint64(width)
        word, shift = (bit >> np.uint64(6)).astype(np.int64), bit & np.uint64(63)
        starts = np.flatnonzero(np.concatenate(([True], word[1:] != word[:-1])))
        words[word[starts]] = np.bitwise_or.reduceat(entry << shift, starts)
        over = shift + np.uint64(width) > 64
        high = entry[over] >> (np.uint64(64) - shift[over])
        words[word[over] + 1] |= high
    return words.view(np.uint8)[: -(-len(entry) * width // 8) + 8]


def write_segment(
    path: Path, keys: Keys, table: Table, anchors: Anchors, numbers: dict[str, Any]
) -> int:
    """Write a segment and flush it to the disk; gives its size in bytes."""
    nonce = os.urandom(12)
    packed = anchors.pack()
    sections = {
        "sealed": seal(packed, keys.seal, nonce),
        "bloom": table.bloom.tobytes(),
        "offsets": table.offsets.tobytes(),
        "entries": table.entries.tobytes(),
        "postings": table.postings.tobytes(),
    }
    with path.open("wb") as out:
        out.write(bytes(HEADER))
        told: dict[str, Any] = dict(numbers)
        told |= {
            name: getattr(table, name)
            for name in ("values", "bucket_bits", "tag_bits", "payload_bits")
        }
        told |= {"check": f"{keys.check:016x}", "nonce": nonce.hex(), "sections": {}}
        for name in SECTIONS:
            out.write(bytes(-out.tell() % 64))
            told["sections"][name] = [out.tell(), len(sections[name]), zlib.crc32(sections[name])]
            out.write(sections[name])
        told["size"] = out.tell()
        out.seek(0)
        out.write(_header(told, keys))
        out.flush()
        os.fsync(out.fileno())
    return int(told["size"])


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
            except ValueError:
                raise damaged(self.path) from None
        return self._anchors

    @property
    def prefix_bits(self) -> int:
        """How many of the upper bits of a SipHash are kept."""
        return int(self.numbers["bucket_bits"] + self.numbers["tag_bits"])

    def decoded(self) -> tuple[U64, NDArray[np.bool_], U64]:
        """Every entry, ascending: kept bits (in the upper end of u64), several flag, payload."""
        if self._decoded is None:
            count, tag_bits = self.numbers["values"], self.numbers["tag_bits"]
            width = tag_bits + 1 + self.numbers["payload_bits"]
            entry = _unpack(self.entries, count, width)
            sizes = self.offsets[1:].astype(np.int64) - self.offsets[:-1]
            bucket = np.repeat(np.arange(len(sizes), dtype=np.uint64), sizes)
            low = np.uint64((1 << tag_bits) - 1)
            kept = (bucket << np.uint64(tag_bits) | entry & low) << np.uint64(64 - self.prefix_bits)
            several = (entry >> np.uint64(tag_bits) & np.uint64(1)).astype(bool)
            payload = entry >> np.uint64(tag_bits + 1)
            self._decoded = kept, several, payload
        return self._decoded

    def cells(self) -> tuple[U64, U64]:
        """Kept bits and cell number of every cell."""
        kept, several, payload = self.decoded()
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


def _unpack(raw: NDArray[np.uint8], count: int, width: int) -> U64:
    if not count:
        return np.empty(0, np.uint64)
    loads = np.lib.stride_tricks.as_strided(
        raw[:8].view("<u8"), shape=(len(raw) - 7,), strides=(1,), writeable=False
    )
    bit = np.arange(count, dtype=np.uint64) * np.uint64(width)
    word: U64 = loads[(bit >> np.uint64(3)).astype(np.int64)]
    return word >> (bit & np.uint64(7)) & np.uint64((1 << width) - 1)


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
