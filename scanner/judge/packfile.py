"""A law pack as it stands in its file: closed models, so that a misspelt key is an error."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from scanner.registry.fields import Day, Many, Name, Strict

Severities = Literal["low", "medium", "high", "critical"]
Filled = Annotated[str, Field(min_length=1)]
Ident = Annotated[Name, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.]*$")]


class Text(Strict):
    """A text in both languages."""

    zh: Filled
    en: Filled


class ExemptionFile(Strict):
    """A case in which nothing is flagged."""

    id: Ident
    title: Text
    route: Literal["", "legal_only"] = ""
    when: Any
    establish: Many[Ident] = ()


class TriggerFile(Strict):
    """Facts that touch a duty."""

    id: Ident
    say: Text
    level: Literal["potential", "risk", "indicator"] = "potential"
    all: Any


class ObligationFile(Strict):
    """One duty."""

    id: Ident
    title: Text
    needs: Ident
    weight: Annotated[int, Field(ge=0)]
    triggers: Annotated[Many[TriggerFile], Field(min_length=1)]
    establish: Annotated[Many[Ident], Field(min_length=1)]


class ActFile(Strict):
    """One forbidden act."""

    id: Ident
    title: Text
    any: Any


class DeriveFile(Strict):
    """A fact that is replaced where others hold."""

    set: dict[str, Any]
    when: Any


class NoteFile(Strict):
    """Something a person is asked to look at."""

    id: Ident
    title: Text
    when: Any


class PointsFile(Strict):
    """Points where a condition holds; `floor` keeps a deduction from going below it."""

    points: Annotated[int, Field(ge=0)]
    when: Any
    floor: Annotated[int, Field(ge=0)] = 0


class CapFile(Strict):
    """The highest legal severity where a condition holds."""

    cap: Severities
    when: Any


class AudienceFile(Strict):
    """Points of who has it and where it lies."""

    recipient: Annotated[dict[str, int], Field(alias="recipient.class")]
    location: Annotated[dict[str, int], Field(alias="location.class")]
    unknown: int


class SeverityFile(Strict):
    """The severity table."""

    audience: AudienceFile
    volume: Many[PointsFile]
    additions: Many[PointsFile]
    deductions: Many[PointsFile]
    bands: dict[Severities, int]
    legal: Many[CapFile]


class IdenticalFile(Strict):
    """Shares from which a document is the list itself."""

    coverage: float
    containment: float
    depth: float


class DeepFile(Strict):
    """Deep values or planted records that make few records enough."""

    deep: int
    canaries: int


class ManyFile(Strict):
    """Records that are enough without deep values, where they fill the document or the list."""

    nonpublic: int
    containment: float
    coverage: float


class SubstantialFile(Strict):
    """When a document reflects the list substantially."""

    nonpublic: int
    deep_or_canary: DeepFile
    many: ManyFile


class PartialFile(Strict):
    """When a document reflects part of the list."""

    nonpublic: int
    deep: int


class SimilarityFile(Strict):
    """The similarity thresholds."""

    identical: IdenticalFile
    substantial: SubstantialFile
    partial: PartialFile
    selection_log10p: float


class RefFile(Strict):
    """One reference to the law."""

    id: Ident
    zh: Filled
    en: Filled
    verified: bool
    only: Literal["", "confidential", "criminal_review", "director_duty", "personal"] = ""


class ArticlesFile(Strict):
    """References that hold in a period."""

    start: Annotated[Day | None, Field(alias="from")] = None
    end: Annotated[Day | None, Field(alias="to")] = None
    refs: Annotated[Many[RefFile], Field(min_length=1)]


class NotifyFile(Strict):
    """A duty to tell somebody, as a question for review."""

    ref: Text
    verified: bool
    hours: int | None = None


class PersonalFile(Strict):
    """Personal information: divisors of the ratio and duties to notify."""

    divisors: dict[Literal["A", "B", "C"], Annotated[int, Field(gt=0)]] = {}  # noqa: RUF012
    duty_factor: int = 1
    verified: bool
    notify: Many[NotifyFile] = ()


class ConditionsFile(Strict):
    """The three conditions in words."""

    secrecy: Text
    value: Text
    measures: Text


class PackFile(Strict):
    """A whole pack, after `extends` was followed."""

    pack: Ident
    pack_version: Name
    title: Text
    signed_off_by: Name | None
    verified: bool
    burden: Literal["shifts_on_prima_facie", "holder", "national"]
    compilation: Name
    audience_standard: Text
    conditions: ConditionsFile
    measures_min: Annotated[int, Field(ge=0)]
    contradiction: Literal["unproven", "note"] = "unproven"
    measures: dict[str, Text]
    sets: dict[str, Many[Name]]
    derive: Many[DeriveFile] = ()
    exemptions: Many[ExemptionFile]
    needs: dict[Ident, Any]
    obligations: Annotated[Many[ObligationFile], Field(min_length=1)]
    acts: Many[ActFile]
    ask_when_unprotected: Many[Ident]
    ask_always: Annotated[Many[Ident], Field(min_length=1)]
    similarity: SimilarityFile
    severity: SeverityFile
    article_map: Many[ArticlesFile]
    notes: Many[NoteFile] = ()
    personal: PersonalFile
    exceptions: Many[NoteText] = ()
    wording: dict[Literal["potential", "risk", "indicator", "legal_note"], Text]


class NoteText(Strict):
    """Something about this law that a reader should know."""

    zh: Filled
    en: Filled
    verified: bool


PackFile.model_rebuild()
