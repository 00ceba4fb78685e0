"""The dossier that `registry add` leaves behind: measured figures filled in, the rest marked."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from scanner.messages import message
from scanner.model.errors import DossierError
from scanner.model.rule import Column
from scanner.registry.designation import SourceFigures
from scanner.registry.publicity import Publicity

OPEN = "?"
"""Marks what only a person knows; stands at the beginning of a comment."""


def dossier_text(
    dataset_id: str,
    title: str,
    columns: Sequence[Column],
    *,
    records: int,
    source: SourceFigures | None = None,
    publicity: Publicity | None = None,
    today: date | None = None,
    lang: str | None = None,
) -> str:
    """A dossier as commented YAML, which the loader reads back."""
    out = _Lines(lang)
    out.note("draft.head", id=dataset_id)
    out.key("id", dataset_id)
    out.key("title", title)
    out.blank()
    out.note("draft.measured")
    out.key("record_count", records)
    if source and source.sha256:
        out.key("snapshot_sha256", source.sha256)
    out.key("snapshot_at", (today or date.today()).isoformat(), plain=True)
    out.blank()
    _columns(out, columns)
    _standing(out)
    _conditions(out, publicity)
    _handling(out)
    return out.text()


def write_dossier(
    path: Path,
    dataset_id: str,
    title: str,
    columns: Sequence[Column],
    *,
    records: int,
    source: SourceFigures | None = None,
    publicity: Publicity | None = None,
    today: date | None = None,
    lang: str | None = None,
) -> Path:
    """Write the commented dossier to `path` (never over a file that stands) and return the path.

    Where `path` is taken, the dossier goes beside it as `<name>.new.yaml`, replaced each time.
    """
    text = dossier_text(
        dataset_id, title, columns,
        records=records, source=source, publicity=publicity, today=today, lang=lang,
    )  # fmt: skip
    target = path.with_name(f"{path.stem}.new{path.suffix}") if path.exists() else path
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise DossierError(f"{target}: cannot be written ({error.strerror})") from None
    return target


class _Lines:
    """Lines of YAML with comments in one language."""

    def __init__(self, lang: str | None) -> None:
        self._lang = lang
        self._lines: list[str] = []

    def note(self, key: str, indent: int = 0, **values: object) -> None:
        for line in message("registry", key, self._lang, **values).splitlines():
            self._lines.append(f"{' ' * indent}# {line}".rstrip())

    def key(self, name: str, value: object, *, plain: bool = False, indent: int = 0) -> None:
        shown = str(value) if plain else _quoted(value)
        self._lines.append(f"{' ' * indent}{name}: {shown}")

    def raw(self, lines: Iterable[str]) -> None:
        self._lines += lines

    def blank(self) -> None:
        self._lines.append("")

    def text(self) -> str:
        return "\n".join(self._lines) + "\n"


def _quoted(value: object) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    text = json.dumps(value, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in text)


def _columns(out: _Lines, columns: Sequence[Column]) -> None:
    out.note("draft.columns")
    out.raw(["columns:"] if columns else ["columns: []"])
    for column in columns:
        parts = [
            f"name: {_quoted(column.name)}",
            f"kind: {column.kind}",
            f"role: {column.role}",
            f"indexed: {str(column.indexed).lower()}",
            f"strong: {str(column.strong).lower()}",
            f"pi: {column.pi}",
        ]
        out.raw([f"  - {{{', '.join(parts)}}}"])
    out.blank()


def _standing(out: _Lines) -> None:
    out.note("draft.standing")
    out.raw(
        [
            "# owner_kind: own          # own | third_party | joint",
            '# owner_party: ""',
            '# promise_agreement: ""',
            "# level: core              # core | ordinary | internal",
            "# claim_kind: records      # records | selection | both",
            '# secret_points: ""',
            '# business_owner: ""',
            '# designated_by: ""',
            "# designated_at: 2026-01-31",
            "# review_due: 2027-01-31",
        ]
    )
    out.blank()
    out.note("draft.basis")
    out.raw(
        [
            "# confidential_basis:",
            '#   - {kind: rule, ref: "", from: 2026-01-01}   # rule | contract | promise | law',
        ]
    )
    out.blank()


def _conditions(out: _Lines, publicity: Publicity | None) -> None:
    out.note("draft.conditions")
    out.raw(["conditions:", "  secrecy:", "    status: unproven"])
    if publicity:
        out.raw(["    method: measured", f"    proposal: {publicity.proposal}"])
        if publicity.sources:
            listed = ", ".join(_quoted(name) for name in publicity.sources)
            out.raw([f"    source: [{listed}]"])
        out.note("draft.figures", 4, **figures(publicity))
    out.note("draft.secrecy", 4)
    out.raw(['    # assessor: ""', "    # as_of: 2026-01-31", '    # reason: ""'])
    out.raw(["  value:", "    status: unproven"])
    out.note("draft.value", 4)
    out.raw(['    # assessor: ""', "    # evidence: [EV-1]"])
    out.note("draft.measures", 2)
    out.raw(
        [
            "  # measures:",
            "  #   - {code: M1, scope: class, start: 2026-01-01, evidence: [EV-2]}",
            "  #   - {code: M4, scope: dataset, start: 2026-01-01, evidence: [EV-3]}",
        ]
    )
    out.blank()
    out.note("draft.evidence")
    out.raw(
        [
            "# evidence:",
            '#   - {id: EV-1, kind: cost, made_at: 2026-01-31, custodian: "", place: ""}',
        ]
    )
    out.blank()


def _handling(out: _Lines) -> None:
    out.note("draft.handling")
    out.raw(
        [
            '# approved_locations: ["smb://server/crm/"]',
            "# authorised:",
            "#   - {role: sales, actions: [read], channels: [crm], max_records: 200}",
            "# canary_ids: []",
        ]
    )


def figures(publicity: Publicity) -> dict[str, str]:
    """The measured figures as shown to people."""
    low, high = sorted((publicity.fully_public_strict, publicity.fully_public_loose))
    return {
        "entity": f"{publicity.entity_public:.1%}",
        "low": f"{low:.1%}",
        "high": f"{high:.1%}",
        "deep": f"{publicity.deep_nonpublic:.1%}",
        "selection": f"{publicity.selection:.3f}" if publicity.selection >= 0 else "-",
        "sources": "; ".join(publicity.sources) or "-",
        "proposal": publicity.proposal,
    }
