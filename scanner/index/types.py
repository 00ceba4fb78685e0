"""What building and looking up give back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from scanner.model.rule import DatasetSpec

COMMON = 16  # a value in more cells than this never starts a record

U64 = NDArray[np.uint64]
U32 = NDArray[np.uint32]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ColumnCounts:
    """What became of the cells of one column: kept, and left out for three reasons.

    `common` counts the cells whose value stands in more than COMMON cells of the dataset; they
    support a record and never start one.
    """

    name: str
    kept: int = 0
    empty: int = 0
    placeholder: int = 0
    short: int = 0
    common: int = 0


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build or an update did.

    `records` are those that the dataset holds now; `resumed` rows were read by an earlier build
    that was cut short.
    """

    dataset_id: str
    records: int
    cells: int
    values: int
    columns: tuple[ColumnCounts, ...]
    size_bytes: int
    seconds: float
    added: int = 0
    removed: int = 0
    unchanged: int = 0
    resumed: int = 0


@dataclass(frozen=True, slots=True)
class ColumnBatch:
    """Rows as columns: one sequence of texts for each indexed column, all of one length.

    A column may also be an Arrow-like pair (UTF-8 bytes, int64 offsets with one entry more than
    there are rows), or a pair of such bytes and the begin and end of each cell (rows by two).
    """

    columns: Sequence[Sequence[str] | tuple[bytes, I64]] = field(repr=False)
    rows: int


@dataclass(frozen=True, slots=True)
class Matches:
    """Places where a registered value stands, in reading order of a document, as columns.

    `source` is the number of the index segment, `payload` and `several` its entry, `key` the
    SipHash; `first` and `last` are word numbers, `line` counts lines or rows, `table` says which.
    `start` and `end` are offsets in the fed text. Words and lines of different segments of the
    document never touch.
    """

    source: I64
    payload: U64
    several: Bools
    key: U64
    start: I64
    end: I64
    first: I64
    last: I64
    line: I64
    table: Bools
    lane: I64
    length: I64

    def pick(self, which: Bools | I64) -> Matches:
        """Some of the matches."""
        return Matches(*(getattr(self, name)[which] for name in self.__slots__))

    @staticmethod
    def joined(parts: Sequence[Matches]) -> Matches:
        """The matches of all parts."""
        names = Matches.__slots__
        return Matches(*(np.concatenate([getattr(part, n) for part in parts]) for n in names))

    @staticmethod
    def of(rows: Sequence[tuple[int, ...]]) -> Matches:
        """The matches given as tuples in the order of the fields."""
        columns = list(zip(*rows, strict=True)) if rows else [()] * 12
        kinds = [np.int64, np.uint64, bool, np.uint64] + [np.int64] * 5 + [bool] + [np.int64] * 2
        return Matches(*(np.array(c, k) for c, k in zip(columns, kinds, strict=True)))


@dataclass(frozen=True, slots=True)
class DatasetMatch:
    """The records of one dataset that stand in a document.

    `columns` has for each record a bit mask of the matched columns (order of spec.indexed);
    `public` says where all matched values of a record stand in public directories. `units` is
    the number of record-like lines or rows of the document. `sample` is masked.
    """

    spec: DatasetSpec
    dataset_records: int
    records: U32 = field(repr=False)
    columns: U64 = field(repr=False)
    public: Bools = field(repr=False)
    units: int = 0
    places: tuple[str, ...] = ()
    sample: str = field(default="", repr=False)

    def joined(self, later: DatasetMatch) -> DatasetMatch:
        """This and what was found later in the same document."""
        records = np.concatenate((self.records, later.records))
        unique, back = np.unique(records, return_inverse=True)
        columns = np.zeros(len(unique), np.uint64)
        np.bitwise_or.at(columns, back, np.concatenate((self.columns, later.columns)))
        public = np.ones(len(unique), bool)
        np.logical_and.at(public, back, np.concatenate((self.public, later.public)))
        places = tuple(dict.fromkeys((*self.places, *later.places)))[:5]
        return replace(
            self,
            records=unique,
            columns=columns,
            public=public,
            units=self.units + later.units,
            places=places,
            sample=self.sample or later.sample,
        )

    @property
    def dataset_id(self) -> str:
        """The id of the dataset."""
        return self.spec.id

    def column_counts(self) -> tuple[tuple[str, int], ...]:
        """In how many of the records each column stood, columns without any left out."""
        counts = [
            (column.name, int((self.columns >> np.uint64(at) & np.uint64(1)).sum()))
            for at, column in enumerate(self.spec.indexed)
        ]
        return tuple((name, count) for name, count in counts if count)
