"""Unregistered lists that scans came across and that are worth a dossier."""

from __future__ import annotations

from pathlib import Path

from scanner.detect._lists.suggest import Seen, Suggestion, suggest
from scanner.home import Home
from scanner.model.document import member_path
from scanner.model.errors import ReportError
from scanner.model.finding import Method
from scanner.record.store import Store
from scanner.registry.registry import Registry

DISMISSED = ("false_positive", "public_information", "authorised")


def suggestions(home: Home) -> list[Suggestion]:
    """The lists worth registering, the weightiest first; those a person dismissed are left out."""
    registry = Registry.open(home)
    taken = [entry.id for entry in [*registry.datasets(), *registry.publics()]]
    with Store.open(home) as store:
        chosen = store.select(method=Method.CUSTOMER_LIST.value, events=True)
        seen = [
            Seen(
                member_path(one.incident.document.uri, one.incident.examined.inner),
                one.incident.finding.label,
                one.incident.finding.score,
                one.incident.finding.records,
                tuple(name for name, _ in one.incident.finding.field_counts),
                one.incident.finding.reasons,
            )
            for one in chosen.incidents()
            if one.verdict not in DISMISSED
        ]
    return suggest(seen, taken)


def write_dossiers(found: list[Suggestion], folder: Path) -> list[Path]:
    """Write each suggestion's dossier to `<folder>/<id>.yaml`, never over a file that stands.

    Raises ReportError where the folder cannot be written.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for one in found:
            path = folder / f"{one.id}.yaml"
            if not path.exists():
                path.write_text(one.dossier, encoding="utf-8")
                written.append(path)
    except OSError as error:
        raise ReportError(f"{folder} cannot be written: {error.strerror}") from None
    return written
