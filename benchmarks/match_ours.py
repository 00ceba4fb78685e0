"""Our side of the match benchmarks: building, opening, scanning, two workers."""

from __future__ import annotations

import gc
import multiprocessing
import time
from pathlib import Path

import match_data as data
import numpy as np

from scanner.index.build import build_dataset
from scanner.index.kernel import describe
from scanner.index.open import Index
from scanner.index.types import ColumnBatch
from scanner.model.rule import Column, DatasetSpec, FieldKind

KEY = bytes(range(32))
KINDS = (
    FieldKind.ACCOUNT,
    FieldKind.PERSON,
    FieldKind.COMPANY,
    FieldKind.PHONE,
    FieldKind.EMAIL,
    FieldKind.ADDRESS,
    FieldKind.NATIONAL_ID,
)
SPEC = DatasetSpec(
    "bench", tuple(Column(name, kind) for name, kind in zip(data.KINDS, KINDS, strict=True))
)
BATCH = 50_000


def _batch(rows: list[tuple[str, ...]]) -> ColumnBatch:
    """Rows as columns of bytes and offsets, as a columnar reader gives them."""
    columns = []
    for cells in zip(*rows, strict=True):
        encoded = [cell.encode() for cell in cells]
        offsets = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(cell) for cell in encoded], out=offsets[1:])
        columns.append((b"".join(encoded), offsets))
    return ColumnBatch(columns, len(rows))


def build(folder: Path, cells: int) -> dict[str, float]:
    """Build an index of so many cells; the making of the invented rows is not counted."""
    rows = cells // len(KINDS)
    making = 0.0

    def batches():  # type: ignore[no-untyped-def]
        nonlocal making
        source = data.records(rows)
        while True:
            started = time.process_time()
            part = [row for row, _ in zip(source, range(BATCH), strict=False)]
            batch = _batch(part) if part else None
            del part
            making += time.process_time() - started
            if batch is None:
                return
            yield batch

    gc.disable()
    started = time.process_time()
    report = build_dataset(folder, KEY, SPEC, batches())
    seconds = time.process_time() - started - making
    return {
        "seconds": seconds,
        "bytes": report.size_bytes,
        "cells": report.cells,
        "values": report.values,
    }


class Scan:
    """An opened index with the time that opening took."""

    def __init__(self, folder: Path) -> None:
        started = time.perf_counter()
        self.index = Index.open(folder, KEY)
        self.open_ms = (time.perf_counter() - started) * 1e3
        started = time.perf_counter()
        self.index.prepare()
        self.ready_ms = (time.perf_counter() - started) * 1e3
        self.path = describe()
        self._scanner = self.index.session()._scanner

    def run(self, text: bytes) -> int:
        """Scan a text; gives the matches."""
        stream = self._scanner.stream(0, 0, False)
        stream.feed(text)
        return len(stream.finish().source)

    def close(self) -> None:
        """Give the memory back."""
        self.index.close()


def _work(folder: Path, text: bytes, times: int, started, ready) -> None:  # type: ignore[no-untyped-def]
    scan = Scan(folder)
    scan.run(text)
    ready.release()
    started.wait()
    for _ in range(times):
        scan.run(text)


def parallel(folder: Path, text: bytes, workers: int, times: int = 20) -> float:
    """MB/s of wall time of several processes over one index."""
    context = multiprocessing.get_context("spawn")
    started, ready = context.Event(), context.Semaphore(0)
    processes = [
        context.Process(target=_work, args=(folder, text, times, started, ready))
        for _ in range(workers)
    ]
    for process in processes:
        process.start()
    for _ in processes:
        ready.acquire()
    begun = time.perf_counter()
    started.set()
    for process in processes:
        process.join()
    return workers * times * len(text) / 1e6 / (time.perf_counter() - begun)
