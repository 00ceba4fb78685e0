"""A pack file checked and compiled. Every mistake is told with file, line and key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from scanner.judge.conditions import All, AnyOf, ConditionProblem, compile_all, compile_any
from scanner.judge.packfile import PackFile
from scanner.judge.packtypes import (
    Derive,
    Exemption,
    Note,
    Obligation,
    Pack,
    Points,
    SeverityTable,
    Trigger,
)
from scanner.judge.vocabulary import ALL, FACTS
from scanner.messages import message
from scanner.model.errors import PackError
from scanner.model.incident import Severity
from scanner.registry.yamlfile import YamlFile

T = TypeVar("T")


class Compiler:
    """Turns a pack file into a pack; knows where everything stands for its messages."""

    def __init__(self, file: PackFile, source: YamlFile) -> None:
        self.file = file
        self.source = source
        self.sets = self._sets()

    def pack(self) -> Pack:
        """The pack. Raises PackError."""
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
