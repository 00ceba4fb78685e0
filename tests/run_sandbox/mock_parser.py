"""A format that does on command what a parser taken over, or broken, might do.

A document of it begins with "MOCK"; each following line is one command. What a command found out
is told as a segment "RESULT <command> <what happened>". The detector beside it counts the word
LEAK and repeats the results, so that tests see them through the pool.
"""

from __future__ import annotations

import ctypes
import io
import mmap
import os
import re
import signal
import socket
import subprocess
import sys
import time
import zlib
from pathlib import Path

import scanner.extract._choose as choose
from scanner.extract.base import Format
from scanner.model.content import Child, Segment
from scanner.model.errors import Unread
from scanner.model.finding import Finding, Method


def attempt(name, action):
    try:
        got = action()
    except BaseException as error:
        return f"RESULT {name} refused {type(error).__name__}"
    return f"RESULT {name} worked {got!r}"


def hang_in_c():
    zeros = zlib.compress(bytes(1 << 20))
    while True:  # a crafted expression keeps the interpreter inside C
        re.match(r"(a+)+$", "a" * 60 + "b")
    return zeros


def fork():
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    return pid


def libc(call, *args):
    lib = ctypes.CDLL(None, use_errno=True)
    result = getattr(lib, call)(*args)
    if result < 0:
        raise OSError(ctypes.get_errno(), call)
    return result


ATTEMPTS = {
    "fork": fork,
    "exec": lambda: os.execv("/bin/true", ["true"]),
    "subprocess": lambda: subprocess.run(["/bin/true"], check=True),
    "write": lambda: Path("/tmp/leakscan-escape").write_text("x"),
    "write-null": lambda: os.open("/dev/null", os.O_WRONLY),
    "read": lambda: Path("/etc/passwd").read_bytes(),
    "list": lambda: os.listdir("/"),
    "socket": lambda: socket.socket(),
    "socketpair": lambda: socket.socketpair(),
    "unix": lambda: socket.socket(socket.AF_UNIX),
    "kill-parent": lambda: os.kill(os.getppid(), 0),
    "kill-first": lambda: os.kill(1, 0),
    "ptrace": lambda: libc("ptrace", 16, os.getppid(), 0, 0),
    "memfd": lambda: os.memfd_create("x"),
    "symlink": lambda: os.symlink("/etc/passwd", "/tmp/leakscan-escape"),
    "unlink": lambda: os.unlink("/tmp/leakscan-escape"),
    "mkdir": lambda: os.mkdir("/tmp/leakscan-escape"),
    "chmod": lambda: os.chmod("/tmp", 0o777),
    "limits": lambda: __import__("resource").setrlimit(9, (1 << 40, 1 << 40)),
    "unshare": lambda: libc("unshare", 0x10000000),
    "dumpable": lambda: libc("prctl", 4, 1, 0, 0, 0),
    "environ": lambda: Path("/proc/self/environ").read_bytes(),
    "memory": lambda: bytearray(4 << 30) and None,
    "setuid": lambda: libc("setresuid", 0, 0, 0),
    "openat2": lambda: libc("syscall", 437, -100, b"/etc/passwd", bytes(24), 24),
    "uring": lambda: libc("syscall", 425, 1, bytes(120)),
}
SAFE = {
    "thread": lambda: (
        __import__("concurrent.futures").futures.ThreadPoolExecutor(2).submit(len, "ab").result()
    ),
    "import": lambda: len(__import__("wave").__name__),
    "map": lambda: len(mmap.mmap(-1, 1 << 20)),
    "abort-self": lambda: signal.raise_signal(signal.SIGCHLD),
}


