"""Where the data files that come with the program lie: in the checkout, or inside the wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    packed = _PACKAGE / f"_{name}"
    return packed if packed.is_dir() else _PACKAGE.parent / name


def patterns_dir() -> Path:
    """The folder of patterns, law packs and messages."""
    return _folder("patterns")


def fixtures_dir() -> Path:
    """The folder of the synthetic sample data."""
    return _folder("fixtures")
