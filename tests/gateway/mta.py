"""A real Postfix of its own on loopback, a next hop that counts, and a client that tries again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def missing() -> str:
    """Why no Postfix can be started here; empty where it can."""
    if sys.platform != "linux":
        return "Postfix is tested on Linux only"
    if shutil.which("postfix") is None and os.environ.get("LEAKSCAN_INSTALL_POSTFIX"):
        subprocess.run(
            "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postfix",
            shell=True, capture_output=True, check=False,
        )  # fmt: skip
    if shutil.which("postfix") is None:
        return "Postfix is not installed (Debian: apt-get install postfix)"
    if os.geteuid() != 0:
        return "Postfix needs root to be started"
    return ""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_port(port: int, seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        time.sleep(0.05)
    return False


class Sink:
    """The next hop: takes every message and keeps it with its envelope recipients."""

    def __init__(self) -> None:
        self.messages: list[tuple[list[str], bytes]] = []
        self.port = 0
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 26)
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(text: str) -> None:
            writer.write(text.encode() + b"\r\n")

        say("220 sink")
        recipients: list[str] = []
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while line := await reader.readline():
                verb = line[:4].upper()
                if verb == b"EHLO":
                    say("250-sink\r\n250-8BITMIME\r\n250 SMTPUTF8")
                elif verb == b"RCPT":
                    recipients.append(line.decode().partition("<")[2].partition(">")[0])
                    say("250 ok")
                elif verb == b"DATA":
                    say("354 go on")
                    await writer.drain()
                    data = await reader.readuntil(b"\r\n.\r\n")
                    self.messages.append((recipients, data))
                    recipients = []
                    say("250 taken")
                elif verb == b"QUIT":
                    say("221 bye")
                    break
                else:
                    say("250 ok")
                await writer.drain()
        writer.close()

    def ids(self) -> list[str]:
        """The Message-IDs that arrived, in order."""
        found = []
        for _, data in self.messages:
            for line in data.split(b"\r\n\r\n", 1)[0].split(b"\r\n"):
                if line.lower().startswith(b"message-id:"):
                    found.append(line.partition(b":")[2].strip().decode())
        return found

    def close(self) -> None:
        def stop() -> None:
            self._server.close()
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.call_later(0.1, self._loop.stop)

        self._loop.call_soon_threadsafe(stop)
        self._thread.join(5)


class Postfix:
    """A Postfix in a folder of its own."""

    def __init__(self, folder: Path, milter_port: int, sink_port: int) -> None:
        self.folder = folder
        self.port = free_port()
        self.config = folder / "config"
        self.config.mkdir(parents=True)
        for name in ("queue", "data"):
            (folder / name).mkdir()
        folder.chmod(0o755)
        shutil.chown(folder / "data", "postfix", "postfix")
        (self.config / "main.cf").write_text(
            f"""
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.corp.example
mydestination =
mynetworks = 127.0.0.0/8
relayhost = [127.0.0.1]:{sink_port}
disable_dns_lookups = yes
smtpd_milters = inet:127.0.0.1:{milter_port}
milter_default_action = tempfail
milter_protocol = 6
milter_connect_timeout = 5s
milter_content_timeout = 60s
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
smtpd_forbid_bare_newline = yes
smtpd_forbid_bare_newline_exclusions =
notify_classes =
minimal_backoff_time = 1s
queue_run_delay = 1s
maillog_file = {folder}/log/mail.log
maillog_file_prefixes = {folder}
default_process_limit = 40
"""
        )
        (folder / "log").mkdir()
        (self.config / "master.cf").write_text(
            f"""
