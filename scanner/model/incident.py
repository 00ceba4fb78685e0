"""An incident: a finding judged, with everything a report needs to tell of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from scanner.model.document import Document
from scanner.model.examined import Examined
from scanner.model.finding import Finding


class Severity(StrEnum):
    """Exposure and legal severity, lowest first."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to the document, as far as it is known. Empty text means unknown.

    `kind` is one of send, store, share, copy, print, publish, at_rest. `recipient_class` and
    `location_class` are values of the law engine's facts. `at` is the time of the act (for a
    document at rest: when it was seen), with a zone.
    """

    at: datetime
    kind: str = "at_rest"
    actor: str = ""
    sender: str = ""
    recipients: tuple[str, ...] = ()
    recipient_class: str = "none"
    location_class: str = ""
    collection_mode: str = "routine"  # routine, real_time, targeted


@dataclass(frozen=True, slots=True)
class ObligationState:
    """One obligation that a finding touches: state potential, risk or indicator."""

    id: str
    state: str
    triggers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the law engine says about one finding under one pack, as of the event."""

    pack: str
    trade_secret_status: str  # ts_supported, ts_unproven, ts_not_supported; "" without a dossier
    secrecy: str = ""
    value: str = ""
    measures: str = ""
    similarity: str = "incidental"
    dataset_coverage: float = 0.0
    obligations: tuple[ObligationState, ...] = ()
    acts: tuple[str, ...] = ()
    third_party: bool = False
    exemption: str = ""
    exposure: Severity = Severity.NONE
    legal: Severity = Severity.NONE
    facts_to_establish: tuple[str, ...] = ()
    law_refs: tuple[str, ...] = ()
    pi_persons: int = 0
    pi_categories: tuple[str, ...] = ()
    pi_ratio: float = 0.0
    disposition: str = "logged"  # logged, warned, held, blocked
    facts: tuple[tuple[str, str], ...] = ()  # the facts it rests on, for `explain`

    @property
    def reportable(self) -> bool:
        """False where it is recorded as an event only: incidental, or covered by an exemption."""
        return self.similarity != "incidental" and not self.exemption


@dataclass(frozen=True, slots=True)
class Incident:
    """One finding in one document, judged."""

    document: Document
    examined: Examined
    finding: Finding = field(repr=False)
    event: Event
    judgement: Judgement
    dataset_title: str = ""
    dataset_owner: str = ""
    registry_version: str = ""
    config_sha256: str = ""
    operator: str = ""
    host: str = ""
