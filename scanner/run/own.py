"""Which records of a dataset are a recipient's own, asked of the index without any plain text."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

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


class OwnRecords:
    """Answers for one opened index; asks it only when a document names a possible customer."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._index: Index | None = None
        self._known: OrderedDict[tuple[str, str, str], frozenset[int]] = OrderedDict()

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
        found = _own(dataset, _marks(address, party), Keys.of(self._home.key()))
        dataset.close()
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


def _own(dataset: IndexedDataset, marks: Marks, keys: Keys) -> frozenset[int]:
    record, column, prints = dataset.table()
    shift = np.uint64(64 - dataset.prefix_bits)
    kinds = [one.kind for one in dataset.spec.indexed]
    mine = np.zeros(len(record), bool)
    for kind, texts in marks.items():
        wanted = _prints(texts, kind, keys) >> shift << shift
        places = [at for at, each in enumerate(kinds) if each is kind]
        mine |= np.isin(column, places) & np.isin(prints, wanted)
    own = np.unique(record[mine])
    companies = [at for at, each in enumerate(kinds) if each is FieldKind.COMPANY]
    named = np.isin(column, companies)
    for value in np.unique(prints[named & np.isin(record, own)]):
        same = np.unique(record[named & (prints == value)])
        if len(same) <= WIDEST:
            own = np.union1d(own, same)
    return frozenset(int(one) for one in own)


def _prints(texts: Iterable[str], kind: FieldKind, keys: Keys) -> U64:
    """The fingerprints of texts as cells of one kind."""
    hashes: list[int] = []
    for text in sorted(texts):
        told = keys_of(text, kind, keys)
        if not isinstance(told, Skip):
            hashes += [key.hash for key in told]
    return siphash(np.array(hashes, np.uint64), keys.sip)
