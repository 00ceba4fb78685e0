"""How a gateway is run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scanner.gateway.held import RELEASE
from scanner.model.errors import UsageError
from scanner.run.outgoing import Policy

MODES = ("monitor", "hold", "reject")
ON_FAILURE = ("defer", "pass")


@dataclass(frozen=True, slots=True)
class Options:
    """Everything about a gateway that is not a setting.

    `listen` is inet:HOST:PORT or unix:PATH. `mode`: monitor lets everything go and records it,
    hold puts what the policy holds or blocks on hold, reject refuses what it blocks and holds the
    rest. `on_failure` defer makes the mail server try again later; pass lets mail go unexamined
    while nothing can be examined, and makes each such message an incident. Without a `policy` the
    settings say what is held and blocked. `release` is the
    command that lets a held message go, `{id}` standing for its queue id.
    """

    listen: str = "inet:127.0.0.1:15080"
    mode: str = "hold"
    on_failure: str = "defer"
    policy: Policy | None = None
    release: tuple[str, ...] = RELEASE
    release_seconds: float = 5.0
    connections: int = 200
    window: int = 0  # messages under way at once; 0 means twelve a worker
    drain_seconds: float = 30.0
    metrics_port: int | None = None
    say: Callable[[str], None] = lambda text: None

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise UsageError(f"there is no mode {self.mode!r}: choose {', '.join(MODES)}")
        if self.on_failure not in ON_FAILURE:
            raise UsageError(
                f"on failure {self.on_failure!r} is not known: choose {', '.join(ON_FAILURE)}"
            )
        self.address()

    def address(self) -> tuple[str, int] | str:
        """Host and port, or the path of a socket. Raises UsageError where it is neither."""
        kind, _, rest = self.listen.partition(":")
        if kind == "unix" and rest:
            return rest
        host, _, port = rest.rpartition(":")
        if kind == "inet" and port.isdigit() and int(port) < 65536:
            return host.strip("[]") or "127.0.0.1", int(port)
        raise UsageError(f"{self.listen!r} is no address: write inet:HOST:PORT or unix:PATH")
