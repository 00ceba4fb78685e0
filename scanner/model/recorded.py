"""What the incident store keeps and the reports tell: rows, scans, reviews, custody, measures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from scanner.model.incident import Incident

# The columns of incidents.csv, version 1, without the three of the chain that a report adds.
INCIDENT_COLUMNS: tuple[str, ...] = (
    *("incident_id", "detected_at", "severity", "legal_severity", "status", "verdict"),
    *("disposition", "dataset_id", "dataset_title", "dataset_owner", "trade_secret_status"),
    *("secrecy", "value", "measures", "channel", "path", "file_type", "size_bytes"),
    *("modified_at", "owner_account", "readers", "sha256", "detection_method"),
    *("records_matched", "records_nonpublic", "records_deep", "dataset_coverage"),
    *("containment", "similarity", "fields_matched", "locators", "masked_sample"),
    *("actor", "sender", "recipients", "recipient_class", "obligations", "triggers", "acts"),
    *("third_party", "exemption", "facts_to_establish", "pi_persons", "pi_categories"),
    *("pi_ratio", "coverage", "coverage_reason", "policy_pack", "law_refs"),
    *("scanner_version", "registry_version", "config_sha256", "collection_mode", "operator"),
    *("host", "assignee", "reviewed_at", "decision_reason"),
)
CHAIN_COLUMNS: tuple[str, ...] = ("row_no", "prev_hash", "row_hash")

# The columns of the coverage companion.
COVERAGE_COLUMNS: tuple[str, ...] = (
    *("path", "size_bytes", "file_type", "coverage", "coverage_reason", "segments", "seconds"),
)

STATUSES: tuple[str, ...] = ("open", "in_review", "closed", "reopened", "gone", "expired")
VERDICTS: tuple[str, ...] = (
    *("confirmed", "false_positive", "authorised", "public_information", "needs_facts"),
)

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recorded:
    """An incident as the store keeps it. `row` are its cells in the order of INCIDENT_COLUMNS."""

    id: str
    incident: Incident = field(repr=False)
    row: Row = field(repr=False)
    detected_at: str
    last_seen: str
    status: str
    scan_id: str = ""
    verdict: str = ""
    assignee: str = ""
    reviewed_at: str = ""
    decision_reason: str = ""
    legal_hold: bool = False

    def cell(self, column: str) -> str:
        """The text of one column of incidents.csv."""
        return self.row[INCIDENT_COLUMNS.index(column)]


@dataclass(frozen=True, slots=True)
class Unread:
    """One object that was not read whole."""

    path: str
    size: int
    file_type: str
    coverage: str
    reason: str
    segments: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Totals:
    """What a scan (or several) went through. Objects are documents and members of containers.

    `unchanged` documents were not read again; `reasons` counts the objects that were not read
    whole by reason code. Bytes are of documents read.
    """

    documents: int = 0
    complete: int = 0
    partial: int = 0
    skipped: int = 0
    unchanged: int = 0
    bytes: int = 0
    seconds: float = 0.0
    reasons: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ScanStart:
    """What is known when a scan begins; `roots` are shown paths or URIs."""

    roots: tuple[str, ...] = ()
    operator: str = ""
    host: str = ""
    mode: str = "routine"  # routine, real_time, targeted
    channel: str = "disk"
    scanner_version: str = ""
    registry_version: str = ""
    index_version: str = ""
    pack_version: str = ""
    config_sha256: str = ""
    isolation: str = ""  # what confined the workers
    self_test: str = ""


@dataclass(frozen=True, slots=True)
class ScanRecord:
    """One scan, clean ones too. `state` is running, complete, stopped or failed."""

    id: str
    start: ScanStart
    started_at: str
    ended_at: str = ""
    state: str = "running"
    clock_source: str = ""
    totals: Totals = field(default_factory=Totals)
    incidents: int = 0


@dataclass(frozen=True, slots=True)
class Custody:
    """Who exported or revealed what, when and why."""

    number: int
    at: str
    who: str
    action: str
    subject: str
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """A time span in which the scanner was active, or a rule was in force.

    `ended_at` is the last time at which it was known to be active; `open` while it goes on.
    """

    kind: str  # scan, watch, gateway, rule
    text: str
    started_at: str
    ended_at: str
    open: bool
    host: str = ""
    operator: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing in a store or a report that is not as it was written.

    `place` says what kind of thing and `subject` which one ("row", "12"); `code` is what is wrong
    with it. The texts for people stand in patterns/messages/report.toml and record.toml.
    """

    place: str
    subject: str
    code: str
    values: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.place} {self.subject}: {self.code}"


class Reading(Protocol):
    """What a report may ask of the store: one selection of incidents and what goes with it."""

    def rows(self) -> Iterator[Row]:
        """The cells of each incident in the order of INCIDENT_COLUMNS, sorted, streamed."""

    def incidents(self) -> Iterator[Recorded]:
        """The same incidents whole, in the same order."""

    def unread(self) -> Iterator[Unread]:
        """The objects that were not read whole, sorted by path, streamed."""

    def totals(self) -> Totals:
        """What was gone through."""

    def scans(self) -> Iterator[ScanRecord]:
        """The scans, oldest first."""

    def custody(self) -> Iterator[Custody]:
        """The custody log."""

    def measures(self) -> Iterator[Measure]:
        """The measure log."""


Pseudonym = Callable[[str], str]
"""Gives the pseudonym of a person or account."""
