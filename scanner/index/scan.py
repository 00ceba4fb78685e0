"""The scanner over all datasets of an index: from the text of a document to matches."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from scanner.index.fallback import scan_text
from scanner.index.kernel import Kernel, kernel, pointer
from scanner.index.segment import Segment
from scanner.index.types import Matches
from scanner.text.keys import Keys

if TYPE_CHECKING:
    from scanner.index.open import IndexedDataset

MATCH = np.dtype(
    [(name, "<u8") for name in ("key", "payload", "start", "end", "first", "last", "line")]
    + [("source", "<u4"), ("length", "<u2"), ("lane", "u1"), ("several", "u1")]
)


class Scanner:
    """Looks texts up in every segment of every dataset. Reused by all sessions of a process."""

    def __init__(self, datasets: tuple[IndexedDataset, ...], keys: Keys) -> None:
        self.datasets = datasets
        self.keys = keys
        self.segments: list[Segment] = []
        self.owners: list[int] = []
        self.bases: list[int] = []
        for at, dataset in enumerate(datasets):
            for base, segment in zip(dataset.bases, dataset.segments, strict=True):
                self.segments.append(segment)
                self.owners.append(at)
                self.bases.append(base)
        self.native = _Native.of(self.segments, keys)
        self.lengths = frozenset[int]()
        if self.native is None:
            anchors = [segment.anchors for segment in self.segments]
            self.lengths = frozenset(int(n) for a in anchors for n in a.lengths)

    def stream(self, words: int, lines: int, table: bool) -> Stream:
        """A stream for one text whose words and lines are counted from the given numbers."""
        return Stream(self, words, lines, table)


class Stream:
    """One text, fed in pieces. Offsets of its matches are bytes of its UTF-8 form."""

    def __init__(self, scanner: Scanner, words: int, lines: int, table: bool) -> None:
        self._scanner, self._first = scanner, (words, lines, table)
        self._text: list[str] = []
        self._handle = 0
        self.words, self.lines, self.units = words, lines, 0
        if scanner.native is not None:
            self._handle = scanner.native.borrow()
            scanner.native.kernel.call("begin", self._handle, words, lines, table)

    def feed(self, data: bytes) -> None:
        """The next piece."""
        if self._scanner.native is None:
            self._text.append(data.decode("utf-8", "surrogatepass"))
        elif data:
            self._scanner.native.feed(self._handle, data, final=False)

    @property
    def tried(self) -> int:
        """The offset before which every match is known already; 0 where that is not known."""
        native = self._scanner.native
        return native.counts(self._handle)[3] if native is not None else 0

    def take(self) -> Matches:
        """The matches found since the last call; more of them may begin from `tried` on."""
        native = self._scanner.native
        if native is None:
            return Matches.of([])
        return native.take(self._handle, self._first[2])

    def finish(self) -> Matches:
        """All matches; nothing may be fed any more."""
        native = self._scanner.native
        if native is None:
            return self._finish_slowly()
        try:
            native.feed(self._handle, b"", final=True)
            found = native.take(self._handle, self._first[2])
            told = native.counts(self._handle)
        finally:
            native.give_back(self._handle)
        self.words, self.lines, self.units = told[0], told[1], told[2]
        return found

    def _finish_slowly(self) -> Matches:
        text = "".join(self._text)
        s = self._scanner
        found, words, self.units = scan_text(text, s.segments, s.lengths, s.keys, self._first)
        self.words += words
        self.lines += text.count("\n")
        places = np.unique(np.concatenate((found.start, found.end)))
        at = {int(place): 0 for place in places}
        before, offset = 0, 0
        for place in sorted(at):
            offset += len(text[before:place].encode("utf-8", "surrogatepass"))
            before, at[place] = place, offset
        for array in (found.start, found.end):
            array[:] = [at[int(place)] for place in array]
        return found


class _Native:
    """The kernel's view of an index: filters in memory, segments where they are mapped."""

    def __init__(self, loaded: Kernel, segments: list[Segment], keys: Keys) -> None:
        self.kernel = loaded
        self._segments = segments
        secrets = np.array([*keys.multipliers, *keys.sip], np.uint64)
        anchors = [segment.anchors for segment in segments]
        pairs = sum(len(a.pairs) for a in anchors)
        singles = sum(len(a.singles) for a in anchors)
        self._context = loaded.call("open", pointer(secrets), pairs, singles, len(segments))
        if not self._context:
            raise MemoryError("no memory for the filters of the index")
        for a in anchors:
            arrays = (a.pairs, a.masks), (a.singles,), (a.firsts,), (a.lengths,), (a.numbers,)
            told = [x for group in (*arrays, (a.codes,)) for x in _told(group)]
            loaded.call("add", self._context, *told)
        loaded.call("ready", self._context)
        for source, segment in enumerate(segments):
            numbers = segment.numbers
            loaded.call(
                "part",
                self._context,
                source,
                pointer(segment.bloom),
                len(segment.bloom),
                pointer(segment.offsets),
                pointer(segment.entries),
                len(segment.entries),
                numbers["values"],
                numbers["bucket_bits"],
                numbers["tag_bits"],
                numbers["payload_bits"],
            )
            segment.forget_anchors()
        self._idle: list[int] = []
        self._all: list[int] = []
        weakref.finalize(self, _free, loaded, self._context, self._all)

    @staticmethod
    def of(segments: list[Segment], keys: Keys) -> _Native | None:
        """The view, None where no kernel loads."""
        loaded = kernel()
        return _Native(loaded, segments, keys) if loaded is not None else None

    def borrow(self) -> int:
        """A scan that nobody uses."""
        if self._idle:
            return self._idle.pop()
        handle = self.kernel.call("scan", self._context)
        if not handle:
            raise MemoryError("no memory for a scan")
        self._all.append(handle)
        return handle

    def give_back(self, handle: int) -> None:
        """The scan may be used again."""
        self._idle.append(handle)

    def feed(self, handle: int, data: bytes, *, final: bool) -> None:
        """The next bytes of a text; runs without the interpreter's lock."""
        if not self.kernel.call("feed", handle, data, len(data), final):
            raise MemoryError("no memory for the matches of a document")

    def counts(self, handle: int) -> list[int]:
        """Words, lines and units counted so far, and the offset up to which windows were tried."""
        told = np.zeros(4, np.uint64)
        self.kernel.call("counts", handle, pointer(told))
        return [int(number) for number in told]

    def take(self, handle: int, table: bool) -> Matches:
        """The matches found since the last call; one may be told twice."""
        count = ctypes.c_uint64()
        address = self.kernel.call("matches", handle, ctypes.addressof(count))
        if not count.value:
            return Matches.of([])
        raw = ctypes.string_at(address, count.value * MATCH.itemsize)
        self.kernel.call("clear", handle)
        return _matches(np.frombuffer(raw, MATCH), table)


def _told(group: tuple[np.ndarray[tuple[int], np.dtype[np.generic]], ...]) -> Iterator[int]:
    for array in group:
        yield pointer(array)
    yield len(group[0])


def _matches(rows: np.ndarray[tuple[int], np.dtype[np.void]], table: bool) -> Matches:
    numbers = {
        name: rows[name].astype(np.int64)
        for name in ("source", "start", "end", "first", "last", "line", "lane", "length")
    }
    return Matches(
        payload=rows["payload"].astype(np.uint64),
        several=rows["several"].astype(bool),
        key=rows["key"].astype(np.uint64),
        table=np.full(len(rows), table),
        **numbers,
    )


def _free(loaded: Kernel, context: int, handles: list[int]) -> None:
    for handle in handles:
        loaded.call("scan_close", handle)
    loaded.call("close", context)
