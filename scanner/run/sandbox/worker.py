"""What a worker process does: close its doors, then examine one document after another.

It talks to the supervisor over one socket (scanner.run.sandbox.frames); letters:

    H  hello: the isolation in force      J  a job, with the document's descriptor
    O  the examination of one object      C  a checkpoint of one object under way
    L  one line of `extract`              P  the content is on the poison list
    E  the job ended in an error          D  the job is done
"""

from __future__ import annotations

import mmap
import os
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, BinaryIO

from scanner.detect.base import Detector
from scanner.extract.base import Blob, Budget, Limits
from scanner.extract.walk import Begin, read
from scanner.model.content import Segment
from scanner.model.document import Document
from scanner.model.examined import Examined
from scanner.run.examine import Checkpoint, Opened, examine, sha256_of
from scanner.run.sandbox import blackbox
from scanner.run.sandbox.codec import pack, unpack
from scanner.run.sandbox.frames import frame, receive, send
from scanner.run.sandbox.holes import has_holes, shortened
from scanner.run.sandbox.isolation import close_doors
from scanner.run.sandbox.waiting import PatientBudget, open_own, waited
from scanner.settings import Settings

RECYCLE_JOBS = 5000
RECYCLE_SHARE = 0.6  # of the memory cap, above which a worker is not used again


def limits_of(settings: Settings, seconds: float) -> Limits:
    """The limits of one document under the settings."""
    return Limits(
        bytes=settings.max_expanded_mib << 20,
        member_bytes=settings.max_member_mib << 20,
        chars=settings.max_expanded_mib << 20,
        members=settings.max_members,
        depth=settings.max_depth,
        ratio=settings.max_ratio,
        pixels=settings.max_pixels,
        seconds=seconds,
        passwords=settings.passwords,
    )


