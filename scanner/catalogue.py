"""Plug-ins found by folder: every module of a package that offers the wanted name."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import Any


def modules(package: ModuleType) -> list[ModuleType]:
    """The modules of a package in the order of their names, without those that begin with _."""
    names = sorted(
        info.name for info in pkgutil.iter_modules(package.__path__) if info.name[0] != "_"
    )
    return [importlib.import_module(f"{package.__name__}.{name}") for name in names]


def offers(package: ModuleType, name: str) -> list[Any]:
    """What the modules of a package offer under `name`, modules without it left out."""
    return [getattr(module, name) for module in modules(package) if hasattr(module, name)]
