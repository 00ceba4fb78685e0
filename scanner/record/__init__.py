"""The incident store: incidents, scans, reviews, custody, measures, all under one hash chain.

`Store` and `Inventory` are imported on first use, so that a command which needs neither does not
pay for SQLAlchemy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scanner.record.inventory import Inventory
    from scanner.record.store import Store
    from scanner.record.verify import verify_store

__all__ = ["Inventory", "Store", "verify_store"]


def __getattr__(name: str) -> Any:
    if name == "Store":
        from scanner.record.store import Store

        return Store
    if name == "Inventory":
        from scanner.record.inventory import Inventory

        return Inventory
    if name == "verify_store":
        from scanner.record.verify import verify_store

        return verify_store
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
