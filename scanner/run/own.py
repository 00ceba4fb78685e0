"""Which records of a dataset are a recipient's own, asked of the index without any plain text."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scanner.home import Home
from scanner.index.open import Index, IndexedDataset
from scanner.judge.recipients import plain
from scanner.model.rule import FieldKind
from scanner.registry.organisation import Party
from scanner.text.canon import Skip, keys_of
from scanner.text.keys import Keys, siphash

REMEMBERED = 1000
WIDEST = 10_000  # a company name in more records than this names nobody

Marks = dict[FieldKind, frozenset[str]]
U64 = NDArray[np.uint64]
I64 = NDArray[np.int64]


class OwnRecords:
    """Answers for one opened index; asks it only when a document names a possible customer."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._index: Index | None = None
        self._known: OrderedDict[tuple[str, str, str], frozenset[int]] = OrderedDict()
        self._table: tuple[str, _Table] | None = None  # of the dataset asked for last

    def __call__(self, dataset_id: str, address: str, party: Party | None) -> frozenset[int] | None:
        """The records that hold the address, or a name or address of its party.

        Records of the same company as one of these count too. None where the dataset is not in
        the index.
        """
        asked = (dataset_id, address, party.id if party else "")
        if asked in self._known:
            self._known.move_to_end(asked)
            return self._known[asked]
        if self._index is None:
            self._index = Index.open(self._home.index, self._home.key())
        dataset = self._index.datasets.get(dataset_id)
        if dataset is None:
            return None
        if self._table is None or self._table[0] != dataset_id:
            self._table = dataset_id, _Table.of(dataset)
            dataset.close()
        keys = Keys.of(self._home.key())
        found = frozenset(self._table[1].own(_marks(address, party), keys).tolist())
        self._known[asked] = found
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return found


def _marks(address: str, party: Party | None) -> Marks:
    """By what a recipient is known in a table: addresses and company names."""
    addresses = {address} if "@" in address else set()
    names: set[str] = set()
    if party is not None:
        addresses |= {plain(one) for one in party.addresses}
        names = {party.name} - {""}
    return {FieldKind.EMAIL: frozenset(addresses), FieldKind.COMPANY: frozenset(names)}


@dataclass(frozen=True, slots=True)
class _Table:
    """The cells of some columns of a dataset, sorted by fingerprint and by record."""

    shift: int
    by_print: dict[FieldKind, tuple[U64, I64]] = field(repr=False)
    companies: tuple[I64, U64] = field(repr=False)

    @staticmethod
    def of(dataset: IndexedDataset) -> _Table:
        """The mail and company columns of a dataset."""
        record, column, prints = dataset.table()
        kinds = [one.kind for one in dataset.spec.indexed]
        by_print = {}
        for kind in (FieldKind.EMAIL, FieldKind.COMPANY):
            mine = np.isin(column, [at for at, each in enumerate(kinds) if each is kind])
            order = np.argsort(prints[mine], kind="stable")
            by_print[kind] = (prints[mine][order], record[mine][order].astype(np.int64))
        values, records = by_print[FieldKind.COMPANY]
        order = np.argsort(records, kind="stable")
        return _Table(64 - dataset.prefix_bits, by_print, (records[order], values[order]))

    def own(self, marks: Marks, keys: Keys) -> I64:
        """The records that hold one of the marks, and those of the same companies."""
        found = [
            self._holding(kind, value)
            for kind, texts in marks.items()
            for value in _prints(texts, kind, keys)
        ]
        own = _union(found)
        records, values = self.companies
        companies: set[int] = set()
        for record in own:
            first, last = np.searchsorted(records, [record, record + 1])
            companies.update(int(value) for value in values[first:last])
        same = (self._holding(FieldKind.COMPANY, np.uint64(value)) for value in companies)
        return _union([own, *(group for group in same if len(group) <= WIDEST)])

    def _holding(self, kind: FieldKind, value: np.uint64) -> I64:
        values, records = self.by_print[kind]
        kept = value >> np.uint64(self.shift) << np.uint64(self.shift)
        first = np.searchsorted(values, kept, "left")
        return records[first : np.searchsorted(values, kept, "right")]


def _union(groups: list[I64]) -> I64:
    return np.unique(np.concatenate(groups)) if groups else np.empty(0, np.int64)


def _prints(texts: Iterable[str], kind: FieldKind, keys: Keys) -> U64:
    """The fingerprints of texts as cells of one kind."""
    hashes: list[int] = []
    for text in sorted(texts):
        told = keys_of(text, kind, keys)
        if not isinstance(told, Skip):
            hashes += [key.hash for key in told]
    return siphash(np.array(hashes, np.uint64), keys.sip)
