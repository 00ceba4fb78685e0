"""Reports out of the store, each noted in the custody log."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scanner.home import Home
from scanner.messages import LANGUAGES
from scanner.model.errors import ReportError, UsageError
from scanner.model.incident import Severity
from scanner.record.select import Selection
from scanner.record.store import Store
from scanner.record.verify import said as said_of_store
from scanner.record.verify import verify_store
from scanner.report.base import MASKED, Written, profile, report_named
from scanner.report.verify import said as said_of_report
from scanner.report.verify import verify_report


def write_report(
    store: Store,
    chosen: Selection,
    name: str,
    path: Path,
    *,
    profile_name: str = MASKED,
    reason: str = "",
    operator: str = "",
) -> Written:
    """Write a report of the named format and note who exported what, and why.

    Raises ReportError where there is no such format or profile, or the file cannot be written.
    """
    view = profile(profile_name, store.pseudonym_key, reason)
    written = report_named(name).write(path, chosen, view)
    detail = {"profile": profile_name, "row_count": written.rows, "sha256": written.sha256}
    if written.head_hash:
        detail["head_hash"] = written.head_hash
    store.log_custody(operator, "export", str(path), reason, format=name, **detail)
    return written


def checked_severity(told: str) -> str:
    """The severity named by an option, empty where none is. Raises UsageError."""
    known = [severity.value for severity in Severity]
    if told and told not in known:
        raise UsageError(f"there is no severity {told!r}: choose one of {', '.join(known)}")
    return told


def explanation(home: Home, incident: str, lang: str) -> list[str]:
    """An incident told sentence by sentence. Raises UsageError where there is no such incident."""
    from scanner.judge.explain import explain

    if lang not in LANGUAGES:
        raise UsageError(f"there is no language {lang!r}: choose one of {', '.join(LANGUAGES)}")
    with Store.open(home) as store:
        return explain(store.get(incident).incident, lang)


@dataclass(frozen=True, slots=True)
class Verified:
    """What checking a chain gave: how many rows were gone through, and what is wrong."""

    subject: str
    problems: tuple[str, ...]


def verified(
    home: Home, file: Path | None, anchor: Path | None = None, lang: str | None = None
) -> Verified:
    """Check the chain of the store (against an anchor kept elsewhere too), or of a report.

    Raises StoreError or ReportError where there is nothing to check.
    """
    if file is None:
        found = verify_store(home, _text(anchor) if anchor is not None else "")
        return Verified(str(home.store), tuple(said_of_store(one, lang) for one in found))
    key, heads = b"", None
    if home.store.exists():
        with Store.open(home) as store:
            key, heads = store.pseudonym_key, store.exported_heads()
    found = verify_report(file, key=key, exported=heads)
    return Verified(str(file), tuple(said_of_report(one, lang) for one in found))


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ReportError(f"the anchor {file} cannot be read: {error}") from None
