"""Making one segment of all segments of a dataset, while it may be read and changed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from scanner.index.anchors import Anchors
from scanner.index.build import TAG_BITS, segment_name
from scanner.index.kept import Kept
from scanner.index.lock import locked
from scanner.index.manifest import (
    MERGING,
    Manifest,
    Part,
    dataset_dir,
    read_manifest,
    write_manifest,
)
from scanner.index.segment import Segment, write_segment
from scanner.index.table import Shape, make_table
from scanner.model.errors import IndexDamaged, UsageError
from scanner.text.keys import Keys

LONGEST_WAIT = 600.0  # seconds that a merge waits for an update to end
MOST_PARTS = 8  # segments of a dataset; with one more it is worth while to merge them
MOST_REMOVED = 0.25  # share of records removed; the same


def merge_is_due(index_dir: Path, key: bytes, dataset_id: str) -> bool:
    """Whether a dataset has so many segments or removed records that a merge makes it faster."""
    manifest = read_manifest(dataset_dir(index_dir, dataset_id), Keys.of(key))
    if manifest is None:
        return False
    return len(manifest.parts) > MOST_PARTS or len(manifest.removed) > MOST_REMOVED * manifest.live


def merge_dataset(index_dir: Path, key: bytes, dataset_id: str) -> int:
    """Make one segment of all segments of a dataset; gives its bytes, 0 where none was made.

    The dataset can be read and updated meanwhile: parts that came after the start stay beside
    the merged one, and where it was built anew or removed, nothing is done. Record numbers stay
    as they are; values of removed records leave the index. Raises UsageError where there is no
    such dataset, HomeError where it is being merged already, IndexDamaged.
    """
    keys = Keys.of(key)
    folder = dataset_dir(index_dir, dataset_id)
    manifest = read_manifest(folder, keys)
    if manifest is None:
        raise UsageError(f"there is no dataset {dataset_id!r} in the index")
    try:
        return _merge(folder, manifest, keys)
    except (FileNotFoundError, IndexDamaged):
        if _still(folder, manifest, keys) is not None:
            raise
        return 0


def _still(folder: Path, manifest: Manifest, keys: Keys) -> Manifest | None:
    """The manifest now, None where it does not begin with the same segments any more."""
    now = read_manifest(folder, keys)
    return now if now and now.parts[: len(manifest.parts)] == manifest.parts else None


def _merge(folder: Path, manifest: Manifest, keys: Keys) -> int:
    """Merge; gives the size of the segment, 0 where none came into force."""
    work = folder / MERGING
    work.mkdir(exist_ok=True, mode=0o700)
    with locked(work, 0):
        for left in work.iterdir():  # of a merge that was cut short
            left.unlink()
        made = work / "merged.idx"
        size, cells = _merged(made, folder, manifest, keys)
        with locked(folder, LONGEST_WAIT):
            now = _still(folder, manifest, keys)
            if now is not None:
                name = segment_name(now.generation + 1)
                made.replace(folder / name)
                part = Part(name, 0, manifest.next_record, cells)
                parts = (part, *now.parts[len(manifest.parts) :])
                changed = replace(now, generation=now.generation + 1, parts=parts)
                write_manifest(folder, changed, keys)
        shutil.rmtree(work, ignore_errors=True)
    return size if now is not None else 0


def _merged(path: Path, folder: Path, manifest: Manifest, keys: Keys) -> tuple[int, int]:
    """Write the merged segment; gives its size and the pairs it holds."""
    segments = [Segment.open(folder / part.file, keys, verify=True) for part in manifest.parts]
    width = len(manifest.spec.indexed)
    pairs = Kept(segments, [part.base for part in manifest.parts], width, manifest.removed)
    shape = Shape(manifest.next_record * width, TAG_BITS, width, pairs.prefix_bits)
    table = make_table(pairs, shape)
    anchors = Anchors.union([segment.anchors for segment in segments])
    numbers = {"records": manifest.next_record, "cells": table.pairs, "columns": width}
    return write_segment(path, keys, table, anchors, numbers), table.pairs
