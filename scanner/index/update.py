"""Changing a dataset without building it anew: rows added and removed, expiry, removal."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from scanner.index.build import TAG_BITS, build_dataset, report_of, segment_name, write_part
from scanner.index.collect import Collected
from scanner.index.gather import Batch, Progress, gathered
from scanner.index.kept import Kept
from scanner.index.lock import locked
from scanner.index.manifest import (
    NAME,
    Manifest,
    Part,
    dataset_dir,
    read_manifest,
    shape_of,
    sync_folder,
    write_manifest,
)
from scanner.index.pairs import Picked, ranges_of
from scanner.index.segment import Segment
from scanner.index.types import I64, U32, U64, Bools, BuildReport
from scanner.model.errors import TableError, UsageError
from scanner.model.rule import DatasetSpec
from scanner.text.keys import Keys

_MIX = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)


def update_dataset(
    index_dir: Path,
    key: bytes,
    spec: DatasetSpec,
    batches: Iterable[Batch],
    *,
    source: str = "",
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
    if manifest is None or shape_of(manifest.spec) != shape_of(spec):
        return build_dataset(index_dir, key, spec, batches, source=source, progress=progress)
    with gathered(folder, keys, spec, batches, source=source, progress=progress) as (told, resumed):
        if not told.cells:
            raise TableError(
                f"no cell of the new table of {spec.id} can be matched: nothing was changed (to "
                "take the dataset out, remove it)"
            )
        with locked(folder):
            manifest = read_manifest(folder, keys) or manifest
            added, removed = _differences(folder, manifest, told, keys)
            changed = _replaced(manifest, spec, manifest.removed, removed)
            size = 0
            if len(added):
                part, size = _write_added(folder, changed, spec, _subset(told, added), keys)
                changed = replace(
                    changed,
                    parts=(*changed.parts, part),
                    next_record=changed.next_record + len(added),
                    live=changed.live + len(added),
                )
            write_manifest(folder, changed, keys)
    return report_of(
        told,
        spec,
        size,
        started,
        changed.live,
        added=len(added),
        removed=len(removed),
        unchanged=told.records - len(added),
        resumed=resumed,
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


def _unknown(dataset_id: str) -> UsageError:
    return UsageError(f"there is no dataset {dataset_id!r} in the index")


def _must_exist(folder: Path, dataset_id: str) -> None:
    if not folder.is_dir():
        raise _unknown(dataset_id)


def _replaced(manifest: Manifest, spec: DatasetSpec, old: U32, gone: U32) -> Manifest:
    return replace(
        manifest,
        spec=spec,
        generation=manifest.generation + 1,
        content=manifest.generation + 1,
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
    known = Kept(segments, [part.base for part in manifest.parts], int(width), manifest.removed)
    of = ranges_of([known, collected.pairs])
    old = np.zeros(manifest.next_record, np.uint64)
    new = np.zeros(collected.records, np.uint64)
    for at in range(of):
        for pairs, told in ((known, old), (collected.pairs, new)):
            prints, cells = _unique(*pairs.part(at, of), shift)
            told += signatures(cells // width, cells % width, prints, len(told))
    live = np.setdiff1d(np.arange(len(old), dtype=np.uint32), manifest.removed)
    have, want = _ranked(old[live]), _ranked(new)
    kept_rows: Bools = np.isin(want, have)
    return np.flatnonzero(~kept_rows), live[~np.isin(have, want)].astype(np.uint32)


def _unique(hashes: U64, numbers: U32, shift: np.uint64) -> tuple[U64, U64]:
    """The kept bits of fingerprints with their cells, each pair once."""
    prints, cells = hashes >> shift, numbers.astype(np.uint64)
    order = np.lexsort((cells, prints))
    prints, cells = prints[order], cells[order]
    fresh = np.ones(len(prints), bool)
    fresh[1:] = (prints[1:] != prints[:-1]) | (cells[1:] != cells[:-1])
    return prints[fresh], cells[fresh]


def _subset(collected: Collected, rows: I64) -> Collected:
    """What was collected of some rows, numbered from 0."""
    place = np.full(collected.records, -1, np.int64)
    place[rows] = np.arange(len(rows))
    picked = Picked(collected.pairs, len(collected.spec.indexed), place)
    return replace(collected, records=len(rows), pairs=picked)


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
