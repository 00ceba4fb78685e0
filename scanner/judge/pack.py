"""Law packs loaded, checked and compiled. A wrong pack is refused whole, with file and line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from scanner.judge.conditions import All, AnyOf, ConditionProblem, compile_all, compile_any
from scanner.judge.packfile import (
    ActFile,
    ArticlesFile,
    PackFile,
    PersonalFile,
    SimilarityFile,
    Text,
)
from scanner.judge.vocabulary import ALL, FACTS, Value
from scanner.messages import message
from scanner.model.errors import PackError
from scanner.model.incident import Severity
from scanner.registry.conditions import ConditionRules
from scanner.registry.fields import covers, fail
from scanner.registry.yamlfile import YamlFile, read_yaml
from scanner.resources import patterns_dir

MAX_PACK_BYTES = 1 << 20


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
    level: str
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

    @property
    def stamp(self) -> str:
        """Id and version as incidents carry them, marked where nobody has signed the pack."""
        signed = "" if self.file.signed_off_by else " (not signed off)"
        return f"{self.id} {self.version}{signed}"

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


def pack_ids(folder: Path | None = None) -> list[str]:
    """The ids of the packs that there are."""
    return sorted(path.stem for path in (folder or patterns_dir() / "law").glob("*.yaml"))


def load_pack(pack_id: str, folder: Path | None = None) -> Pack:
    """The pack with this id. Raises PackError naming file, line and key."""
    folder = folder or patterns_dir() / "law"
    known = pack_ids(folder)
    if pack_id not in known:
        raise PackError(f"there is no law pack {pack_id!r}: there are {', '.join(known)}")
    return load_pack_file(folder / f"{pack_id}.yaml")


@cache
def _cached(path: Path, stamp: tuple[int, int]) -> Pack:
    return load_pack_file(path)


def open_pack(pack_id: str) -> Pack:
    """The pack that comes with the program, compiled once in a process."""
    path = patterns_dir() / "law" / f"{pack_id}.yaml"
    if not path.exists():
        return load_pack(pack_id)
    found = path.stat()
    return _cached(path, (found.st_mtime_ns, found.st_size))


def load_pack_file(path: Path) -> Pack:
    """The pack in a file, with what it extends. Raises PackError naming file, line and key."""
    merged, source = _extended(path, ())
    try:
        file = PackFile.model_validate(merged)
    except ValidationError as error:
        raise fail(error, source, kind=PackError) from None
    if file.pack != path.stem:
        raise PackError(f"{source.where(('pack',))}: the pack {file.pack!r} is named like no file")
    return _Compiler(file, source).pack()


def _extended(path: Path, seen: tuple[str, ...]) -> tuple[dict[str, Any], YamlFile]:
    source = read_yaml(path, PackError, max_bytes=MAX_PACK_BYTES)
    if not isinstance(source.value, dict):
        raise PackError(f"{source.name}:1: a pack is a list of keys")
    value = dict(source.value)
    parent = value.pop("extends", None)
    if parent is None:
        return value, source
    where = source.where(("extends",))
    chain = (*seen, path.stem)
    if not isinstance(parent, str) or not (path.parent / f"{parent}.yaml").exists():
        raise PackError(f"{where}: there is no pack {parent!r}")
    if parent in chain:
        raise PackError(f"{where}: goes round in a circle: {' -> '.join((*chain, parent))}")
    base, base_source = _extended(path.parent / f"{parent}.yaml", chain)
    lines = {**base_source.lines, **source.lines}
    return {**base, **value}, YamlFile(source.name, source.value, lines)


T = TypeVar("T")


class _Compiler:
    """Turns a pack file into a pack; knows where everything stands for its messages."""

    def __init__(self, file: PackFile, source: YamlFile) -> None:
        self.file = file
        self.source = source
        self.sets = self._sets()

    def pack(self) -> Pack:
        file = self.file
        self._unique()
        self._questions()
        return Pack(
            id=file.pack,
            version=file.pack_version,
            file=file,
            sets=self.sets,
            derive=self._derive(),
            exemptions=tuple(
                Exemption(
                    item.id,
                    item.title,
                    self._all(item.when, "exemptions", n, "when"),
                    item.route,
                    item.establish,
                )
                for n, item in enumerate(file.exemptions)
            ),
            obligations=self._obligations(),
            acts=tuple(
                (act.id, self._any(act.any, "acts", n, "any")) for n, act in enumerate(file.acts)
            ),
            severity=self._severity(),
            notes=tuple(
                Note(note.id, note.title, self._all(note.when, "notes", n, "when"))
                for n, note in enumerate(file.notes)
            ),
        )

    def _refuse(self, path: Sequence[str | int], what: str) -> PackError:
        return PackError(f"{self.source.where(tuple(path))}: {what}")

    def _compile(
        self, how: Callable[[object, Mapping[str, frozenset[str]]], T], raw: object,
        path: Sequence[str | int],
    ) -> T:  # fmt: skip
        try:
            return how(raw, self.sets)
        except ConditionProblem as problem:
            raise self._refuse((*path, *problem.path), str(problem)) from None

    def _all(self, raw: object, *path: str | int) -> All:
        return self._compile(compile_all, raw, path)

    def _any(self, raw: object, *path: str | int) -> AnyOf:
        return self._compile(compile_any, raw, path)

    def _sets(self) -> dict[str, frozenset[str]]:
        done: dict[str, frozenset[str]] = {}

        def members(name: str, seen: tuple[str, ...]) -> frozenset[str]:
            if name in done:
                return done[name]
            if name in seen:
                round_ = " -> ".join((*seen, name))
                raise self._refuse(("sets", seen[-1]), f"goes round in a circle: {round_}")
            if name not in self.file.sets:
                raise self._refuse(("sets", seen[-1]), f"there is no set {name!r}")
            found: set[str] = set()
            for item in self.file.sets[name]:
                found |= members(item[1:], (*seen, name)) if item[0] == "@" else {item}
            return frozenset(found)

        for name in self.file.sets:
            done[name] = members(name, ())
        return done

    def _unique(self) -> None:
        seen: set[str] = set()
        places: list[tuple[tuple[str | int, ...], str]] = []
        for key in ("exemptions", "obligations", "acts", "notes"):
            for number, item in enumerate(getattr(self.file, key)):
                places.append(((key, number, "id"), item.id))
                triggers = getattr(item, "triggers", ())
                places += [
                    ((key, number, "triggers", n, "id"), trigger.id)
                    for n, trigger in enumerate(triggers)
                ]
        for path, name in places:
            if name in seen:
                raise self._refuse(path, f"the id {name!r} stands twice")
            seen.add(name)

    def _questions(self) -> None:
        file = self.file
        asked: list[tuple[tuple[str | int, ...], str]] = []
        for key in ("exemptions", "obligations"):
            for number, item in enumerate(getattr(file, key)):
                asked += [((key, number, "establish", n), c) for n, c in enumerate(item.establish)]
        for key in ("ask_always", "ask_when_unprotected"):
            asked += [((key, n), code) for n, code in enumerate(getattr(file, key))]
        for path, code in asked:
            try:
                message("judge", f"establish.{code}", "en")
            except KeyError:
                raise self._refuse(
                    path, f"there is no text establish.{code} in patterns/messages/judge.toml"
                ) from None

    def _derive(self) -> tuple[Derive, ...]:
        found = []
        for number, item in enumerate(self.file.derive):
            when = self._all(item.when, "derive", number, "when")
            for fact, value in item.set.items():
                path = ("derive", number, "set", fact)
                if fact not in FACTS:
                    raise self._refuse(path, f"there is no fact {fact!r}")
                if problem := FACTS[fact].problem(value):
                    raise self._refuse(path, problem)
                found.append(Derive(fact, value, when))
        return tuple(found)

    def _obligations(self) -> tuple[Obligation, ...]:
        needs = {name: self._any(raw, "needs", name) for name, raw in self.file.needs.items()}
        found = []
        for number, item in enumerate(self.file.obligations):
            if item.needs not in needs:
                raise self._refuse(
                    ("obligations", number, "needs"), f"there is no such need {item.needs!r}"
                )
            triggers = tuple(
                Trigger(
                    one.id,
                    one.say,
                    one.level,
                    self._all(one.all, "obligations", number, "triggers", n, "all"),
                )
                for n, one in enumerate(item.triggers)
            )
            found.append(
                Obligation(
                    item.id, item.title, needs[item.needs], item.weight, triggers, item.establish
                )
            )
        return tuple(found)

    def _severity(self) -> SeverityTable:
        table = self.file.severity
        for key, given in (
            ("recipient.class", table.audience.recipient),
            ("location.class", table.audience.location),
        ):
            if set(given) != set(ALL[key].values):
                odd = min(set(given) ^ set(ALL[key].values))
                raise self._refuse(
                    ("severity", "audience", key), f"must give each class points, not {odd!r}"
                )
        bands = tuple(
            sorted(((points, Severity(name)) for name, points in table.bands.items()), reverse=True)
        )
        return SeverityTable(
            recipient=dict(table.audience.recipient),
            location=dict(table.audience.location),
            unknown=table.audience.unknown,
            volume=self._points("volume"),
            additions=self._points("additions"),
            deductions=self._points("deductions"),
            bands=bands,
            legal=tuple(
                (Severity(cap.cap), self._all(cap.when, "severity", "legal", n, "when"))
                for n, cap in enumerate(table.legal)
            ),
        )

    def _points(self, key: str) -> tuple[Points, ...]:
        return tuple(
            Points(item.points, self._all(item.when, "severity", key, n, "when"), item.floor)
            for n, item in enumerate(getattr(self.file.severity, key))
        )
