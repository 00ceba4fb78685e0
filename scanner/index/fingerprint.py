"""Fingerprints of designated documents: kept in the index, compared with what is scanned."""

from __future__ import annotations

import ctypes
import hashlib
import hmac
import json
import weakref
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from scanner.index.kernel import kernel, pointer
from scanner.index.lock import locked
from scanner.index.manifest import dataset_dir, sync_folder, write_whole
from scanner.index.segment import damaged
from scanner.index.types import I64, U64
from scanner.model.content import Segment
from scanner.model.errors import KeyMissing, TableError
from scanner.text.keys import Keys, siphash
from scanner.text.winnow import winnow

MAGIC = b"LSPRINT1"
NAME = "document.idx"
FEWEST = 3  # fingerprints of a document that can be designated
SHARED = 3  # a passage in so many designated documents is boilerplate
MOST_PLACES = 5  # told for each designated document


@dataclass(frozen=True, slots=True)
class DocumentReport:
    """What was registered: fingerprints kept, those left out as ordinary text, words read."""

    dataset_id: str
    fingerprints: int
    ordinary: int
    words: int


@dataclass(frozen=True, slots=True)
class DocumentMatch:
    """How much of one designated document stands in what was scanned.

    `containment` is the share of its fingerprints that were found, a lower bound after edits;
    `places` are those where the first of them were found.
    """

    dataset_id: str
    found: int
    fingerprints: int
    containment: float
    places: tuple[str, ...] = ()


class Printer:
    """Tells the fingerprints of texts that come in pieces, in reading order.

    However a text is cut, its pieces give together what it gives as a whole. Without the kernel
    nothing is told before the last piece of a text.
    """

    def __init__(self, keys: Keys) -> None:
        self._keys, self._kernel = keys, kernel()
        self._text: list[str] = []
        self._handle = 0
        self.words = 0  # of the text so far
        if self._kernel is not None:
            secrets = np.array([*keys.multipliers, *keys.sip], np.uint64)
            self._handle = self._kernel.call("prints_open", pointer(secrets))
            if not self._handle:
                raise MemoryError("no memory for the fingerprints of a document")
            weakref.finalize(self, self._kernel.call, "prints_close", self._handle)

    def feed(self, text: str, *, final: bool) -> U64:
        """The fingerprints that the next piece of a text completes."""
        if self._kernel is None:
            return self._feed_slowly(text, final)
        data = text.encode("utf-8", "surrogatepass")
        if not self._kernel.call("prints_feed", self._handle, data, len(data), final):
            raise MemoryError("no memory for the fingerprints of a document")
        told = np.zeros(2, np.uint64)
        address = self._kernel.call("prints_told", self._handle, pointer(told))
        size, self.words = int(told[0]) * 8, int(told[1])
        return np.frombuffer(ctypes.string_at(address, size) if size else b"", np.uint64).copy()

    def _feed_slowly(self, text: str, final: bool) -> U64:
        self._text.append(text)
        if not final:
            return np.empty(0, np.uint64)
        chosen, self.words = winnow("".join(self._text), self._keys)
        self._text = []
        return siphash(np.array(chosen, np.uint64), self._keys.sip)


def prints_of(text: str, keys: Keys) -> tuple[U64, int]:
    """The fingerprints of a text, in reading order, and how many words it has."""
    printer = Printer(keys)
    return printer.feed(text, final=True), printer.words


def texts_of(segments: Iterable[Segment]) -> Iterable[tuple[str, Segment]]:
    """Whole texts: segments that continue are joined. Each with its first segment."""
    parts: list[Segment] = []
    for segment in segments:
        parts.append(segment)
        if not segment.continues:
            yield "".join(part.text for part in parts), parts[0]
            parts = []
    if parts:
        yield "".join(part.text for part in parts), parts[0]


