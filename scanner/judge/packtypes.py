"""A law pack, compiled: what the engine works with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from scanner.judge.conditions import All, AnyOf
from scanner.judge.packfile import (
    ActFile,
    ArticlesFile,
    PackFile,
    PersonalFile,
    SimilarityFile,
    Text,
)
from scanner.judge.vocabulary import Value
from scanner.model.incident import Severity
from scanner.registry.conditions import ConditionRules
from scanner.registry.fields import covers


@dataclass(frozen=True, slots=True)
class Exemption:
    """A case in which nothing is flagged."""

    id: str
    title: Text
    when: All
    route: str
    establish: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trigger:
    """Facts that touch a duty."""

    id: str
    say: Text
    level: Literal["potential", "risk", "indicator"]
    when: All


@dataclass(frozen=True, slots=True)
class Obligation:
    """One duty."""

    id: str
    title: Text
    needs: AnyOf
    weight: int
    triggers: tuple[Trigger, ...]
    establish: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Points:
    """Points where a condition holds."""

    points: int
    when: All
    floor: int = 0


@dataclass(frozen=True, slots=True)
class SeverityTable:
    """The severity table, compiled."""

    recipient: Mapping[str, int]
    location: Mapping[str, int]
    unknown: int
    volume: tuple[Points, ...]
    additions: tuple[Points, ...]
    deductions: tuple[Points, ...]
    bands: tuple[tuple[int, Severity], ...]
    legal: tuple[tuple[Severity, All], ...]


@dataclass(frozen=True, slots=True)
class Derive:
    """A fact that is replaced where others hold."""

    fact: str
    value: Value
    when: All


@dataclass(frozen=True, slots=True)
class Note:
    """Something a person is asked to look at."""

    id: str
    title: Text
    when: All


@dataclass(frozen=True)
class Pack:
    """A law pack, ready to judge."""

    id: str
    version: str
    file: PackFile = field(repr=False)
    sets: Mapping[str, frozenset[str]] = field(repr=False)
    derive: tuple[Derive, ...] = field(repr=False)
    exemptions: tuple[Exemption, ...] = field(repr=False)
    obligations: tuple[Obligation, ...] = field(repr=False)
    acts: tuple[tuple[str, AnyOf], ...] = field(repr=False)
    severity: SeverityTable = field(repr=False)
    notes: tuple[Note, ...] = field(repr=False)
    origin: str = ""

    @property
    def stamp(self) -> str:
        """Id and version as incidents carry them.

        Marked where nobody has signed the pack, and with file and hash where it is one's own.
        """
        told = [self.origin, "" if self.file.signed_off_by else "not signed off"]
        marks = ", ".join(mark for mark in told if mark)
        return f"{self.id} {self.version}" + (f" ({marks})" if marks else "")

    @property
    def similarity(self) -> SimilarityFile:
        """The similarity thresholds."""
        return self.file.similarity

    @property
    def personal(self) -> PersonalFile:
        """The figures for personal information."""
        return self.file.personal

    @property
    def rules(self) -> ConditionRules:
        """What the pack asks of the three conditions."""
        return ConditionRules(measures_min=self.file.measures_min)

    def act(self, act_id: str) -> ActFile:
        """One forbidden act."""
        return next(act for act in self.file.acts if act.id == act_id)

    def law_refs(self, day: date, topics: frozenset[str] = frozenset()) -> tuple[str, ...]:
        """References in force on `day`, those of a topic only where it is asked for.

        What was not read in the original ends in "(unverified)".
        """
        return tuple(
            ref.en if ref.verified else f"{ref.en} (unverified)"
            for articles in self._articles(day)
            for ref in articles.refs
            if not ref.only or ref.only in topics
        )

    def _articles(self, day: date) -> list[ArticlesFile]:
        return [item for item in self.file.article_map if covers(item.start, item.end, day)]
