"""YAML files that people keep under version control, read as YAML 1.2 with the line of every key.

Only plain data is read: no tags, no anchors or aliases (a small file could unfold into a huge
one), no key twice, bounded in size, depth and number of values. `yes` and `no` are text, not
true and false, and a date is text until a model reads it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from scanner.model.errors import LeakscanError

MAX_BYTES = 64 << 20
MAX_DEPTH = 40
MAX_VALUES = 8_000_000

Key = tuple[str | int, ...]

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?[0-9]{1,4000}\Z")
_OCT = re.compile(r"0o([0-7]{1,60})\Z")
_HEX = re.compile(r"0x([0-9a-fA-F]{1,60})\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,6})?\Z")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_SCALAR = yaml.ScalarEvent
_FIRST = frozenset("+-.0123456789")


def scalar(text: str) -> Any:
    """The value of a plain scalar by the core schema of YAML 1.2 (infinities stay text)."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _FIRST:
        return text
    if _INT.match(text):
        return int(text)
    if found := _OCT.match(text):
        return int(found[1], 8)
    if found := _HEX.match(text):
        return int(found[1], 16)
    return float(text) if _FLOAT.match(text) else text


@dataclass(slots=True)
class YamlFile:
    """One file's value, and on which line each key or list item stands.

    `origins` names the file of a top-level key that was taken over from another file.
    """

    name: str
    value: Any = field(repr=False)
    lines: dict[Key, int] = field(repr=False, default_factory=dict)
    origins: dict[str | int, str] = field(repr=False, default_factory=dict)

    def line(self, key: Sequence[str | int]) -> int:
        """The line of a key, or of its nearest parent that stands in the file."""
        path = tuple(key)
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def where(self, key: Sequence[str | int]) -> str:
        """File, line and key, as every message begins."""
        shown = "".join(f"[{p + 1}]" if isinstance(p, int) else f".{p}" for p in key).lstrip(".")
        name = self.origins.get(key[0], self.name) if key else self.name
        return f"{name}:{self.line(key)}: {shown or 'the file'}"

    def over(self, base: YamlFile) -> YamlFile:
        """This file laid over another: its top-level keys replace those of the base."""
        own = self.value
        lines = {key: line for key, line in base.lines.items() if key[0] not in own}
        origins = {key: base.origins.get(key, base.name) for key in base.value if key not in own}
        return YamlFile(self.name, {**base.value, **own}, {**lines, **self.lines}, origins)


def read_yaml(path: Path, error: type[LeakscanError], *, max_bytes: int = MAX_BYTES) -> YamlFile:
    """The file at `path`; raises `error` with file and line where it is no plain data."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(max_bytes + 1)
    except OSError as problem:
        raise error(f"{path}: cannot be read ({problem.strerror})") from None
    if len(raw) > max_bytes:
        raise error(f"{path}: larger than {max_bytes >> 20} MiB")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        raise error(f"{path}:{line}: not UTF-8 text: save the file as UTF-8") from None
    return parse_yaml(text, str(path), error)


def parse_yaml(text: str, name: str, error: type[LeakscanError]) -> YamlFile:
    """The value of a YAML text. Raises `error` naming `name`, the line and what is wrong."""
    reader = _Reader(name, error)
    try:
        reader.read(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line = mark.line + 1 if mark else 1
        raise error(f"{name}:{line}: not valid YAML: {problem.problem}") from None
    except (yaml.YAMLError, UnicodeError):
        raise error(f"{name}:1: not valid YAML: a character that YAML does not allow") from None
    return YamlFile(name, reader.value, reader.lines)


class _Reader:
    """Builds the value out of parser events, so that nothing unfolds before it is counted."""

    def __init__(self, name: str, error: type[LeakscanError]) -> None:
        self.name = name
        self.error = error
        self.value: Any = None
        self.lines: dict[Key, int] = {}
        self.count = 0

    def read(self, events: Iterator[Any]) -> None:
        """Consume the events of one document."""
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse(event, "a second document (---): put each in its own file")
            elif isinstance(event, yaml.NodeEvent):
                self.value = self._node(event, events, (), 0)

    def _refuse(self, event: Any, what: str) -> None:
        raise self.error(f"{self.name}:{event.start_mark.line + 1}: {what}")

    def _refuse_key(self, event: Any) -> None:
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            self._refuse(event, "anchors and aliases (& and *) are not allowed: write it out")
        self._refuse(event, "a key must be plain text")

    def _node(self, event: Any, events: Iterator[Any], path: Key, depth: int) -> Any:
        self.count += 1
        if self.count > MAX_VALUES:
            self._refuse(event, f"more than {MAX_VALUES:,} values")
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            self._refuse(event, "anchors and aliases (& and *) are not allowed: write it out")
        if event.tag is not None and event.tag != "!":
            self._refuse(event, "tags (!) are not allowed")
        if isinstance(event, yaml.ScalarEvent):
            return scalar(event.value) if event.implicit[0] else event.value
        if depth >= MAX_DEPTH:
            self._refuse(event, f"nested deeper than {MAX_DEPTH} levels")
        build: Callable[..., Any] = (
            self._mapping if isinstance(event, yaml.MappingStartEvent) else self._sequence
        )
        return build(events, path, depth + 1)

    def _sequence(self, events: Iterator[Any], path: Key, depth: int) -> list[Any]:
        items: list[Any] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            here = (*path, len(items))
            self.lines[here] = event.start_mark.line + 1
            if type(event) is _SCALAR and event.anchor is None and event.tag is None:
                items.append(self._scalar(event))
            else:
                items.append(self._node(event, events, here, depth))
        return items

    def _mapping(self, events: Iterator[Any], path: Key, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            if type(event) is not _SCALAR or event.anchor is not None or event.tag is not None:
                self._refuse_key(event)
            key = event.value
            if event.implicit[0] and key == "<<":
                self._refuse(event, "merge keys (<<) are not allowed: write it out")
            if key in found:
                self._refuse(event, f"the key {key!r} stands twice")
            here = (*path, key)
            self.lines[here] = event.start_mark.line + 1
            value = next(events)
            if type(value) is _SCALAR and value.anchor is None and value.tag is None:
                found[key] = self._scalar(value)
            else:
                found[key] = self._node(value, events, here, depth)
        return found

    def _scalar(self, event: Any) -> Any:
        """The value of a scalar without anchor or tag: nearly everything in a large file."""
        self.count += 1
        if self.count > MAX_VALUES:
            self._refuse(event, f"more than {MAX_VALUES:,} values")
        return scalar(event.value) if event.implicit[0] else event.value
