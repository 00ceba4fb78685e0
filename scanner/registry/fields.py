"""Building blocks of the registry's models: strict, closed, and dates written as text."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError

from scanner.model.errors import DossierError, LeakscanError
from scanner.registry.yamlfile import YamlFile


class Strict(BaseModel):
    """A model that takes no unknown key and guesses no type."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, hide_input_in_errors=True, populate_by_name=True
    )


def _day(value: Any) -> Any:
    if isinstance(value, datetime) or not isinstance(value, (str, date)):
        raise ValueError("a date is written 2026-03-01")
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("a date is written 2026-03-01") from None


Day = Annotated[date, BeforeValidator(_day), PlainSerializer(lambda day: day.isoformat())]
"""A calendar day."""


def _text(value: Any) -> Any:
    """A person who writes a bare number or date where a name belongs means its text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Name = Annotated[str, BeforeValidator(_text)]
"""A short text such as an id; a bare number is taken as text."""


def one_or_many(value: Any) -> Any:
    """A single value where a list may stand means a list of one."""
    return [value] if isinstance(value, (str, dict)) else value


T = TypeVar("T")
Many = Annotated[tuple[T, ...], Field(strict=False), BeforeValidator(one_or_many)]
"""A list; one item alone may stand without brackets."""

Names = Many[Name]
"""A list of short texts; one alone may stand without brackets."""


def fail(
    error: ValidationError,
    source: YamlFile,
    prefix: tuple[str | int, ...] = (),
    kind: type[LeakscanError] = DossierError,
) -> LeakscanError:
    """The first problem of a validation as an error that names file, line and key."""
    first = min(
        error.errors(),
        key=lambda item: (
            item["type"] == "missing",
            source.line((*prefix, *_path(item["loc"]))),
        ),
    )
    path = (*prefix, *_path(first["loc"]))
    if first["type"] == "extra_forbidden":
        what = "there is no such key"
    elif first["type"] == "missing":
        what = "must be given"
    else:
        what = first["msg"].removeprefix("Value error, ")
        what = what[:1].lower() + what[1:]
    return kind(f"{source.where(path)}: {what}")


def _path(loc: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """A validation path without the parts that name a type and not a key."""
    return tuple(part for part in loc if not (isinstance(part, str) and _is_type(part)))


def _is_type(part: str) -> bool:
    return part.endswith("]") or part[:1].isupper() or part in {"str", "[key]", "date", "list"}


def covers(start: date | None, end: date | None, day: date) -> bool:
    """True where `day` lies in the period; an open end is no end. Both days are included."""
    return (start is None or start <= day) and (end is None or day <= end)