def add_document(
    index_dir: Path,
    key: bytes,
    dataset_id: str,
    segments: Iterable[Segment],
    *,
    ordinary: Iterable[Segment] = (),
) -> DocumentReport:
    """Register a document by its fingerprints; what it had before is replaced at the end.

    Passages that also stand in `ordinary` texts (templates, letterheads, laws) do not count.
    Raises TableError where the document is too short to be recognised.
    """
    keys = Keys.of(key)
    folder = dataset_dir(index_dir, dataset_id)
    found, words = [np.empty(0, np.uint64)], 0
    for text, _ in texts_of(segments):
        prints, count = prints_of(text, keys)
        found.append(prints)
        words += count
    mine = np.unique(np.concatenate(found))
    common = [prints_of(text, keys)[0] for text, _ in texts_of(ordinary)]
    kept = mine[~np.isin(mine, np.concatenate(common))] if common else mine
    if len(kept) < FEWEST:
        raise TableError(
            f"the document of {dataset_id} is too short to be recognised ({words} words, "
            f"{len(kept)} passages of its own): nothing was registered"
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with locked(folder):
        temporary = folder / f".{NAME}"
        write_whole(temporary, _packed(kept, dataset_id, keys))
        temporary.replace(folder / NAME)
        sync_folder(folder)
    return DocumentReport(dataset_id, len(kept), len(mine) - len(kept), words)


def _packed(prints: U64, dataset_id: str, keys: Keys) -> bytes:
    told = {"check": f"{keys.check:016x}", "id": dataset_id, "count": len(prints)}
    body = json.dumps(told, ensure_ascii=False, sort_keys=True).encode()
    data = len(body).to_bytes(4, "little") + body + prints.astype("<u8").tobytes()
    return MAGIC + hashlib.blake2b(data, key=keys.mac, digest_size=16).digest() + data


def _unpacked(path: Path, keys: Keys) -> tuple[str, U64]:
    try:
        raw = path.read_bytes()
        size = int.from_bytes(raw[24:28], "little")
        told = json.loads(raw[28 : 28 + size])
        check, name = told["check"], str(told["id"])
    except (OSError, ValueError, KeyError, TypeError):
        raise damaged(path) from None
    if raw[:8] != MAGIC:
        raise damaged(path)
    if check != f"{keys.check:016x}":
        raise KeyMissing(
            f"the fingerprints in {path} were made with another key: put back the key file they "
            "were made with, or register the document again"
        )
    good = hashlib.blake2b(raw[24:], key=keys.mac, digest_size=16).digest()
    if not hmac.compare_digest(good, raw[8:24]):
        raise damaged(path)
    return name, np.frombuffer(raw[28 + size :], "<u8").astype(np.uint64)


@dataclass(slots=True)
class DocumentIndex:
    """All designated documents under one key."""

    names: list[str]
    totals: I64 = field(repr=False)
    prints: U64 = field(repr=False)  # ascending; equal ones of several documents side by side
    owners: I64 = field(repr=False)
    keys: Keys = field(repr=False)

    @staticmethod
    def open(index_dir: Path, key: bytes) -> DocumentIndex:
        """The documents in a folder; raises IndexDamaged or KeyMissing."""
        keys = Keys.of(key)
        paths = sorted(index_dir.glob(f"*/{NAME}"))
        told = [_unpacked(path, keys) for path in paths]
        sizes = [len(prints) for _, prints in told]
        prints = np.concatenate([np.empty(0, np.uint64), *(p for _, p in told)])
        owners = np.repeat(np.arange(len(told)), sizes)
        values, back, counts = np.unique(prints, return_inverse=True, return_counts=True)
        own = counts[back] < SHARED if len(values) else np.empty(0, bool)
        prints, owners = prints[own], owners[own]
        order = np.argsort(prints, kind="stable")
        totals = np.bincount(owners, minlength=len(told))
        return DocumentIndex([n for n, _ in told], totals, prints[order], owners[order], keys)

    def compare(self, segments: Iterable[Segment]) -> list[DocumentMatch]:
        """Every document of which something stands in the segments."""
        comparison = Comparison(self)
        for segment in segments:
            comparison.feed(segment)
        return comparison.matches()


class Comparison:
    """One scanned document beside the designated ones: of its text only the last words are held."""

    def __init__(self, index: DocumentIndex) -> None:
        self._index = index
        self._printer = Printer(index.keys)
        self._seen = np.zeros(len(index.prints), bool)
        self._places: dict[int, list[str]] = {}
        self._place: str | None = None  # of the text that is being read
        self._told: set[int] = set()  # documents that got the place of this text

    def feed(self, segment: Segment) -> None:
        """Look at the next segment; one that continues is read together with what follows."""
        if self._place is None:
            self._place, self._told = segment.place(0), set()
        self._take(segment.text, self._place, final=not segment.continues)

    def _take(self, text: str, place: str, *, final: bool) -> None:
        index = self._index
        prints = np.unique(self._printer.feed(text, final=final))
        first = np.searchsorted(index.prints, prints)
        after = np.searchsorted(index.prints, prints, side="right")
        for many in range(1, SHARED):
            hits = first[after - first >= many] + many - 1
            fresh = hits[~self._seen[hits]]
            self._seen[fresh] = True
            self._told.update(int(owner) for owner in np.unique(index.owners[fresh]))
        if final:
            for owner in sorted(self._told):
                places = self._places.setdefault(owner, [])
                if len(places) < MOST_PLACES:
                    places.append(place)
            self._place = None

    def matches(self) -> list[DocumentMatch]:
        """Every document of which something stands in what was read; it ends the open text."""
        if self._place is not None:
            self._take("", self._place, final=True)
        index = self._index
        found = np.bincount(index.owners[self._seen], minlength=len(index.names))
        return [
            DocumentMatch(
                index.names[at],
                int(found[at]),
                int(index.totals[at]),
                float(found[at] / index.totals[at]),
                tuple(self._places.get(int(at), ())),
            )
            for at in np.flatnonzero(found)
        ]