class Worker:
    """One worker: its socket, its flight recorder, and the detectors opened before."""

    def __init__(
        self,
        sock: socket.socket,
        page: mmap.mmap,
        detectors: Sequence[Detector],
        settings: Settings,
        parent: int,
    ) -> None:
        self._parent = parent
        self._sock = sock
        self._page = page
        self._detectors = detectors
        self._settings = settings
        self._memory = _Memory()
        self._enough = RECYCLE_SHARE * (settings.worker_memory_mib << 20)
        self._figures = open_own()
        self._jobs = 0

    def serve(self) -> None:
        """Works until the supervisor hangs up."""
        report = close_doors(self._settings, self._parent)
        send(self._sock, b"H", report)
        while (message := receive(self._sock)) is not None:
            _, job, fds = message
            self._jobs += 1
            try:
                self._work(job, fds)
            except (BrokenPipeError, ConnectionResetError):
                return
            except BaseException as error:  # noqa: BLE001  the guard of the worker
                code = "memory" if isinstance(error, MemoryError) else type(error).__name__
                del error
                send(self._sock, b"E", code)

    def _work(self, job: dict[str, Any], fds: list[int]) -> None:
        if job["job"] and job["job"] == blackbox.revoked(self._page):
            os.close(fds[0])
            send(self._sock, b"D", False)
            return
        document = unpack(Document, job["document"])
        last = b""
        with os.fdopen(fds[0], "rb", buffering=1 << 16) as file:
            stat = os.fstat(file.fileno())
            stream: BinaryIO = file
            size = stat.st_size
            sparse = has_holes(stat)
            if sparse:
                stream, size = shortened(file.fileno(), size)
            limits = limits_of(self._settings, job["seconds"])
            budget = PatientBudget(
                limits,
                safe_mode=job["safe"],
                skip=job["skip"],
                waits=self._waits,
                before=self._waits(),
            )
            if job["kind"] == "extract":
                self._extract(document, stream, size, budget)
            else:
                last = self._examine(job, document, stream, size, budget, sparse=sparse)
        full = self._jobs >= RECYCLE_JOBS or self._memory.resident() > self._enough
        self._sock.sendall(last + frame(b"D", bool(full)))

    def _waits(self) -> tuple[float, float]:
        """Seconds this process had no processor, and was made to stand still, so far."""
        return waited(self._figures), blackbox.stood(self._page)

    def _examine(
        self,
        job: dict[str, Any],
        document: Document,
        stream: BinaryIO,
        size: int,
        budget: Budget,
        *,
        sparse: bool,
    ) -> bytes:
        """Examines the document; the last message, which goes out with the end of the job."""
        number = int(job["job"])
        blackbox.begin(self._page, time.thread_time())
        blackbox.write(self._page, number, "", [])
        sha256 = "" if sparse else sha256_of(stream)
        if sha256 in job["poison"]:
            return frame(b"P", sha256)
        stack: list[blackbox.Open] = []
        last = b""
        blackbox.write(self._page, number, sha256, stack)
        for told in examine(
            stream,
            size,
            document,
            self._detectors,
            budget,
            sha256=sha256,
            progress=lambda count: blackbox.count(self._page, count),
        ):
            if isinstance(told, Checkpoint):
                packed = [pack(one) for one in told.findings]
                self._try_send(b"C", [told.number, told.segments, packed])
                continue
            if isinstance(told, Opened):
                stack.append(_open(told))
            elif told.number:
                stack.pop()
                self._sock.sendall(_examined_frame(told.number, told.examined))
            else:
                whole = told.examined
                if sparse:  # of the file itself there is no hash: its holes were not read
                    whole = replace(whole, size=document.size, sha256="")
                last = _examined_frame(0, whole)
                continue  # the recorder goes on showing the document as open
            blackbox.write(self._page, number, sha256, stack)
        return last

    def _try_send(self, letter: bytes, value: Any) -> None:
        """A checkpoint above the size of a message is left out: it is only a help."""
        try:
            data = frame(letter, value)
        except ValueError:
            return
        self._sock.sendall(data)

    def _extract(self, document: Document, stream: BinaryIO, size: int, budget: Budget) -> None:
        """Sends what `leakscan extract` shows."""
        inner: list[str] = []
        name = document.uri.rpartition("/")[2]
        for event in read(Blob(stream, size), name, budget):
            if isinstance(event, Begin):
                inner.append(event.inner)
            elif isinstance(event, Segment):
                shape = [event.layout.value, event.kind.value]
                for text, line in _slices(event.text, event.first_line):
                    before = time.monotonic()
                    told = ["text", inner[-1], event.locator, text, *shape, str(line)]
                    send(self._sock, b"L", told)
                    budget.started += time.monotonic() - before  # a slow reader costs it nothing
            else:
                inner.pop()
                told = [event.outcome.coverage.value, event.outcome.reason, event.outcome.detail]
                send(self._sock, b"L", ["end", event.inner, *told])


LINE_CHARS = 4 << 20


def _slices(text: str, line: int) -> Iterator[tuple[str, int]]:
    """Pieces small enough for a message, cut at line ends where there are any, and their lines."""
    at = 0
    while len(text) - at > LINE_CHARS:
        end = text.rfind("\n", at, at + LINE_CHARS) + 1 or at + LINE_CHARS
        yield text[at:end], line
        line += text.count("\n", at, end)
        at = end
    yield text[at:], line


def _open(told: Opened) -> blackbox.Open:
    begin = told.begin
    return blackbox.Open(told.number, begin.inner, begin.file_type, begin.size, 0)


def _examined_frame(number: int, examined: Examined) -> bytes:
    """The message of an ended object; above the size of a message, without record numbers."""
    try:
        return frame(b"O", [number, pack(examined)])
    except ValueError:
        slim = tuple(replace(one, record_ids=b"", nonpublic_ids=b"") for one in examined.findings)
        return frame(b"O", [number, pack(replace(examined, findings=slim))])


class _Memory:
    """How much memory the process holds, where the system tells."""

    def __init__(self) -> None:
        try:
            self._statm = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._statm = -1

    def resident(self) -> int:
        """Resident bytes, 0 where unknown."""
        if self._statm < 0:
            return 0
        return int(os.pread(self._statm, 256, 0).split()[1]) * os.sysconf("SC_PAGESIZE")
