"""Examines every message of a mail server before it leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from scanner.gateway.desk import policy_of
from scanner.gateway.options import Options
from scanner.gateway.service import Gateway, install_signals
from scanner.home import Home
from scanner.messages import message
from scanner.model.errors import UsageError
from scanner.run.health import HealthServer
from scanner.run.outgoing import open_outgoing
from scanner.run.pipeline import Pipeline
from scanner.settings import Settings

__all__ = ["Gateway", "Options", "gateway"]


def gateway(
    home: Home,
    settings: Settings,
    options: Options | None = None,
    *,
    operator: str = "",
    ready: Callable[[str], None] = lambda address: None,
    open_pipeline: Callable[[], Pipeline] | None = None,
) -> int:
    """Serve mail servers until SIGTERM or SIGINT; gives 0.

    `ready` is called with the address once it is listened on. Raises LeakscanError where the
    home, the address or a part of the pipeline cannot be used.
    """
    told = options or Options()
    policy = policy_of(told, settings)
    opened = open_pipeline or (lambda: open_outgoing(home, settings, policy, operator=operator))
    with _alone(home):
        asyncio.run(_serve(home, settings, told, opened, ready))
    return 0


async def _serve(
    home: Home,
    settings: Settings,
    options: Options,
    open_pipeline: Callable[[], Pipeline],
    ready: Callable[[str], None],
) -> None:
    served = Gateway(home, settings, options, open_pipeline)
    install_signals(served)
    server = None
    if options.metrics_port is not None:
        server = HealthServer(served.health, served.healthy, options.metrics_port)
    try:
        await served.run(ready)
    finally:
        if server is not None:
            server.close()


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """Holds the gateway's lock, which the system gives back when the process ends in any way."""
    home.gateway.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (home.gateway / "lock").open("a") as lock:
        try:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:
            pass
        except OSError:
            raise UsageError(message("gateway", "busy", home=home.root)) from None
        yield
