"""Dataclasses of the model as JSON values and back, checked against their types.

What comes out of a worker is not trusted: a worker that a hostile document took over must not be
able to do more than to lie about that document. So nothing here executes what it decodes; every
value is checked against the type its field declares, and a wrong one raises Malformed.
"""

from __future__ import annotations

import binascii
import math
from base64 import b64encode
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
Step = Callable[[Any], Any]


class Malformed(ValueError):
    """A message that is not what its type says; carries no content."""


def pack(value: Any) -> Any:
    """A dataclass of the model as a list of JSON values, in the order of its fields."""
    return _PACKERS(type(value))(value)


def unpack(kind: type[T], value: Any) -> T:
    """The dataclass of type `kind` that `pack` made `value` of. Raises Malformed."""
    try:
        made: T = _UNPACKERS(kind)(value)
    except Malformed:
        raise
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise Malformed(type(error).__name__) from None
    return made


def _same(value: Any) -> Any:
    return value


def _finite(value: Any) -> float:
    return float(value) if math.isfinite(value) else 0.0


def _moment(value: datetime) -> str:
    return value.isoformat()


@cache
def _packer(kind: Any) -> Step:
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        steps = [(field.name, _packer(hints[field.name])) for field in fields(kind)]
        return lambda value: [step(getattr(value, name)) for name, step in steps]
    if kind is bytes:
        return lambda value: b64encode(value).decode("ascii")
    if kind is float:
        return _finite
    if kind is datetime:
        return _moment
    origin = get_origin(kind)
    if origin is tuple:
        return _tuple_packer(get_args(kind))
    if origin in (Union, UnionType):
        inner = _packer(_optional(kind))
        return lambda value: None if value is None else inner(value)
    return _same  # str, int, bool and StrEnum are JSON values already


def _tuple_packer(args: tuple[Any, ...]) -> Step:
    if args[-1] is Ellipsis:
        each = _packer(args[0])
        return lambda value: [each(one) for one in value]
    steps = [_packer(arg) for arg in args]
    return lambda value: [step(one) for step, one in zip(steps, value, strict=True)]


def _optional(kind: Any) -> Any:
    """The X of `X | None`."""
    args = [arg for arg in get_args(kind) if arg is not NoneType]
    if len(args) != 1:
        raise TypeError(f"no codec for {kind}")
    return args[0]


def _exactly(kind: type) -> Step:
    def check(value: Any) -> Any:
        if type(value) is not kind:
            raise Malformed(f"{type(value).__name__} for {kind.__name__}")
        return value

    return check


def _number(value: Any) -> float:
    if type(value) not in (float, int) or not math.isfinite(value):
        raise Malformed("no finite number")
    return float(value)


def _bytes(value: Any) -> bytes:
    return binascii.a2b_base64(_exactly(str)(value), strict_mode=True)


@cache
def _unpacker(kind: Any) -> Step:
    if is_dataclass(kind):
        return _class_unpacker(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        values = {member.value: member for member in kind}

        def member(value: Any) -> Any:
            if type(value) is not str or value not in values:
                raise Malformed(f"no {kind.__name__}")
            return values[value]

        return member
    simple: dict[Any, Step] = {
        str: _exactly(str),
        int: _exactly(int),
        bool: _exactly(bool),
        float: _number,
        bytes: _bytes,
        datetime: lambda value: datetime.fromisoformat(_exactly(str)(value)),
    }
    if kind in simple:
        return simple[kind]
    origin = get_origin(kind)
    if origin is tuple:
        return _tuple_unpacker(get_args(kind))
    if origin in (Union, UnionType):
        inner = _unpacker(_optional(kind))
        return lambda value: None if value is None else inner(value)
    raise TypeError(f"no codec for {kind}")


def _class_unpacker(kind: Any) -> Step:
    hints = get_type_hints(kind)
    steps = [_unpacker(hints[field.name]) for field in fields(kind)]
    is_list = _exactly(list)

    def build(value: Any) -> Any:
        if len(is_list(value)) != len(steps):
            raise Malformed(f"{len(value)} fields for {kind.__name__}")
        return kind(*(step(one) for step, one in zip(steps, value, strict=True)))

    return build


def _tuple_unpacker(args: tuple[Any, ...]) -> Step:
    is_list = _exactly(list)
    if args[-1] is Ellipsis:
        each = _unpacker(args[0])
        return lambda value: tuple(each(one) for one in is_list(value))
    steps = [_unpacker(arg) for arg in args]

    def build(value: Any) -> Any:
        if len(is_list(value)) != len(steps):
            raise Malformed("a tuple of another length")
        return tuple(step(one) for step, one in zip(steps, value, strict=True))

    return build


_PACKERS: Callable[[Any], Step] = _packer
_UNPACKERS: Callable[[Any], Step] = _unpacker
