"""`leakscan watch`."""

from __future__ import annotations

from scanner.model.errors import UsageError


def watch() -> None:
    """Not built yet."""
    raise UsageError("`leakscan watch` is not built yet")
