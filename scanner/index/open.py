"""Opening the index and asking it about datasets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from scanner.index.kept import Kept
from scanner.index.manifest import Manifest, read_manifest
from scanner.index.pairs import ranges_of
from scanner.index.segment import Segment
from scanner.index.session import MatchSession
from scanner.index.types import U32, U64, Bools
from scanner.model.errors import IndexDamaged
from scanner.model.rule import DatasetSpec
from scanner.text.keys import Keys


@dataclass(slots=True)
class IndexedDataset:
    """A dataset as it stands in the index."""

    spec: DatasetSpec
    records: int
    next_record: int
    version: str
    expires: str
    built_at: str
    removed: U32 = field(repr=False)
    segments: tuple[Segment, ...] = field(repr=False)
    bases: tuple[int, ...] = field(repr=False)

    @property
    def size_bytes(self) -> int:
        """Bytes of its segments on disk."""
        return sum(int(segment.numbers["size"]) for segment in self.segments)

    @property
    def cells(self) -> int:
        """Cells that are indexed, those of removed records counted until the next merge."""
        return sum(int(segment.numbers["cells"]) for segment in self.segments)

    def table(self, at: int = 0, of: int = 1) -> tuple[U32, NDArrayU8, U64]:
        """Record, column and kept fingerprint bits of every cell of records that count.

        Of all cells, or of those in range `at` of `of` ranges of fingerprints. The bits stand at
        the upper end of the u64; `prefix_bits` says how many they are.
        """
        width = np.uint32(len(self.spec.indexed))
        prints, cells = self._kept().part(at, of)
        record, column = np.divmod(cells, width)
        return record, column.astype(np.uint8), prints

    def ranges(self) -> int:
        """In how many ranges its cells are better taken."""
        return ranges_of([self._kept()])

    def _kept(self) -> Kept:
        return Kept(self.segments, self.bases, len(self.spec.indexed), self.removed)

    @property
    def prefix_bits(self) -> int:
        """Upper bits of a fingerprint that every segment of the dataset keeps."""
        return self._kept().prefix_bits

    def close(self) -> None:
        """Forget what was decoded."""
        for segment in self.segments:
            segment.close()


NDArrayU8 = np.ndarray[tuple[int], np.dtype[np.uint8]]


class Index:
    """All datasets under one key, mapped; shared by every session of a process."""

    def __init__(self, datasets: dict[str, IndexedDataset], keys: Keys) -> None:
        self._datasets = datasets
        self._keys = keys
        self._scanner: object | None = None

    @classmethod
    def open(cls, index_dir: Path, key: bytes, *, verify: bool = False) -> Index:
        """The index in a folder; an absent folder is an empty index.

        Raises IndexDamaged or KeyMissing with the file and what to do. With `verify` every byte
        is checked; without it the large sections of large segments are not read.
        """
        keys = Keys.of(key)
        datasets = {}
        folders = sorted(path for path in index_dir.iterdir()) if index_dir.is_dir() else []
        for folder in folders:
            manifest = read_manifest(folder, keys) if folder.is_dir() else None
            while manifest is not None and not _expired(manifest):
                try:
                    datasets[manifest.spec.id] = _open_dataset(folder, manifest, keys, verify)
                    break
                except IndexDamaged:
                    before, manifest = manifest, read_manifest(folder, keys)
                    if manifest is not None and manifest.generation == before.generation:
                        raise  # not changed in between, so it is damaged
        return cls(datasets, keys)

    @property
    def datasets(self) -> Mapping[str, IndexedDataset]:
        """The datasets by id, expired ones left out."""
        return self._datasets

    def session(self) -> MatchSession:
        """A session for one document."""
        from scanner.index.scan import Scanner

        if not isinstance(self._scanner, Scanner):
            self._scanner = Scanner(tuple(self._datasets.values()), self._keys)
        return MatchSession(self._scanner)

    def prepare(self) -> None:
        """Do now what the first session would do: decrypt the anchors and build the filters."""
        self.session()

    def cells(self, dataset_id: str) -> tuple[U32, NDArrayU8, U64]:
        """Record, column and fingerprint of every cell of a dataset, without any plain text.

        Fingerprints are keyed hashes cut to the bits that the index keeps (at the upper end of a
        u64). Compare those of two datasets with `fingerprints_in` only.
        """
        return self._datasets[dataset_id].table()

    def fingerprints_in(self, dataset_id: str, other_id: str) -> Bools:
        """For each cell of `cells(dataset_id)`: whether its value stands in the other dataset."""
        ours, theirs = self._datasets[dataset_id], self._datasets[other_id]
        bits = np.uint64(64 - min(ours.prefix_bits, theirs.prefix_bits))
        known = np.unique(theirs.table()[2] >> bits)
        return np.asarray(np.isin(ours.table()[2] >> bits, known), bool)

    def close(self) -> None:
        """Forget what was decoded."""
        for dataset in self._datasets.values():
            dataset.close()
        self._scanner = None


def _expired(manifest: Manifest) -> bool:
    return bool(manifest.expires) and datetime.fromisoformat(manifest.expires) <= datetime.now(UTC)


def _open_dataset(folder: Path, manifest: Manifest, keys: Keys, verify: bool) -> IndexedDataset:
    segments = tuple(
        Segment.open(folder / part.file, keys, verify=verify) for part in manifest.parts
    )
    return IndexedDataset(
        manifest.spec,
        manifest.live,
        manifest.next_record,
        f"{manifest.built_at} g{manifest.content}",
        manifest.expires,
        manifest.built_at,
        manifest.removed,
        segments,
        tuple(part.base for part in manifest.parts),
    )
