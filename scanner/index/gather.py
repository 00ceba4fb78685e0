"""The keys of a whole table: in memory where they fit, else in runs on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from scanner.index import pairs
from scanner.index.collect import Collected, Collector, without_first
from scanner.index.manifest import MOST_COLUMNS
from scanner.index.spool import Spool
from scanner.index.types import ColumnBatch
from scanner.model.errors import TableError
from scanner.model.rule import DatasetSpec
from scanner.text.keys import Keys

Batch = Sequence[Sequence[str]] | ColumnBatch
Progress = Callable[[int], None]


@contextmanager
def gathered(
    folder: Path,
    keys: Keys,
    spec: DatasetSpec,
    batches: Iterable[Batch],
    *,
    source: str = "",
    progress: Progress | None = None,
) -> Iterator[tuple[Collected, int]]:
    """Every key of every row, and how many rows were read by an earlier build that was cut short.

    `folder` is that of the dataset; `source` names the rows, and where it is empty no earlier
    build counts. What lies on disk is deleted at the end, and where the table is refused; it
    stays where the work was cut short. Raises TableError.
    """
    _must_fit(spec)
    spool = Spool(folder, keys, spec, source)
    with spool.held():
        resumed = spool.records
        try:
            yield _collected(spool, keys, spec, batches, progress), resumed
        except TableError:
            spool.discard()
            raise
        spool.discard()


def _collected(
    spool: Spool,
    keys: Keys,
    spec: DatasetSpec,
    batches: Iterable[Batch],
    progress: Progress | None,
) -> Collected:
    collector = Collector(spec, keys, spool.records)
    before = 0
    for batch in batches:
        rows = batch.rows if isinstance(batch, ColumnBatch) else len(batch)
        known = min(rows, max(0, spool.records - before))
        before += rows
        if known < rows:
            collector.add(behind(batch, known))
        if collector.pairs >= pairs.WHOLE:
            spool.add(collector.finish())
            collector = Collector(spec, keys, spool.records)
        if progress is not None:
            progress(before)
    if not spool.runs:
        return collector.finish()
    spool.add(collector.finish())
    return spool.collected()


def behind(batch: Batch, known: int) -> Batch:
    """A batch without its first rows."""
    if not known:
        return batch
    if not isinstance(batch, ColumnBatch):
        return batch[known:]
    columns = [without_first(column, known) for column in batch.columns]
    return ColumnBatch(columns, batch.rows - known)


def _must_fit(spec: DatasetSpec) -> None:
    if not spec.indexed:
        raise TableError(f"the table of {spec.id} has no column that can be matched")
    if len(spec.indexed) > MOST_COLUMNS:
        raise TableError(
            f"the table of {spec.id} has {len(spec.indexed)} columns to match, at most "
            f"{MOST_COLUMNS} are possible: leave out some in the dossier (indexed: false)"
        )
