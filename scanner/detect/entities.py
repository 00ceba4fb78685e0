"""Entities with Presidio, for other programs: registries, the compiled analyzer, scanning.

Importing this module is cheap; Presidio comes in with the first name that is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scanner.detect._entity.home import scanner_for
    from scanner.detect._entity.presidio import data_registry, make_analyzer, no_op_engine
    from scanner.detect._entity.scan import EntityScanner, entity_lines

_HOMES = {
    "data_registry": "presidio",
    "make_analyzer": "presidio",
    "no_op_engine": "presidio",
    "EntityScanner": "scan",
    "entity_lines": "scan",
    "scanner_for": "home",
}

__all__ = [
    "EntityScanner",
    "data_registry",
    "entity_lines",
    "make_analyzer",
    "no_op_engine",
    "scanner_for",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(f"scanner.detect._entity.{_HOMES[name]}"), name)
