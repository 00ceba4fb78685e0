"""The gateway: a milter server over an outgoing pipeline, and the release of held messages."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

from scanner.gateway.bridge import Bridge, Unavailable
from scanner.gateway.bypass import BypassLog
from scanner.gateway.desk import Desk
from scanner.gateway.held import HeldMessages, release_reviewed
from scanner.gateway.message import Spool
from scanner.gateway.options import Options
from scanner.gateway.session import Answer, Session
from scanner.home import Home
from scanner.messages import message as text
from scanner.model.errors import LeakscanError, UsageError
from scanner.run.health import Health
from scanner.run.live import PipelineLike
from scanner.run.pipeline import Pipeline
from scanner.settings import Settings

log = logging.getLogger("leakscan.gateway")

COUNTS = ("messages", "incidents", "held", "rejected", "released", "bypassed", "failures")
LEVELS = ("connections", "deciding", "on_hold", "failing")
LINE_EVERY = 60.0


class Gateway:
    """Serves mail servers until `stop`."""

    def __init__(
        self,
        home: Home,
        settings: Settings,
        options: Options,
        open_pipeline: Callable[[], Pipeline],
    ) -> None:
        self._options = options
        self.health = Health("gateway", counts=COUNTS, levels=LEVELS)
        self._spool = Spool(home.gateway / "spool")
        self._held = HeldMessages(home.gateway)
        self._bypass = BypassLog(home.gateway)
        window = options.window or 12 * (settings.workers or os.cpu_count() or 1)
        self._bridge = Bridge(home, open_pipeline, window)
        self._desk = Desk(options, self._bridge, self._held, self._bypass, self.health)
        later = text("gateway", "later")
        self._trouble = Answer("refuse", later, 451, "4.7.1")
        self._room = asyncio.Semaphore(options.connections)
        self._sessions: dict[asyncio.Task[None], Session] = {}
        self._stopping = asyncio.Event()

    def healthy(self) -> bool:
        """False while messages cannot be examined."""
        return self._bridge.healthy

    def stop(self) -> None:
        """Finish what is being decided, then end. Called in the event loop."""
        self._stopping.set()

    async def run(self, ready: Callable[[str], None] = lambda address: None) -> None:
        """Listen until stopped. Raises UsageError where the address cannot be had."""
        server = await self._listen()
        address = _told(server, self._options)
        self._say(
            "listening",
            address=address,
            mode=self._options.mode,
            on_failure=self._options.on_failure,
        )
        ready(address)
        chores = asyncio.create_task(self._chores())
        try:
            await self._stopping.wait()
        finally:
            server.close()
            await self._drain()
            chores.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await chores
            await asyncio.to_thread(self._bridge.close)
            self._held.close()
            self._say(
                "stopped",
                messages=int(self.health.value("messages")),
                held=int(self.health.value("held")),
                rejected=int(self.health.value("rejected")),
            )

    async def _listen(self) -> asyncio.Server:
        address = self._options.address()
        try:
            if isinstance(address, str):
                with contextlib.suppress(FileNotFoundError):
                    Path(address).unlink()
                server = await asyncio.start_unix_server(self._serve, address)
                Path(address).chmod(0o660)
                return server
            return await asyncio.start_server(self._serve, address[0], address[1])
        except OSError as error:
            raise UsageError(
                text("gateway", "no_listen", address=self._options.listen, error=error.strerror)
            ) from None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection; more than `connections` wait for their turn, and so do their clients."""
        task = asyncio.current_task()
        assert task is not None
        async with self._room:
            if self._stopping.is_set():
                writer.close()
                return
            session = Session(reader, writer, self._spool, self._desk.decide, self._trouble)
            self._sessions[task] = session
            try:
                await session.run()
            finally:
                del self._sessions[task]

    async def _drain(self) -> None:
        """Let the messages being decided finish; the mail server tries the others again."""
        deciding = [task for task, session in self._sessions.items() if session.deciding]
        self._say("draining", count=len(deciding))
        for task, session in list(self._sessions.items()):
            if not session.deciding:
                task.cancel()
        end = asyncio.get_running_loop().time() + self._options.drain_seconds
        while asyncio.get_running_loop().time() < end and any(
            session.deciding for session in self._sessions.values()
        ):
            await asyncio.sleep(0.02)
        for task in list(self._sessions):
            task.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    async def _chores(self) -> None:
        """Release what was reviewed, enter bypasses, tell how it goes."""
        told = 0.0
        while True:
            try:
                await self._enter_bypasses()
                await self._release()
            except (Unavailable, LeakscanError, OSError) as error:
                log.warning("%s", error)
            self.health.level("connections", len(self._sessions))
            self.health.level("deciding", sum(s.deciding for s in self._sessions.values()))
            self.health.level("failing", int(not self.healthy()))
            told += self._options.release_seconds
            if told >= LINE_EVERY:
                told = 0.0
                log.info("%s", self.health.line())
            await asyncio.sleep(self._options.release_seconds)

    async def _release(self) -> None:
        waiting = await asyncio.to_thread(self._held.all, "held")
        self.health.level("on_hold", len(waiting))
        if not waiting:
            return
        wanted = sorted({identity for item in waiting for identity in item.incidents})
        verdicts = await self._bridge.call(lambda pipeline: _verdicts(pipeline, wanted))
        released = await asyncio.to_thread(
            release_reviewed, self._held, lambda one: verdicts.get(one, ""), self._options.release
        )
        for item in released:
            self.health.count("released")
            self._say("released", id=item.queue_id)

    async def _enter_bypasses(self) -> None:
        if await asyncio.to_thread(self._bypass.pending):
            count = await self._bridge.call(self._entered)
            if count:
                self._say("bypassed", count=count)

    def _entered(self, pipeline: PipelineLike) -> int:
        assert isinstance(pipeline, Pipeline)
        return self._bypass.enter(pipeline.judging, pipeline.store.record)

    def _say(self, key: str, **values: object) -> None:
        log.info("%s", text("gateway", key, "en", **values))
        self._options.say(text("gateway", key, **values))


def _verdicts(pipeline: PipelineLike, incidents: list[str]) -> dict[str, str]:
    """The last verdict on each incident that was reviewed."""
    assert isinstance(pipeline, Pipeline)
    found = {}
    for identity in incidents:
        reviews = pipeline.store.reviews(identity)
        if reviews:
            found[identity] = str(reviews[-1]["verdict"])
    return found


def _told(server: asyncio.Server, options: Options) -> str:
    address = options.address()
    if isinstance(address, str):
        return f"unix:{address}"
    host, port = server.sockets[0].getsockname()[:2]
    return f"inet:{host}:{port}"


def install_signals(gateway: Gateway) -> None:
    """Stop on SIGTERM and SIGINT, where this is the main thread of a system that has them."""
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, gateway.stop)
