"""Building the index of a dataset from batches of rows."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from scanner.index.collect import Collected
from scanner.index.gather import Batch, Progress, gathered
from scanner.index.lock import locked
from scanner.index.manifest import (
    Manifest,
    Part,
    dataset_dir,
    read_manifest,
    write_manifest,
)
from scanner.index.segment import write_segment
from scanner.index.types import BuildReport
from scanner.model.errors import TableError
from scanner.model.rule import DatasetSpec
from scanner.text.keys import Keys

TAG_BITS = 32


def build_dataset(
    index_dir: Path,
    key: bytes,
    spec: DatasetSpec,
    batches: Iterable[Batch],
    *,
    source: str = "",
    progress: Progress | None = None,
    tag_bits: int = TAG_BITS,
    expires: datetime | None = None,
) -> BuildReport:
    """Index a dataset anew from batches of rows; what stood there before is replaced at the end.

    A row has its cells in the order of `spec.indexed`; missing cells at its end count as empty.
    `progress` is told the number of rows read so far. Cut short at any moment, the old index or
    the new one stands; what was done of a large table is taken up by the next build whose
    `source`, which names the rows, is the same. Raises TableError where there is nothing to index.
    """
    started = time.monotonic()
    keys = Keys.of(key)
    folder = dataset_dir(index_dir, spec.id)
    with gathered(folder, keys, spec, batches, source=source, progress=progress) as (told, resumed):
        if not told.records:
            raise TableError(f"the table of {spec.id} has no row: nothing was registered")
        if not told.cells:
            raise TableError(
                f"no cell of the table of {spec.id} can be matched (empty, placeholders, or too "
                "short to tell a customer): nothing was registered"
            )
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with locked(folder):
            old = read_manifest(folder, keys)
            generation = old.generation + 1 if old else 1
            name = segment_name(generation)
            size = write_part(folder / name, keys, spec, told, tag_bits)
            manifest = Manifest(
                spec,
                generation,
                told.records,
                told.records,
                (Part(name, 0, told.records, told.cells),),
                expires=expires.isoformat() if expires else "",
                built_at=datetime.now(UTC).isoformat(timespec="seconds"),
                content=generation,
            )
            write_manifest(folder, manifest, keys)
    return report_of(told, spec, size, started, told.records, added=told.records, resumed=resumed)


def segment_name(generation: int) -> str:
    """A file name that no earlier segment of the dataset had."""
    return f"g{generation}-{os.getpid()}.idx"


def write_part(
    path: Path, keys: Keys, spec: DatasetSpec, collected: Collected, tag_bits: int
) -> int:
    """Write the segment of what was collected; gives its size in bytes."""
    table = collected.table(tag_bits)
    numbers = {
        "records": collected.records,
        "cells": collected.cells,
        "columns": len(spec.indexed),
    }
    size = write_segment(path, keys, table, collected.anchors, numbers)
    collected.values, collected.common = table.values, table.common
    return size


def report_of(
    collected: Collected,
    spec: DatasetSpec,
    size: int,
    started: float,
    records: int,
    *,
    added: int = 0,
    removed: int = 0,
    unchanged: int = 0,
    resumed: int = 0,
) -> BuildReport:
    """The report of a build or an update."""
    return BuildReport(
        spec.id,
        records,
        collected.cells,
        collected.values,
        collected.columns(),
        size,
        time.monotonic() - started,
        added,
        removed,
        unchanged,
        resumed,
    )
