"""The dossier of one dataset: what the company says about it, with evidence, as a checked file."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from scanner.model.errors import DossierError
from scanner.model.rule import FieldKind, RecordRule, Role
from scanner.registry.fields import Day, Many, Name, Names, Strict, covers, fail, one_or_many
from scanner.registry.yamlfile import YamlFile, read_yaml

MAX_DOSSIER_BYTES = 1 << 20

Status = Literal["met", "not_met", "unproven"]
Pi = Literal["none", "C", "B", "A", "sensitive"]
MeasureCode = Literal["M1", "M2", "M3", "M4", "M5", "M6", "M7"]


class ColumnNote(Strict):
    """What the dossier says about a column; what it leaves out stays as measured."""

    name: Name
    kind: Annotated[FieldKind, Field(strict=False)] | None = None
    role: Annotated[Role, Field(strict=False)] | None = None
    indexed: bool | None = None
    strong: bool | None = None
    claimed: bool | None = None
    pi: Annotated[Pi | None, Field(alias="pi_category")] = None


class MatchNote(Strict):
    """When matched fields make a record (scanner.model.rule.RecordRule)."""

    minimum_fields: Annotated[int, Field(ge=1, le=64)] = 2
    radius_tokens: Annotated[int, Field(ge=1, le=2000)] = 35
    minimum_records: Annotated[int, Field(ge=1)] = 1
    mandatory: Names = ()
    never: Many[Names] = ()

    def rule(self) -> RecordRule:
        """The same as the index takes it."""
        return RecordRule(
            minimum_fields=self.minimum_fields,
            radius_tokens=self.radius_tokens,
            minimum_records=self.minimum_records,
            mandatory=tuple(self.mandatory),
            never=tuple(frozenset(columns) for columns in self.never),
        )


class Evidence(Strict):
    """One piece of evidence."""

    id: Name
    kind: Literal[
        "agreement", "rule", "acknowledgement", "training", "acl_snapshot", "marking",
        "encryption", "dlp_rule", "exit_record", "cost", "revenue", "valuation",
        "competitive_use", "collection_record", "publicity_report", "notarial", "timestamp", "log",
    ]  # fmt: skip
    supports: Names = ()
    made_at: Day | None = None
    period: str = ""
    custodian: str = ""
    place: str = ""
    sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    seal: Literal["none", "tsa", "notary", "chain"] = "none"
    note: str = ""


class Measure(Strict):
    """One confidentiality measure of the checklist M1 to M7."""

    code: MeasureCode
    text: str = ""
    scope: Literal["general", "class", "dataset"] = "general"
    persons: Names = ()
    start: Day | None = None
    end: Day | None = None
    evidence: Names = ()
    observed: Literal["confirmed", "contradicted", "not_observable"] | None = None
    last_check: Day | None = None


class Review(Strict):
    """What a person says about one condition. Only a named person may say that it is met."""

    status: Status = "unproven"
    method: Literal["measured", "declared", "reviewed"] | None = None
    proposal: Literal["proposed_met", "unproven", "not_met"] | None = None
    source: Names = ()
    evidence: Names = ()
    assessor: Name | None = None
    as_of: Day | None = None
    since: Day | None = None
    reason: str = ""
    next_review: Day | None = None

    @model_validator(mode="after")
    def _signed(self) -> Self:
        if self.status != "unproven" and not self.assessor:
            raise ValueError(
                f"only a named person can say {self.status!r}: name the assessor, "
                "or leave it 'unproven'"
            )
        return self


class Conditions(Strict):
    """The three conditions as the company states them. No measure list means not recorded."""

    secrecy: Review = Review()
    value: Review = Review()
    measures: Many[Measure] | None = None


class Basis(Strict):
    """Why people must keep the dataset confidential, whatever its status as a secret."""

    kind: Literal["rule", "contract", "promise", "law"]
    ref: Name = ""
    start: Annotated[Day | None, Field(alias="from")] = None
    end: Annotated[Day | None, Field(alias="to")] = None


def _basis(value: Any) -> Any:
    value = one_or_many(value)
    if isinstance(value, list):
        return [{"kind": item} if isinstance(item, str) else item for item in value]
    return value


class Authorised(Strict):
    """Who may do what with the dataset."""

    role: Name | None = None
    person: Name | None = None
    party: Name | None = None
    domain: Name | None = None
    address: Name | None = None
    actions: Names = ()
    purpose: str = ""
    channels: Names = ()
    places: Names = ()
    fields: Names = ()
    max_records: Annotated[int, Field(ge=0)] | None = None
    start: Annotated[Day | None, Field(alias="from")] = None
    end: Annotated[Day | None, Field(alias="to")] = None
    approver: Name = ""
    ticket: Name = ""
    conditions: str = ""


def _columns(value: Any) -> Any:
    if isinstance(value, dict):
        return [{"name": name, **(note or {})} for name, note in value.items()]
    return value


class Dossier(Strict):
    """What is known of one dataset. Only the title must be given; the rest is unproven."""

    title: Annotated[Name, Field(min_length=1)]
    id: Name | None = None
    category: Name = "customer_list"
    secret_points: str = ""
    claim_kind: Literal["records", "selection", "both"] = "records"
    level: Literal["core", "ordinary", "internal"] | None = None
    owner_kind: Literal["own", "third_party", "joint"] | None = None
    owner_party: Name = ""
    rights_basis: Literal["owner", "exclusive", "sole", "ordinary"] | None = None
    promise_agreement: Name = ""
    confidential_basis: Annotated[Many[Basis] | None, BeforeValidator(_basis)] = None
    columns: Annotated[Many[ColumnNote], BeforeValidator(_columns), Field(alias="fields")] = ()
    match: MatchNote | None = None
    conditions: Conditions = Conditions()
    evidence: Many[Evidence] = ()
    approved_locations: Names = ()
    authorised: Many[Authorised] = ()
    canary_ids: Many[Annotated[int, Field(ge=0)]] = ()
    public_sources: Names = ()
    business_owner: Name = ""
    designated_by: Name = ""
    designated_at: Day | None = None
    published_at: Day | None = None
    released_at: Day | None = None
    released_reason: str = ""
    review_due: Day | None = None
    retention_until: Day | None = None
    legal_hold: bool = False
    record_count: Annotated[int, Field(ge=0)] | None = None
    snapshot_sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    snapshot_at: Day | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        names = [note.name for note in self.columns]
        if double := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"the column {double!r} is described twice")
        if self.released_at and not self.released_reason:
            raise ValueError("released_at needs released_reason")
        return self

    def column(self, name: str) -> ColumnNote | None:
        """The note on a column, None where the dossier says nothing of it."""
        return next((note for note in self.columns if note.name == name), None)

    def item(self, evidence_id: str) -> Evidence | None:
        """The piece of evidence with this id, None where it is named but not described."""
        return next((item for item in self.evidence if item.id == evidence_id), None)


def load_dossier(path: Path, *, today: date | None = None) -> Dossier:
    """The dossier in a file, flat or below one key `dataset`.

    Raises DossierError naming file, line and key. `today` is for evidence dated in the future.
    """
    source = read_yaml(path, DossierError, max_bytes=MAX_DOSSIER_BYTES)
    return dossier_from(source, today=today)


def dossier_from(source: YamlFile, *, today: date | None = None) -> Dossier:
    """The dossier in a YAML value that was read; see load_dossier."""
    value, prefix = source.value, ()
    if not isinstance(value, dict):
        raise DossierError(f"{source.name}:1: a dossier is a list of keys, at least `title: …`")
    inner: tuple[str, ...] = prefix
    if "dataset" in value:
        inner = ("dataset",)
        if extra := next((key for key in value if key != "dataset"), None):
            raise DossierError(f"{source.where((extra,))}: there is no such key beside `dataset`")
        value = value["dataset"]
        if not isinstance(value, dict):
            raise DossierError(f"{source.where(inner)}: must be a list of keys")
    if "columns" in value and "fields" in value:
        raise DossierError(f"{source.where((*inner, 'fields'))}: give `columns` or `fields`")
    try:
        dossier = Dossier.model_validate(value)
    except ValidationError as error:
        raise fail(error, source, inner) from None
    _check_dates(dossier, source, inner, today or date.today())
    return dossier


def _check_dates(dossier: Dossier, source: YamlFile, inner: tuple[str, ...], today: date) -> None:
    for number, item in enumerate(dossier.evidence):
        if item.made_at and item.made_at > today:
            where = source.where((*inner, "evidence", number, "made_at"))
            raise DossierError(f"{where}: evidence cannot be dated in the future")
    seen: set[str] = set()
    for number, item in enumerate(dossier.evidence):
        if item.id in seen:
            where = source.where((*inner, "evidence", number, "id"))
            raise DossierError(f"{where}: the id {item.id!r} stands twice")
        seen.add(item.id)
    for number, measure in enumerate(dossier.conditions.measures or ()):
        if measure.start and measure.end and measure.end < measure.start:
            where = source.where((*inner, "conditions", "measures", number, "end"))
            raise DossierError(f"{where}: ends before it starts")
    for number, basis in enumerate(dossier.confidential_basis or ()):
        if basis.start and basis.end and not covers(basis.start, None, basis.end):
            where = source.where((*inner, "confidential_basis", number, "to"))
            raise DossierError(f"{where}: ends before it starts")
