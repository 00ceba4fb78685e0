"""Changing a dataset without building it anew: rows added and removed, merging, removal."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from scanner.index.anchors import Anchors
from scanner.index.build import (
    TAG_BITS,
    Batch,
    Progress,
    build_dataset,
    collect,
    report_of,
    segment_name,
    write_part,
)
from scanner.index.collect import Collected
from scanner.index.lock import locked
from scanner.index.manifest import (
    NAME,
    Manifest,
    Part,
    dataset_dir,
    read_manifest,
    sync_folder,
    write_manifest,
)
from scanner.index.segment import Segment, write_segment
from scanner.index.table import make_table
from scanner.index.types import I64, U32, U64, Bools, BuildReport
from scanner.model.errors import TableError, UsageError
from scanner.model.rule import DatasetSpec
from scanner.text.keys import Keys

MOST_PARTS = 8  # segments of a dataset; one more and they are merged
MOST_REMOVED = 0.25  # share of records removed; above it the segments are merged
_MIX = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)


def update_dataset(
    index_dir: Path,
    key: bytes,
    spec: DatasetSpec,
    batches: Iterable[Batch],
    *,
    progress: Progress | None = None,
) -> BuildReport:
    """Bring a dataset to the state of a new table; only rows that differ are written.

    Rows are compared by all their indexed values. A dataset that is not there yet, or whose
    columns changed, is built anew. The old state or the new one stands at every moment.
    """
    started = time.monotonic()
    keys = Keys.of(key)
    folder = dataset_dir(index_dir, spec.id)
    manifest = read_manifest(folder, keys)
    if manifest is None or _shape(manifest.spec) != _shape(spec):
        return build_dataset(index_dir, key, spec, batches, progress=progress)
    collected = collect(spec, batches, keys, progress)
    if not collected.cells:
        raise TableError(
            f"no cell of the new table of {spec.id} can be matched: nothing was changed (to take "
            "the dataset out, remove it)"
        )
    with locked(folder):
        manifest = read_manifest(folder, keys) or manifest
        added, removed = _differences(folder, manifest, collected, keys)
        changed = _replaced(manifest, spec, manifest.removed, removed)
        size = 0
        if len(added):
            part, size = _write_added(folder, changed, spec, _subset(collected, added), keys)
            changed = replace(
                changed,
                parts=(*changed.parts, part),
                next_record=changed.next_record + len(added),
                live=changed.live + len(added),
            )
        write_manifest(folder, changed, keys)
    if len(changed.parts) > MOST_PARTS or len(changed.removed) > MOST_REMOVED * changed.live:
        merge_dataset(index_dir, key, spec.id)
    return report_of(
        collected,
        spec,
        size,
        started,
        changed.live,
        added=len(added),
        removed=len(removed),
        unchanged=collected.records - len(added),
    )


def remove_records(index_dir: Path, key: bytes, dataset_id: str, records: Iterable[int]) -> int:
    """Take records out of a dataset, for example expired ones; gives how many are left."""
    keys = Keys.of(key)
    folder = dataset_dir(index_dir, dataset_id)
    _must_exist(folder, dataset_id)
    with locked(folder):
        manifest = read_manifest(folder, keys)
        if manifest is None:
            raise _unknown(dataset_id)
        gone = np.unique(np.array(list(records), np.uint32))
        gone = gone[gone < manifest.next_record]
        gone = gone[~np.isin(gone, manifest.removed)]
        changed = _replaced(manifest, manifest.spec, manifest.removed, gone)
        write_manifest(folder, changed, keys)
    return changed.live


def remove_dataset(index_dir: Path, dataset_id: str) -> bool:
    """Delete a dataset from the index; False where it is not there."""
    folder = dataset_dir(index_dir, dataset_id)
    if not folder.is_dir():
        return False
    with locked(folder):
        (folder / NAME).unlink(missing_ok=True)
        sync_folder(folder)
        shutil.rmtree(folder)
    return True


def set_expiry(index_dir: Path, key: bytes, dataset_id: str, at: datetime | None) -> None:
    """Let a dataset stop counting at a time, or never."""
    keys = Keys.of(key)
    folder = dataset_dir(index_dir, dataset_id)
    manifest = read_manifest(folder, keys)
    if manifest is None:
        raise _unknown(dataset_id)
    with locked(folder):
        write_manifest(folder, replace(manifest, expires=at.isoformat() if at else ""), keys)


def merge_dataset(index_dir: Path, key: bytes, dataset_id: str) -> int:
    """Make one segment of all segments of a dataset; gives its size in bytes.

    Record numbers stay as they are; values of removed records leave the index.
    """
    keys = Keys.of(key)
    folder = dataset_dir(index_dir, dataset_id)
    _must_exist(folder, dataset_id)
    with locked(folder):
        manifest = read_manifest(folder, keys)
        if manifest is None:
            raise _unknown(dataset_id)
        width = len(manifest.spec.indexed)
        segments = [Segment.open(folder / part.file, keys) for part in manifest.parts]
        bits = min((segment.prefix_bits for segment in segments), default=64)
        prints, cells = [], []
        for part, segment in zip(manifest.parts, segments, strict=True):
            kept, numbers = segment.cells()
            shift = np.uint64(64 - bits)
            prints.append(kept >> shift << shift)
            cells.append(numbers + np.uint64(part.base * width))
        hashes, numbers = np.concatenate(prints), np.concatenate(cells)
        if len(manifest.removed):
            live = ~np.isin((numbers // np.uint64(width)).astype(np.uint32), manifest.removed)
            hashes, numbers = hashes[live], numbers[live]
        generation = manifest.generation + 1
        table = make_table(
            hashes,
            numbers.astype(np.uint32),
            manifest.next_record * width,
            TAG_BITS,
            bits,
            width,
        )
        name = segment_name(generation)
        told = {"records": manifest.next_record, "cells": len(numbers), "columns": width}
        anchors = Anchors.union([segment.anchors for segment in segments])
        size = write_segment(folder / name, keys, table, anchors, told)
        part = Part(name, 0, manifest.next_record, len(numbers))
        write_manifest(folder, replace(manifest, generation=generation, parts=(part,)), keys)
    return size


def _unknown(dataset_id: str) -> UsageError:
    return UsageError(f"there is no dataset {dataset_id!r} in the index")


def _must_exist(folder: Path, dataset_id: str) -> None:
    if not folder.is_dir():
        raise _unknown(dataset_id)


def _shape(spec: DatasetSpec) -> list[tuple[str, str]]:
    return [(column.name, column.kind.value) for column in spec.indexed]


def _replaced(manifest: Manifest, spec: DatasetSpec, old: U32, gone: U32) -> Manifest:
    return replace(
        manifest,
        spec=spec,
        generation=manifest.generation + 1,
        live=manifest.live - len(gone),
        removed=np.union1d(old, gone).astype(np.uint32),
        built_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def signatures(records: U64, columns: U64, prints: U64, count: int) -> U64:
    """A number for each record that is equal where all its indexed values are."""
    first, second, third = (np.uint64(mix) for mix in _MIX)
    mixed = (prints ^ columns * first) * second
    mixed = (mixed ^ mixed >> np.uint64(29)) * third
    mixed ^= mixed >> np.uint64(32)
    told = np.zeros(count, np.uint64)
    np.add.at(told, records.astype(np.int64), mixed)
    return told


def _ranked(signature: U64) -> U64:
    """Signatures made different where several records share one: the first, the second, ..."""
    order = np.argsort(signature, kind="stable")
    ordered = signature[order]
    fresh = np.ones(len(ordered), bool)
    fresh[1:] = ordered[1:] != ordered[:-1]
    starts = np.maximum.accumulate(np.where(fresh, np.arange(len(ordered)), 0))
    told = np.empty_like(signature)
    told[order] = ordered + (np.arange(len(ordered)) - starts).astype(np.uint64) * np.uint64(
        _MIX[0]
    )
    return told


def _differences(
    folder: Path, manifest: Manifest, collected: Collected, keys: Keys
) -> tuple[I64, U32]:
    """Rows of the new table that are not in the index, and records that are not in the table."""
    width = np.uint64(len(manifest.spec.indexed))
    segments = [Segment.open(folder / part.file, keys) for part in manifest.parts]
    shift = np.uint64(64 - min((s.prefix_bits for s in segments), default=64))
    old = np.zeros(manifest.next_record, np.uint64)
    for part, segment in zip(manifest.parts, segments, strict=True):
        kept, cells = segment.cells()
        records = cells // width + np.uint64(part.base)
        old += signatures(records, cells % width, kept >> shift, manifest.next_record)
    cells = np.stack((collected.hashes >> shift, collected.numbers.astype(np.uint64)), axis=1)
    cells = np.unique(cells, axis=0) if len(cells) else cells
    new = signatures(cells[:, 1] // width, cells[:, 1] % width, cells[:, 0], collected.records)
    live = np.setdiff1d(np.arange(len(old), dtype=np.uint32), manifest.removed)
    have, want = _ranked(old[live]), _ranked(new)
    kept_rows: Bools = np.isin(want, have)
    return np.flatnonzero(~kept_rows), live[~np.isin(have, want)].astype(np.uint32)


def _subset(collected: Collected, rows: I64) -> Collected:
    """What was collected of some rows, numbered from 0."""
    width = np.uint64(len(collected.spec.indexed))
    place = np.full(collected.records, -1, np.int64)
    place[rows] = np.arange(len(rows))
    at = place[(collected.numbers // width).astype(np.int64)]
    ours = at >= 0
    numbers = at[ours].astype(np.uint64) * width + collected.numbers[ours] % width
    numbers = numbers.astype(np.uint32)
    return replace(
        collected,
        records=len(rows),
        hashes=collected.hashes[ours],
        numbers=numbers,
        cells=int(ours.sum()),
    )


def _write_added(
    folder: Path, manifest: Manifest, spec: DatasetSpec, added: Collected, keys: Keys
) -> tuple[Part, int]:
    name = segment_name(manifest.generation)
    size = write_part(folder / name, keys, spec, added, TAG_BITS)
    return Part(name, manifest.next_record, added.records, added.cells), size


def set_spec(index_dir: Path, key: bytes, spec: DatasetSpec) -> None:
    """Change a dataset's rule and what its columns mean; its fingerprints stay.

    Raises UsageError where it is not there or its matched columns are others.
    """
    keys = Keys.of(key)
    folder = dataset_dir(index_dir, spec.id)
    _must_exist(folder, spec.id)
    with locked(folder):
        manifest = read_manifest(folder, keys)
        if manifest is None:
            raise _unknown(spec.id)
        if [c.name for c in manifest.spec.indexed] != [c.name for c in spec.indexed]:
            raise UsageError(f"the matched columns of {spec.id} are others: update its table")
        nothing = np.empty(0, np.uint32)
        write_manifest(folder, _replaced(manifest, spec, manifest.removed, nothing), keys)
