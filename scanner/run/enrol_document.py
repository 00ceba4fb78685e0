"""Registering a document (a plan, a price policy, a method) by its fingerprints."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scanner.home import Home
from scanner.index.fingerprint import DocumentReport, add_document
from scanner.model.content import Segment
from scanner.model.document import Channel, Document
from scanner.model.errors import TableError
from scanner.model.rule import DatasetSpec
from scanner.registry.dossier import load_dossier
from scanner.registry.registry import Registry
from scanner.run.enrol import checked_id, source_figures
from scanner.run.lines import read_segments
from scanner.run.sandbox.pool import Pool
from scanner.settings import Settings
from scanner.source.folder import document_of


def enrol_document(
    home: Home,
    settings: Settings,
    file: Path,
    dataset_id: str,
    *,
    title: str | None = None,
    dossier_file: Path | None = None,
    ordinary: tuple[Path, ...] = (),
) -> DocumentReport:
    """Register a document; passages that also stand in the `ordinary` files do not count.

    Raises UsageError, DossierError, TableError or KeyMissing with nothing half-written.
    """
    dossier = load_dossier(dossier_file) if dossier_file else None
    registry = Registry.open(home)
    registry.check_free(checked_id(dataset_id))
    segments = list(_segments(settings, file))
    common = [segment for path in ordinary for segment in _segments(settings, path)]
    key = home.key(create=True)
    home.index.mkdir(mode=0o700, exist_ok=True)
    report = add_document(home.index, key, dataset_id, segments, ordinary=common)
    registry.add(
        DatasetSpec(dataset_id, ()),
        dossier,
        records=report.fingerprints,
        source=source_figures(file),
        form="document",
        title=title or (dossier.title if dossier else file.name),
    )
    return report


def _segments(settings: Settings, file: Path) -> Iterator[Segment]:
    found = document_of(file, Channel.DISK)
    if not isinstance(found, Document):
        raise TableError(f"{file} cannot be read: {found.reason}")
    with Pool(Home(Path()), settings, workers=1, detectors=()) as pool:
        yield from read_segments(pool, found)
