"""How a watch is run: what is told to whom, what is moved away, how patient it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from scanner.model.incident import Incident, Severity
from scanner.watch.deliver import Targets


@dataclass(frozen=True, slots=True)
class Options:
    """Everything about a watch that is not a setting.

    `on_incident` is called in the watching thread for each incident that is reported. A document
    is quarantined from exposure `quarantine_from` on. `poll_seconds` is the pause between two
    looks at folders without events, `reconcile_seconds` between two walks over all of them.
    """

    quarantine: Path | None = None
    quarantine_from: Severity = Severity.LOW
    notice: bool = True
    targets: Targets = field(default_factory=Targets)
    on_incident: Callable[[Incident, str], None] | None = None
    say: Callable[[str], None] = lambda text: None
    force_poll: bool = False
    poll_seconds: float = 2.0
    reconcile_seconds: float = 3600.0
    drain_seconds: float = 20.0
    metrics_port: int | None = None
    window: int = 0  # documents under way at once; 0 means four a worker
    queue_capacity: int = 50_000


ORDER = list(Severity)


def at_least(severity: Severity, floor: Severity) -> bool:
    """True where `severity` is `floor` or higher."""
    return ORDER.index(severity) >= ORDER.index(floor)
