"""`leakscan gateway`."""

from __future__ import annotations

from scanner.model.errors import UsageError


def gateway() -> None:
    """Not built yet."""
    raise UsageError("`leakscan gateway` is not built yet")