def pieces(line: str, blob, budget):
    command, _, rest = line.partition(" ")
    if command in ATTEMPTS:
        yield Segment(attempt(command, ATTEMPTS[command]))
    elif command in SAFE:
        yield Segment(attempt(command, SAFE[command]))
    elif command == "text":
        yield Segment(rest)
    elif command == "child":
        data = rest.replace("|", "\n").encode()
        yield Child(f"child{len(rest)}", lambda: io.BytesIO(data), len(data))
    elif command == "hang-c":
        hang_in_c()
    elif command == "hang-python":
        while True:
            pass
    elif command == "sleep":
        time.sleep(float(rest))
    elif command == "burn":
        end = time.thread_time() + float(rest)
        while time.thread_time() < end:
            pass
    elif command == "slow":
        for _ in range(10_000):
            time.sleep(0.02)
            yield Segment("slow LEAK")
    elif command == "oom":
        held = []
        while True:
            held.append(bytearray(16 << 20))
    elif command == "oom-once":
        raise MemoryError
    elif command == "swell":
        globals().setdefault("SWOLLEN", []).append(b"x" * (300 << 20))
    elif command == "segv":
        ctypes.string_at(0)
    elif command == "segv-unless-safe":
        if not budget.safe_mode:
            ctypes.string_at(0)
    elif command == "abort":
        os.abort()
    elif command == "rust-oom":
        os.write(2, b"memory allocation of 99999999999 bytes failed\n")
        os.abort()
    elif command == "exit":
        os._exit(int(rest or 0))
    elif command == "output":
        block = b"CANARY-VALUE " * 10_000
        for _ in range(int(rest)):
            os.write(1, block)
    elif command == "close":
        for fd in range(3, 256):
            try:
                if os.path.samestat(os.fstat(fd), os.fstat(0)):
                    continue
                os.close(fd)
            except OSError:
                continue
        time.sleep(3600)
    elif command == "garbage":
        scatter(rest)
        time.sleep(3600)
    elif command == "raise":
        raise ValueError("CANARY-VALUE")
    elif command == "exit-python":
        sys.exit(3)
    elif command == "io-error":
        raise OSError(5, "CANARY-VALUE")
    elif command == "unread":
        raise Unread(rest)
    elif command == "detector":
        yield Segment("DETECTOR " + rest)
    else:
        yield Segment(f"RESULT {command} unknown")


def scatter(kind: str) -> None:
    """Writes what no honest worker would into its socket to the supervisor."""
    import json
    import struct

    def framed(letter, value):
        body = json.dumps(value).encode()
        return struct.pack(">Ic", len(body), letter) + body

    messages = {
        "huge": struct.pack(">Ic", 0xFFFFFFFF, b"O"),
        "letter": framed(b"?", 1),
        "type": framed(b"O", [0, ["", "x", "size", "", ["COMPLETE", "", ""], [], 0, 0, 0.0, True]]),
        "reason": framed(
            b"O", [0, ["", "x", 1, "", ["PARTIAL", "no-such", ""], [], 0, 0, 0.0, True]]
        ),
        "deep": struct.pack(">Ic", 200_000, b"O") + b"[" * 200_000,
        "nan": struct.pack(">Ic", 3, b"O") + b"NaN",
        "flood": framed(b"C", [5, 1, []]),
        "poison": framed(b"P", {"a": 1}),
        "empty": framed(b"O", []),
        "error": framed(b"E", "../../etc\n"),
    }
    for fd in range(3, 64):
        try:
            sock = socket.socket(fileno=os.dup(fd))
        except OSError:
            continue
        try:
            if kind == "flood":
                while True:
                    sock.sendall(messages[kind] * 1000)
            sock.sendall(messages[kind])
        except OSError:
            continue


def read(blob, name, budget):
    for line in blob.all(budget).decode().splitlines()[1:]:
        yield from pieces(line, blob, budget)


FORMAT = Format("mock", lambda head, blob, name: 100 if head.startswith(b"MOCK") else 0, read)
_formats = choose.formats
choose.formats = lambda: (*_formats(), FORMAT)


class _Session:
    def __init__(self, document, inner):
        self.count = 0
        self.results = []

    def feed(self, segment):
        self.count += segment.text.count("LEAK")
        if segment.text.startswith("RESULT "):
            self.results.append(segment.text[7:])
        if segment.text.startswith("DETECTOR raise"):
            raise ValueError("CANARY-VALUE")
        if segment.text.startswith("DETECTOR pattern"):
            raise Unread("pattern-timeout")

    def findings(self):
        if not self.count and not self.results:
            return []
        return [Finding(Method.EXACT, "mock", self.count, reasons=tuple(self.results))]


class DETECTOR:
    @classmethod
    def open(cls, home, settings):
        return cls()

    def session(self, document, inner):
        return _Session(document, inner)


class REFUSES:
    @classmethod
    def open(cls, home, settings):
        from scanner.model.errors import KeyMissing

        raise KeyMissing("the index key is missing: put it back")


class BREAKS:
    @classmethod
    def open(cls, home, settings):
        raise RuntimeError("CANARY-VALUE")
