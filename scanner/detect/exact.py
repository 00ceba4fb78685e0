"""Finds records of registered datasets: "k records of dataset D"."""

from __future__ import annotations

import numpy as np

from scanner.home import Home
from scanner.index.names import NameDraw
from scanner.index.open import Index
from scanner.index.session import MatchSession
from scanner.index.types import DatasetMatch
from scanner.messages import message
from scanner.model.content import Segment
from scanner.model.document import Document
from scanner.model.finding import Finding, Method, pack_ids
from scanner.model.rule import Role
from scanner.settings import Settings

FEWEST_NAMES = 3  # bare names of a dataset that are worth a test


class ExactSession:
    """One document being looked at."""

    def __init__(self, session: MatchSession) -> None:
        self._session = session

    def feed(self, segment: Segment) -> None:
        """Look at the next segment."""
        self._session.feed(segment)

    def findings(self) -> list[Finding]:
        """One finding for each dataset of which enough records stand in the document.

        Where there are only names of a dataset, a finding that gives the law engine the counts.
        """
        told = [
            finding_of(match)
            for match in self._session.matches()
            if len(match.records) >= match.spec.rule.minimum_records
        ]
        exact = {finding.dataset_id for finding in told}
        return told + [
            selection_of(draw)
            for draw in self._session.name_draws()
            if draw.names >= FEWEST_NAMES and draw.spec.id not in exact
        ]


class ExactDetector:
    """Exact match against the index of a home."""

    def __init__(self, index: Index) -> None:
        self._index = index

    @classmethod
    def open(cls, home: Home, settings: Settings) -> ExactDetector | None:
        """The detector, None where no dataset is registered.

        Raises KeyMissing or IndexDamaged where there is an index that cannot be used.
        """
        if not any(home.index.glob("*/manifest.json")):
            return None
        index = Index.open(home.index, home.key())
        if all(dataset.spec.public for dataset in index.datasets.values()):
            return None
        index.prepare()
        return cls(index)

    def session(self, document: Document, inner: str) -> ExactSession:
        """A session for one document."""
        return ExactSession(self._index.session())


def finding_of(match: DatasetMatch) -> Finding:
    """The finding that the matched records of one dataset are."""
    indexed = match.spec.indexed
    deep = sum(1 << at for at, column in enumerate(indexed) if column.role is Role.DEEP)
    counts = match.column_counts()
    records = len(match.records)
    depth = sum(count for _, count in counts) / (records * len(indexed)) if records else 0.0
    nonpublic = match.records[~match.public]
    units = max(match.units, 0)
    return Finding(
        Method.EXACT,
        match.dataset_id,
        records,
        nonpublic=len(nonpublic),
        deep=int(((match.columns & np.uint64(deep)) != 0).sum()),
        dataset_records=match.dataset_records,
        units=units,
        containment=min(1.0, records / units) if units else 0.0,
        field_depth=min(1.0, depth),
        field_counts=counts,
        record_ids=pack_ids(int(record) for record in match.records),
        nonpublic_ids=pack_ids(int(record) for record in nonpublic),
        locators=match.places,
        sample=match.sample,
    )


def selection_of(draw: NameDraw) -> Finding:
    """The finding that bare names are: counts of a draw out of a public directory."""
    return Finding(
        Method.SELECTION,
        draw.spec.id,
        draw.names,
        dataset_records=draw.dataset_records,
        units=draw.drawn,
        containment=min(1.0, draw.names / draw.drawn) if draw.drawn else 0.0,
        reasons=(
            message(
                "index",
                "selection",
                names=draw.names,
                drawn=draw.drawn,
                directory=draw.directory_id,
            ),
        ),
        selection_universe=draw.universe,
        selection_universe_hits=draw.drawn,
    )


DETECTOR = ExactDetector
