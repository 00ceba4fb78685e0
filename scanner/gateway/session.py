"""One connection of a mail server: frames in, answers out, one decision for each message."""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from scanner.gateway import milter
from scanner.gateway.message import Message, Spool

log = logging.getLogger("leakscan.gateway")

IDLE = 3600.0  # a mail server keeps its connection open between the steps of a slow client
PROGRESS_EVERY = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the mail server is told about a message.

    `action` is accept, hold or refuse; `code`, `status` and `text` belong to refuse, `text` is
    the reason shown for hold.
    """

    action: str
    text: str = ""
    code: int = 550
    status: str = "5.7.1"


Decide = Callable[[Message], Awaitable[Answer]]


class Session:
    """Serves one connection until either side ends it.

    `decide` is asked once a message is whole; whatever goes wrong becomes `trouble`, which makes
    the mail server try again later.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        spool: Spool,
        decide: Decide,
        trouble: Answer,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._spool = spool
        self._decide = decide
        self._trouble = trouble
        self._agreed = milter.Agreed(milter.VERSION, 0, 0)
        self._message: Message | None = None
        self._macros: dict[str, str] = {}
        self.deciding = False

    async def run(self) -> None:
        """Talk until the connection ends. Never raises for what the other side does."""
        try:
            while True:
                command, data = await self._frame()
                if not await self._handle(command, data):
                    return
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            return
        except milter.ProtocolError as error:
            log.warning("connection closed: %s", error)
        finally:
            self._drop()
            self._writer.close()

    async def _frame(self) -> tuple[bytes, bytes]:
        async with asyncio.timeout(IDLE):
            (length,) = struct.unpack("!I", await self._reader.readexactly(4))
            if not 1 <= length <= milter.LARGEST:
                raise milter.ProtocolError(f"a frame of {length} bytes")
            body = await self._reader.readexactly(length)
        return body[:1], body[1:]

    async def _handle(self, command: bytes, data: bytes) -> bool:
        """Act on one frame; False where the connection ends."""
        if command == milter.NEGOTIATE:
            self._agreed, reply = milter.negotiate(data)
            await self._send(reply)
        elif command == milter.MACRO:
            self._macros.update(milter.macros(data))
        elif command == milter.QUIT:
            return False
        elif command in (milter.ABORT, milter.QUIT_NEW_CONNECTION):
            self._drop()
            if command == milter.QUIT_NEW_CONNECTION:
                self._macros.clear()
        elif command == milter.END_OF_MESSAGE:
            await self._end(data)
        else:
            self._take(command, data)
            if not self._agreed.silent(command):
                await self._send(milter.CONTINUE)
        return True

    def _take(self, command: bytes, data: bytes) -> None:
        """Keep what a frame says of the message."""
        if command == milter.MAIL:
            self._drop()
            self._message = Message(self._spool, sender=milter.address(data))
            return
        message = self._message
        if message is None:
            return
        if command == milter.RCPT:
            message.recipients.append(milter.address(data))
        elif command == milter.HEADER:
            message.add_header(milter.header_line(data, self._agreed.keeps_space))
        elif command == milter.END_OF_HEADERS:
            message.add(b"\r\n")
        elif command == milter.BODY:
            message.add(data)

    async def _end(self, data: bytes) -> None:
        message = self._message
        if message is None:
            raise milter.ProtocolError("the end of a message that never began")
        if data:
            message.add(data)
        message.queue_id = self._macros.get("i", "")
        message.user = self._macros.get("auth_authen", "")
        message.client = self._macros.get("client_addr", "")
        self.deciding = True
        try:
            answer = await self._decided(message)
        finally:
            self.deciding = False
            self._drop()
        await self._send(self._encoded(answer))

    async def _decided(self, message: Message) -> Answer:
        if message.failed:
            log.error("message %s cannot be taken: %s", message.queue_id, message.failed)
            return self._trouble
        task = asyncio.ensure_future(self._decide(message))
        try:
            while True:
                done, _ = await asyncio.wait({task}, timeout=PROGRESS_EVERY)
                if done:
                    return task.result()
                await self._send(milter.PROGRESS)
        except Exception as error:  # noqa: BLE001 - the mail server keeps the message and tries again
            log.error("message %s is put off: %s", message.queue_id, type(error).__name__)
            return self._trouble
        finally:
            task.cancel()

    def _encoded(self, answer: Answer) -> bytes:
        if answer.action == "accept":
            return milter.CONTINUE
        if answer.action == "hold" and self._agreed.can_quarantine:
            return milter.hold(answer.text) + milter.CONTINUE
        if answer.action == "hold":  # a server that cannot hold must not let it go
            return milter.refuse(self._trouble.code, self._trouble.status, self._trouble.text)
        return milter.refuse(answer.code, answer.status, answer.text)

    async def _send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    def _drop(self) -> None:
        if self._message is not None:
            self._message.close()
            self._message = None