127.0.0.1:{self.port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""
        )

    def command(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(words, capture_output=True, timeout=60, check=False)

    def start(self) -> None:
        done = self.command("postfix", "-c", str(self.config), "start")
        if not wait_port(self.port):
            raise RuntimeError(done.stderr.decode() + self.log())

    def stop(self) -> None:
        self.command("postfix", "-c", str(self.config), "stop")

    def log(self) -> str:
        path = self.folder / "log" / "mail.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def queue(self) -> list[str]:
        """The queue ids of messages that wait or are on hold (those with a !)."""
        told = self.command("postqueue", "-c", str(self.config), "-p").stdout.decode()
        return [
            line.split()[0]
            for line in told.splitlines()
            if (line[:1].isalnum() and "!" in line.split()[0])
            or (line[:1].isalnum() and line.split()[0][-1:] in "*0123456789ABCDEF")
        ]

    def held(self) -> list[str]:
        return [name.rstrip("!") for name in self.queue() if name.endswith("!")]

    @property
    def release(self) -> str:
        """The command that releases a held message of this Postfix."""
        return f"postsuper -c {self.config} -H {{id}}"


class GatewayProcess:
    """A gateway as a process of its own."""

    def __init__(
        self, home: Path, port: int, mode: str, on_failure: str = "defer", release: str = ""
    ) -> None:
        self.home, self.port, self.mode = home, port, mode
        self.on_failure, self.release = on_failure, release
        self.process: subprocess.Popen[bytes] | None = None
        self.errors = home.parent / f"gateway-{port}.err"

    def start(self) -> None:
        with self.errors.open("ab") as errors:
            self.process = subprocess.Popen(
                [
                    sys.executable, str(HERE / "run_gateway.py"), str(self.home),
                    f"inet:127.0.0.1:{self.port}", self.mode, self.on_failure, self.release,
                ],
                stdout=subprocess.DEVNULL, stderr=errors, cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip
        if not wait_port(self.port, 30):
            raise RuntimeError(self.errors.read_text())

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(20)

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(60)


async def _send(port: int, sender: str, recipients: list[str], data: bytes) -> tuple[int, str]:
    """One SMTP transaction; gives the last code and text."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def answer() -> tuple[int, str]:
        lines = []
        while True:
            line = (await reader.readline()).decode("utf-8", "replace")
            if not line:
                raise ConnectionError
            lines.append(line[4:].strip())
            if line[3:4] != "-":
                return int(line[:3]), "\n".join(lines)

    async def ask(text: str) -> tuple[int, str]:
        writer.write(text.encode() + b"\r\n")
        await writer.drain()
        return await answer()

    try:
        await answer()
        steps = ["EHLO client.corp.example", f"MAIL FROM:<{sender}>"]
        steps += [f"RCPT TO:<{one}>" for one in recipients]
        for step in (*steps, "DATA"):
            code, text = await ask(step)
            if code >= 400:
                return code, text
        stuffed = data.replace(b"\r\n.", b"\r\n..")
        writer.write(stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        await writer.drain()
        code, text = await answer()
        writer.write(b"QUIT\r\n")
        return code, text
    finally:
        writer.close()


async def send_until_answered(
    port: int, sender: str, recipients: list[str], data: bytes, tries: int = 400
) -> tuple[int, str, int]:
    """Send, trying again on every temporary failure; gives code, text and tries used."""
    for number in range(1, tries + 1):
        try:
            code, text = await _send(port, sender, recipients, data)
        except (ConnectionError, OSError, ValueError):
            code, text = 0, "connection lost"
        if code == 250 or 500 <= code < 600:
            return code, text, number
        await asyncio.sleep(min(0.05 * number, 0.5))
    return code, text, tries


def send(
    port: int, sender: str, recipients: list[str], data: bytes, tries: int = 1
) -> tuple[int, str]:
    code, text, _ = asyncio.run(send_until_answered(port, sender, recipients, data, tries))
    return code, text


# Messages, and many of them at once.


def mail(identity: str, body: str = "hello", attachment: tuple[str, bytes] | None = None) -> bytes:
    """A message with an attachment, or of text alone."""
    import base64

    head = [
        f"Message-ID: <{identity}@corp.example>",
        "From: Sender <sender@corp.example>",
        "To: shown@partner.example",
        "Subject: =?utf-8?B?5oql5Lu3?=",
        "MIME-Version: 1.0",
    ]
    if attachment is None:
        head.append("Content-Type: text/plain; charset=utf-8")
        head.append("Content-Transfer-Encoding: 8bit")
        return ("\r\n".join(head) + "\r\n\r\n").encode() + body.encode() + b"\r\n"
    name, data = attachment
    encoded = base64.encodebytes(data).replace(b"\n", b"\r\n")
    head.append('Content-Type: multipart/mixed; boundary="edge"')
    parts = (
        b"--edge\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + body.encode() + b"\r\n"
        b"--edge\r\nContent-Type: application/octet-stream\r\n"
        b'Content-Disposition: attachment; filename="' + name.encode() + b'"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n" + encoded + b"--edge--\r\n"
    )
    return ("\r\n".join(head) + "\r\n\r\n").encode() + parts


def zipped(name: str, data: bytes) -> bytes:
    """A zip archive with one member."""
    import io
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return out.getvalue()


def leaks(rows: list[str], identity: str = "") -> list[tuple[str, bytes]]:
    """The same thirty rows of a registered list in a body, an attachment and a zip."""
    data = "\n".join(rows[:30]).encode()
    return [
        ("body", mail(f"body{identity}", "\r\n".join(rows[:30]))),
        ("attachment", mail(f"attachment{identity}", "see", ("list.csv", data))),
        ("zip", mail(f"zip{identity}", "see", ("list.zip", zipped("内/客户.csv", data)))),
    ]


async def storm(
    postfix: Postfix,
    gateway: GatewayProcess,
    messages: list[tuple[str, bytes]],
    kills: int,
    sessions: int = 20,
) -> dict[str, tuple[int, int]]:
    """Send messages in parallel while the gateway is killed again and again.

    Gives for each name the final code and how often it was tried.
    """
    waiting = list(reversed(messages))
    answers: dict[str, tuple[int, int]] = {}

    async def client() -> None:
        while waiting:
            name, data = waiting.pop()
            code, _, tries = await send_until_answered(
                postfix.port, "sender@corp.example", ["x@stranger.example"], data
            )
            answers[name] = (code, tries)

    async def killer() -> None:
        for number in range(kills):
            while len(answers) < (number + 1) * len(messages) // (kills + 2):
                await asyncio.sleep(0.01)
            await asyncio.to_thread(gateway.kill)
            await asyncio.to_thread(gateway.start)

    await asyncio.gather(killer(), *(client() for _ in range(sessions)))
    return answers
