"""Bare names: which company or person names of each dataset a document holds.

A list of names alone makes no record, but how many of them one dataset holds, against how many a
public directory holds, says whether chance could have drawn them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from scanner.index.types import I64, U64, Matches
from scanner.model.rule import DatasetSpec, FieldKind

if TYPE_CHECKING:
    from scanner.index.scan import Scanner


@dataclass(frozen=True, slots=True)
class NameDraw:
    """Names of one dataset in a document, and of the directory that it is compared with.

    `names` of the document's names stand in the dataset and in the directory, `drawn` in the
    directory at all, which has `universe` entries.
    """

    spec: DatasetSpec
    dataset_records: int
    names: int
    drawn: int
    universe: int
    directory_id: str


@dataclass(slots=True)
class NameCounter:
    """Collects the names of a document, batch by batch."""

    found: dict[int, U64] = field(default_factory=dict, repr=False)

    def add(self, scanner: Scanner, matches: Matches) -> None:
        """Take the matches of a batch."""
        owners = np.array(scanner.owners, np.int64)[matches.source]
        for at, dataset in enumerate(scanner.datasets):
            wanted = name_columns(dataset.spec)
            ours = np.flatnonzero(owners == at)
            if not wanted.any() or not len(ours):
                continue
            named = ours[wanted[_columns(scanner, matches, ours, len(wanted))]]
            known = self.found.get(at, np.empty(0, np.uint64))
            self.found[at] = np.union1d(known, matches.key[named])

    def draws(self, scanner: Scanner) -> list[NameDraw]:
        """For each dataset of which names were found, the draw against the best directory."""
        public = [at for at, d in enumerate(scanner.datasets) if d.spec.public and at in self.found]
        told = []
        for at, names in sorted(self.found.items()):
            dataset = scanner.datasets[at]
            if dataset.spec.public or not public:
                continue
            shared = {p: len(np.intersect1d(names, self.found[p])) for p in public}
            best = max(public, key=lambda p: (shared[p], p))
            if shared[best]:
                told.append(
                    NameDraw(
                        dataset.spec,
                        dataset.records,
                        shared[best],
                        len(self.found[best]),
                        scanner.datasets[best].records,
                        scanner.datasets[best].spec.id,
                    )
                )
        return told


def name_columns(spec: DatasetSpec) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which indexed columns name the customer: companies, else persons."""
    kinds = [column.kind for column in spec.indexed]
    wanted = FieldKind.COMPANY if FieldKind.COMPANY in kinds else FieldKind.PERSON
    return np.array([kind is wanted for kind in kinds], bool)


def _columns(scanner: Scanner, matches: Matches, which: I64, width: int) -> I64:
    """The column of each match, that of its first cell where several cells hold the value."""
    cells = matches.payload[which].astype(np.int64)
    for source in np.unique(matches.source[which]):
        several = np.flatnonzero((matches.source[which] == source) & matches.several[which])
        cells[several] = scanner.segments[int(source)].postings[cells[several] + 1]
    return cells % width
