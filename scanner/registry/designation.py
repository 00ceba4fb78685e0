"""A dataset's entry in the registry, and its standing under the three conditions at one time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from scanner.model.rule import DatasetSpec
from scanner.registry.dossier import Dossier
from scanner.registry.organisation import Organisation
from scanner.registry.publicity import Publicity

MET, NOT_MET, UNPROVEN = "met", "not_met", "unproven"
SUPPORTED, UNSUPPORTED, OPEN = "ts_supported", "ts_not_supported", "ts_unproven"


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """Where a dataset was read from: the file's name as shown, SHA-256, bytes and rows."""

    name: str = ""
    sha256: str = ""
    size: int = 0
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of a dataset or public directory in the registry.

    `form` is table, document or public. `valid_from` and `valid_to` are days, None where open.
    For a public directory `public_source` and `as_of` say what it is and of which edition.
    """

    id: str
    form: str
    title: str
    spec: DatasetSpec
    records: int
    source: SourceFigures
    dossier: Dossier | None = None
    publicity: Publicity | None = None
    public_source: str = ""
    as_of: date | None = None
    version: int = 1
    valid_from: date | None = None
    valid_to: date | None = None
    recorded_at: str = ""
    recorded_by: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: met, not_met or unproven, by which method, why (codes), what is missing."""

    status: str
    method: str = ""
    proposal: str = ""
    assessor: str = ""
    reasons: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assessment:
    """The three conditions as of one day.

    `in_place` are the codes of the measures in force, `strength` is "", basic or strong.
    `confidential` is None where no basis is recorded. `stale` are codes of overdue reviews.
    `made_after_event` are evidence ids recorded after the day.
    """

    as_of: date
    secrecy: Condition
    value: Condition
    measures: Condition
    in_place: tuple[str, ...] = ()
    strength: str = ""
    confidential: bool | None = None
    confidential_basis: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    made_after_event: tuple[str, ...] = ()
    publicity: Publicity | None = None

    @property
    def status(self) -> str:
        """Whether the three conditions together support a trade secret."""
        return status_of(self.secrecy.status, self.value.status, self.measures.status)

    @property
    def missing(self) -> tuple[str, ...]:
        """Codes of everything that is missing, over the three conditions."""
        return self.secrecy.missing + self.value.missing + self.measures.missing


def status_of(secrecy: str, value: str, measures: str) -> str:
    """ts_not_supported where any is not met, ts_supported where all are, else ts_unproven."""
    states = (secrecy, value, measures)
    if NOT_MET in states:
        return UNSUPPORTED
    return SUPPORTED if all(state == MET for state in states) else OPEN


@dataclass(frozen=True, slots=True)
class Designation:
    """What the judge needs of one dataset, as of the event: its entry and the organisation.

    `memo` keeps assessments that were worked out already (scanner.registry.conditions.standing).
    """

    entry: Entry
    organisation: Organisation = field(default_factory=Organisation)
    memo: dict[object, Assessment] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def id(self) -> str:
        """The dataset's id."""
        return self.entry.id

    @property
    def title(self) -> str:
        """The dataset's title."""
        return self.entry.title

    @property
    def owner(self) -> str:
        """Who answers for the dataset: the third party that owns it, else the business owner."""
        dossier = self.entry.dossier
        if dossier is None:
            return ""
        return dossier.owner_party or dossier.business_owner
