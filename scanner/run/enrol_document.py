"""Registering a document (a plan, a price policy, a method) by its fingerprints."""

from __future__ import annotations

from dataclasses import dataclass
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
from scanner.run.lines import Reading, read_segments
from scanner.run.sandbox.pool import Pool
from scanner.settings import Settings
from scanner.source.folder import document_of


@dataclass(frozen=True, slots=True)
class EnrolledDocument:
    """What registering a document gave; `unread` has a coverage for each file not read whole."""

    report: DocumentReport
    unread: tuple[dict[str, str], ...]


def enrol_document(
    home: Home,
    settings: Settings,
    file: Path,
    dataset_id: str,
    *,
    title: str | None = None,
    dossier_file: Path | None = None,
    ordinary: tuple[Path, ...] = (),
) -> EnrolledDocument:
    """Register a document; passages that also stand in the `ordinary` files do not count.

    What could be read of it is registered, and what could not is told. Raises UsageError,
    DossierError, TableError or KeyMissing with nothing half-written.
    """
    dossier = load_dossier(dossier_file) if dossier_file else None
    registry = Registry.open(home)
    registry.check_free(checked_id(dataset_id))
    segments, *coverage = _read(settings, file)
    common: list[Segment] = []
    for path in ordinary:
        more, told = _read(settings, path)
        common += more
        coverage.append(told)
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
    return EnrolledDocument(
        report, tuple(told for told in coverage if told["coverage"] != "COMPLETE")
    )


def _read(settings: Settings, file: Path) -> tuple[list[Segment], dict[str, str]]:
    """The segments of a file, and how far it was read."""
    reading = Reading()
    found = document_of(file, Channel.DISK)
    if not isinstance(found, Document):
        raise TableError(f"{file} cannot be read: {found.reason}")
    with Pool(Home(Path()), settings, workers=1, detectors=()) as pool:
        segments = list(read_segments(pool, found, reading))
    return segments, {"file": str(file), **reading.coverage()}
