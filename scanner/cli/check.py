"""`leakscan check`."""

from __future__ import annotations

from scanner.model.errors import UsageError


def check() -> None:
    """Not built yet."""
    raise UsageError("`leakscan check` is not built yet")
