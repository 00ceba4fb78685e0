"""The word lists of patterns/lexicon, read once when first needed."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

from scanner.model.rule import FieldKind, Role
from scanner.resources import patterns_dir


@cache
def _table(name: str) -> dict[str, object]:
    path = patterns_dir() / "lexicon" / f"{name}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def words(table: str, key: str) -> frozenset[str]:
    """The words of one list; `_` inside a word stands for a blank."""
    text = _table(table)[key]
    assert isinstance(text, str)
    return frozenset(word.replace("_", " ") for word in text.split())


@cache
def characters(table: str, key: str) -> str:
    """The single characters of one list, as one text."""
    text = _table(table)[key]
    assert isinstance(text, str)
    return "".join(text.split())


@dataclass(frozen=True, slots=True)
class Concept:
    """What a header word says about its column."""

    name: str
    kind: FieldKind
    role: Role
    indexed: bool
    pi: str
    zh: tuple[str, ...]
    en: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """A class of words that say what a table, or a file, is about."""

    zh: tuple[str, ...]
    en: tuple[str, ...]


def _zh(text: str) -> tuple[str, ...]:
    return tuple(word.casefold() for word in text.split())


def _en(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


@cache
def concepts() -> dict[str, Concept]:
    """The header concepts by name."""
    table = _table("headers")["concepts"]
    assert isinstance(table, dict)
    return {
        name: Concept(
            name=name,
            kind=FieldKind(entry["kind"]),
            role=Role(entry["role"]),
            indexed=entry.get("index", "yes") == "yes",
            pi=entry.get("pi", ""),
            zh=_zh(entry["zh"]),
            en=_en(entry["en"]),
        )
        for name, entry in table.items()
    }


@cache
def word_classes(section: str) -> dict[str, Words]:
    """The word classes of a section of headers.toml: "flags" (headers) or "titles" (names)."""
    table = _table("headers")[section]
    assert isinstance(table, dict)
    return {name: Words(_zh(entry["zh"]), _en(entry["en"])) for name, entry in table.items()}
