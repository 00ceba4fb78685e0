"""The keys of a table too large for memory, on disk while its index is built.

They lie in runs, each the keys of some rows, sorted out by the upper bits of the fingerprints. A
signed journal names the runs that are whole, so a build that was cut short is taken up behind
them. Nothing but keyed fingerprints, cell numbers and encrypted anchors is written.
"""

from __future__ import annotations

import os
import shutil
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from scanner.index.anchors import Anchors
from scanner.index.collect import Collected
from scanner.index.kernel import kernel, pointer
from scanner.index.lock import locked
from scanner.index.manifest import read_signed, shape_of, write_signed
from scanner.index.pairs import RANGES, Joined
from scanner.index.seal import seal
from scanner.index.types import I64, U32, U64
from scanner.model.errors import IndexDamaged, KeyMissing
from scanner.model.rule import DatasetSpec
from scanner.text.keys import Keys

FOLDER = "building"
JOURNAL = "journal.json"
FORMAT = 1
TOGETHER = 8  # runs whose anchors are joined at once


@dataclass(frozen=True, slots=True)
class Run:
    """One file of pairs: bounds of the ranges (i64), hashes (u64), cell numbers (u32), anchors."""

    path: Path
    pairs: int
    check: int  # CRC-32 of the file
    nonce: bytes
    bounds: I64 = field(repr=False)

    def __len__(self) -> int:
        """How many pairs there are."""
        return self.pairs

    def part(self, at: int, of: int) -> tuple[U64, U32]:
        """The pairs of a range."""
        first, behind = (int(self.bounds[place * RANGES // of]) for place in (at, at + 1))
        begin = self.bounds.nbytes
        with self.path.open("rb") as file:
            file.seek(begin + first * 8)
            hashes = np.fromfile(file, np.uint64, behind - first)
            file.seek(begin + self.pairs * 8 + first * 4)
            return hashes, np.fromfile(file, np.uint32, behind - first)

    def release(self) -> None:
        """The file is deleted with the folder of the spool."""

    def anchors(self, keys: Keys) -> Anchors:
        """The anchors of its rows."""
        with self.path.open("rb") as file:
            file.seek(self.bounds.nbytes + self.pairs * 12)
            return Anchors.unpack(seal(file.read(), keys.seal, self.nonce))


class Spool:
    """The runs of one build, in a folder beside the dataset's segments.

    `source` names the file the rows come from; with the same source, specification and key, the
    runs of a build that was cut short count again.
    """

    def __init__(self, folder: Path, keys: Keys, spec: DatasetSpec, source: str) -> None:
        self._folder = folder / FOLDER
        self._keys, self._spec, self._source = keys, spec, source
        self.runs: list[Run] = []
        self.records = 0  # rows whose keys are in the runs
        self.cells = 0
        self.counts: list[list[int]] = [[0, 0, 0, 0] for _ in spec.indexed]

    @contextmanager
    def held(self) -> Iterator[None]:
        """Take up the runs of an earlier build of the same, forget those of any other.

        One process at a time: HomeError where another builds the dataset.
        """
        with ExitStack() as self._lock:
            if self._folder.is_dir():
                self._lock.enter_context(locked(self._folder, 0))
                told = self._journal() if self._source else None
                if told is None or not self._take(told):
                    self.discard()
            yield

    def _journal(self) -> dict[str, Any] | None:
        try:
            return read_signed(self._folder / JOURNAL, self._keys, FORMAT)
        except (IndexDamaged, KeyMissing):
            return None

    def _take(self, told: dict[str, Any]) -> bool:
        if (told["source"], told["shape"]) != (self._source, shape_of(self._spec)):
            return False
        runs = [
            Run(
                self._folder / name,
                pairs,
                check,
                bytes.fromhex(nonce),
                np.array(bounds, np.int64),
            )
            for name, pairs, check, nonce, bounds in told["runs"]
        ]
        if not all(run.path.is_file() and _checksum(run.path) == run.check for run in runs):
            return False
        self.runs, self.records, self.cells = runs, told["records"], told["cells"]
        self.counts = told["counts"]
        return True

    def add(self, collected: Collected) -> None:
        """Write what was collected since the last call as a run; it counts when this returns."""
        if not self._folder.is_dir():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock.enter_context(locked(self._folder, 0))
        self.runs.append(self._write(collected))
        self.records, self.cells = collected.records, self.cells + collected.cells
        for sums, more in zip(self.counts, collected.counts, strict=True):
            sums[:] = [a + b for a, b in zip(sums, more, strict=True)]
        runs = [
            [r.path.name, r.pairs, r.check, r.nonce.hex(), r.bounds.tolist()] for r in self.runs
        ]
        body = {
            "format": FORMAT,
            "source": self._source,
            "shape": shape_of(self._spec),
            "records": self.records,
            "cells": self.cells,
            "counts": self.counts,
            "runs": runs,
        }
        write_signed(self._folder / JOURNAL, body, self._keys)

    def _write(self, collected: Collected) -> Run:
        hashes, numbers = collected.pairs.part(0, 1)
        hashes, numbers, bounds = _spread(hashes, numbers)
        nonce = os.urandom(12)
        sealed = np.frombuffer(seal(collected.anchors.pack(), self._keys.seal, nonce), np.uint8)
        path, check = self._folder / f"run-{len(self.runs)}.bin", 0
        with path.open("wb") as out:
            for array in (bounds, hashes, numbers, sealed):
                data = array.view(np.uint8).data
                out.write(data)
                check = zlib.crc32(data, check)
            out.flush()
            os.fsync(out.fileno())
        collected.pairs.release()
        return Run(path, len(hashes), check, nonce, bounds)

    def collected(self) -> Collected:
        """What all runs hold together."""
        anchors = [Anchors.none()]
        for run in self.runs:
            anchors.append(run.anchors(self._keys))
            if len(anchors) > TOGETHER:
                anchors = [Anchors.union(anchors)]
        counts = [(a, b, c, d) for a, b, c, d in self.counts]
        return Collected(
            self._spec, self.records, self.cells, Joined(self.runs), Anchors.union(anchors), counts
        )

    def discard(self) -> None:
        """Delete the runs, and the dataset's folder where nothing else lies in it."""
        if not self._folder.is_dir():
            return
        shutil.rmtree(self._folder, ignore_errors=True)
        with suppress(OSError):
            self._folder.parent.rmdir()
        self.runs, self.records, self.cells = [], 0, 0
        self.counts = [[0, 0, 0, 0] for _ in self._spec.indexed]


def _spread(hashes: U64, numbers: U32) -> tuple[U64, U32, I64]:
    """Pairs sorted out by ranges, in their order otherwise, and where the ranges begin and end."""
    if (loaded := kernel()) is None:
        upper = (hashes >> np.uint64(56)).astype(np.uint8)
        order = np.argsort(upper, kind="stable")
        counts = np.bincount(upper, minlength=RANGES)
        return hashes[order], numbers[order], np.concatenate(([0], np.cumsum(counts)))
    hashes, numbers = np.ascontiguousarray(hashes), np.ascontiguousarray(numbers)
    told = np.empty_like(hashes), np.empty_like(numbers), np.empty(RANGES + 1, np.int64)
    given = pointer(hashes), pointer(numbers), len(hashes)
    loaded.call("spread", *given, *(pointer(array) for array in told))
    return told


def unfinished(index_dir: Path) -> list[Path]:
    """Folders of runs that a build left which was cut short, or which is being built now."""
    return sorted(path.parent for path in index_dir.glob(f"*/{FOLDER}/{JOURNAL}"))


def _checksum(path: Path) -> int:
    check = 0
    with path.open("rb") as file:
        while data := file.read(1 << 24):
            check = zlib.crc32(data, check)
    return check
