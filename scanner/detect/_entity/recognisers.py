"""Recognisers read from TOML files into Presidio, checked by their own examples.

One file holds one recogniser, or several as [[recogniser]] tables:

    type = "PHONE_NUMBER"           Presidio's name of the entity, or one of our own
    name = "cn_mobile"
    validator = "plausible_phone"   optional, one of scanner.detect._entity.validators
    [context] zh = "...", en = "...; ..."
    [[pattern]] name, regex, score
    [examples] positive = ["with the «value» marked"], negative = [...]
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scanner.detect._entity.validators import VALIDATORS
from scanner.model.errors import PackError
from scanner.resources import patterns_dir

_NOT_RECOGNISERS = frozenset({"law", "lexicon", "messages"})
_KEYS = frozenset({"type", "name", "validator", "context", "pattern", "examples"})
_PATTERN_KEYS = frozenset({"name", "regex", "score"})
_TYPE = re.compile(r"[A-Z][A-Z0-9_]{1,39}")


@dataclass(frozen=True, slots=True)
class PatternSpec:
    """One expression and the score of its matches before validation and context."""

    name: str
    regex: str
    score: float


@dataclass(frozen=True, slots=True)
class RecogniserSpec:
    """One recogniser as its file tells it."""

    type: str
    name: str
    validator: str
    context: tuple[str, ...]
    patterns: tuple[PatternSpec, ...]
    positive: tuple[str, ...] = field(repr=False)
    negative: tuple[str, ...] = field(repr=False)
    file: Path = Path()


def built_in_files() -> list[Path]:
    """The recogniser files that come with the program, by folder and name."""
    return sorted(
        file
        for folder in patterns_dir().iterdir()
        if folder.is_dir() and folder.name not in _NOT_RECOGNISERS
        for file in folder.glob("*.toml")
    )


def read_specs(files: Iterable[Path]) -> list[RecogniserSpec]:
    """The recognisers of the files. Raises PackError naming file, line and key."""
    specs = [spec for file in files for spec in _read(file)]
    seen: dict[str, Path] = {}
    for spec in specs:
        if spec.name in seen:
            raise PackError(
                f"{spec.file}: the name {spec.name!r} is taken already by {seen[spec.name]}"
            )
        seen[spec.name] = spec.file
    return specs


def _read(file: Path) -> Iterator[RecogniserSpec]:
    try:
        text = file.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise PackError(f"{file}: {error}") from None
    entries = table.pop("recogniser", None)
    if entries is None:
        entries = [table]
    elif table:
        raise PackError(f"{file}: {min(table)!r} stands beside [[recogniser]]")
    for entry in entries:
        yield _spec(file, text, entry)


def line_of(text: str, value: str) -> int:
    """The line, from 1, on which a value of a file stands, 1 where it is not found."""
    place = text.find(f'"{value}"')
    place = text.find(value) if place < 0 else place
    return text.count("\n", 0, place) + 1 if place >= 0 else 1


def _spec(file: Path, text: str, entry: dict[str, Any]) -> RecogniserSpec:
    def wrong(key: str, what: str, value: str = "") -> PackError:
        return PackError(f"{file} line {line_of(text, value or key)}: {key}: {what}")

    if unknown := set(entry) - _KEYS:
        raise wrong(min(unknown), "there is no such key")
    for key in ("type", "name", "pattern"):
        if not entry.get(key):
            raise wrong(key, "is missing")
    if not _TYPE.fullmatch(str(entry["type"])):
        raise wrong("type", "must be capital letters, digits and _", str(entry["type"]))
    validator = entry.get("validator", "")
    if validator and validator not in VALIDATORS:
        known = ", ".join(sorted(VALIDATORS))
        raise wrong("validator", f"there is no {validator!r}; there are {known}", validator)
    patterns = []
    for one in entry["pattern"]:
        if set(one) != _PATTERN_KEYS:
            raise wrong("pattern", "needs name, regex and score, nothing else")
        if not isinstance(one["score"], int | float) or not 0 <= one["score"] <= 1:
            raise wrong("score", "must be between 0 and 1", one["regex"][:40])
        patterns.append(PatternSpec(str(one["name"]), str(one["regex"]), float(one["score"])))
    context = entry.get("context", {})
    examples = entry.get("examples", {})
    if not isinstance(examples.get("positive"), list) or not examples["positive"]:
        raise wrong("examples", "at least one positive example is needed")
    words = [*str(context.get("zh", "")).split(), *_phrases(str(context.get("en", "")))]
    return RecogniserSpec(
        type=entry["type"],
        name=entry["name"],
        validator=validator,
        context=tuple(word.casefold() for word in words),
        patterns=tuple(patterns),
        positive=tuple(map(str, examples["positive"])),
        negative=tuple(map(str, examples.get("negative", []))),
        file=file,
    )


def _phrases(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]
