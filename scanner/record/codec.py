"""An incident as JSON and back: everything in it except the record numbers, which lie apart."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import types
import typing
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any

from scanner.model.incident import Incident

_SCALARS = frozenset({str, int, float, bool, type(None)})
_APART = ("record_ids", "nonpublic_ids")


def _plain(value: Any) -> Any:
    if type(value) in _SCALARS:
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(getattr(value, name)) for name in _types(type(value))}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


@cache
def _types(cls: type) -> dict[str, Any]:
    return {field.name: typing.get_type_hints(cls)[field.name] for field in dataclasses.fields(cls)}


@cache
def _builder(hint: Any) -> Callable[[Any], Any]:
    """What makes a value of that type from its JSON."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        some = _builder(next(arg for arg in typing.get_args(hint) if arg is not type(None)))
        return lambda value: None if value is None else some(value)
    if origin is tuple:
        return _tuple_builder(typing.get_args(hint))
    if dataclasses.is_dataclass(hint):
        made = typing.cast("Callable[..., Any]", hint)
        fields = {name: _builder(kind) for name, kind in _types(typing.cast("type", hint)).items()}
        return lambda value: made(**{name: fields[name](item) for name, item in value.items()})
    if hint is datetime:
        return datetime.fromisoformat
    if hint is bytes:
        return bytes.fromhex
    return typing.cast("Callable[[Any], Any]", hint)


def _tuple_builder(args: tuple[Any, ...]) -> Callable[[Any], Any]:
    parts = [_builder(arg) for arg in args if arg is not Ellipsis]
    if args[-1] is Ellipsis:
        return lambda value: tuple(map(parts[0], value))
    return lambda value: tuple(part(item) for part, item in zip(parts, value, strict=True))


def encode(incident: Incident) -> str:
    """The incident as JSON in ASCII; record numbers are replaced by their SHA-256.

    The object's own findings are left out: each of them is an incident of its own.
    """
    examined = dataclasses.replace(incident.examined, findings=())
    body = _plain(dataclasses.replace(incident, examined=examined))
    for name in _APART:
        packed: bytes = getattr(incident.finding, name)
        body["finding"][name] = hashlib.sha256(packed).hexdigest() if packed else ""
    return json.dumps(body, sort_keys=True, separators=(",", ":"))


def decode(body: dict[str, Any], matched: bytes = b"", nonpublic: bytes = b"") -> Incident:
    """The incident of a JSON body, its record numbers put back.

    Fields of the body that this version does not know are left out.
    """
    finding = {**body["finding"], "record_ids": matched.hex(), "nonpublic_ids": nonpublic.hex()}
    return typing.cast("Incident", _builder(Incident)(_known({**body, "finding": finding})))


def _known(body: dict[str, Any]) -> dict[str, Any]:
    hints = _types(Incident)
    kept = {name: value for name, value in body.items() if name in hints}
    for name, value in kept.items():
        if dataclasses.is_dataclass(hints[name]) and isinstance(value, dict):
            inner = _types(hints[name])
            kept[name] = {key: item for key, item in value.items() if key in inner}
    return kept
