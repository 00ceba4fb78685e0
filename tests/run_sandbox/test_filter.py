"""The filter over system calls: right numbers, right decisions."""

from __future__ import annotations

import importlib.util
import os
import re
from pathlib import Path

import pytest

from scanner.run.sandbox import _seccomp, _syscalls
from scanner.run.sandbox._landlock import code_roots

TABLES = [_syscalls.NETWORK, _syscalls.PROCESSES, _syscalls.FILES, _syscalls.SYSTEM, _syscalls.ABSENT, _syscalls.CHECKED]  # fmt: skip


def header(folder: str) -> Path:
    """A table of call numbers among the C headers that come with the build dependency ziglang."""
    found = importlib.util.find_spec("ziglang")
    if found is None or not found.submodule_search_locations:
        pytest.skip("ziglang is not installed")
    path = (
        Path(found.submodule_search_locations[0]) / "lib/libc/include" / folder / "asm/unistd_64.h"
    )
    if not path.exists():
        pytest.skip(f"no header {path.name} for {folder}")
    return path


@pytest.mark.parametrize(("folder", "column"), [("x86-linux-any", 0), ("aarch64-linux-any", 1)])
def test_the_numbers_are_the_kernels(folder: str, column: int) -> None:
    lines = header(folder).read_text().splitlines()
    matches = [re.match(r"#define __NR_(\w+)\s+(\d+)", line) for line in lines]
    numbers = {match[1]: int(match[2]) for match in matches if match}
    ours = {name: at[column] for table in TABLES for name, at in table.items()}
    assert ours == {name: numbers.get(name, -1) for name in ours}


def test_no_call_stands_in_two_tables() -> None:
    names = [name for table in TABLES for name in table]
    assert len(names) == len(set(names))


ALLOW, KILL = 0x7FFF0000, 0x80000000


def decide(lines, arch: int, number: int, *arguments: int) -> int:
    """What the filter answers: a small interpreter of its few instructions."""
    data = {0: number, 4: arch}
    for index, value in enumerate((*arguments, 0, 0, 0, 0, 0, 0)[:6]):
        data[16 + 8 * index] = value & 0xFFFFFFFF
        data[20 + 8 * index] = value >> 32
    at = held = 0
    while True:
        code, yes, no, value = lines[at]
        at += 1
        if code == 0x20:
            held = data[value]
        elif code == 0x06:
            return value
        else:
            true = {0x15: held == value, 0x35: held >= value, 0x45: bool(held & value)}[code]
            at += yes if true else no


@pytest.mark.parametrize(
    ("machine", "column", "arch"), [("x86_64", 0, 0xC000003E), ("aarch64", 1, 0xC00000B7)]
)
def test_every_listed_call_is_refused_and_the_others_pass(machine, column, arch) -> None:
    lines = _seccomp.program(machine, 4242)
    assert len(lines) < 4096
    refused = {at[column] for table in TABLES[:5] for at in table.values() if at[column] >= 0}
    checked = {at[column] for at in _syscalls.CHECKED.values()}
    for number in range(600):
        if number in checked:
            continue
        answer = decide(lines, arch, number)
        assert (answer & 0xFFFF0000 == 0x00050000) == (number in refused), number
        assert number in refused or answer == ALLOW
    assert decide(lines, arch ^ 1, 0) == KILL


@pytest.mark.parametrize(
    ("machine", "column", "arch"), [("x86_64", 0, 0xC000003E), ("aarch64", 1, 0xC00000B7)]
)
@pytest.mark.parametrize(
    ("call", "arguments", "passes"),
    [
        ("openat", (0, 0, os.O_RDONLY), True),
        ("openat", (0, 0, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY), True),
        ("openat", (0, 0, os.O_WRONLY), False),
        ("openat", (0, 0, os.O_RDWR), False),
        ("openat", (0, 0, os.O_CREAT), False),
        ("openat", (0, 0, os.O_TRUNC), False),
        ("openat", (0, 0, os.O_RDWR | 0o20200000), False),
        ("open", (0, os.O_RDONLY), True),
        ("open", (0, os.O_WRONLY), False),
        ("clone", (0x3D0F00,), True),
        ("clone", (0x1200011,), False),
        ("kill", (4242, 6), True),
        ("kill", (1, 9), False),
        ("kill", (0xFFFFFFFF, 9), False),
        ("tgkill", (4242, 4243, 6), True),
        ("tgkill", (4241, 4243, 6), False),
        ("prctl", (15,), True),
        ("prctl", (0x53564D41,), True),
        ("prctl", (4, 1), False),
        ("prctl", (22, 2), False),
        ("prlimit64", (0, 7, 0), True),
        ("prlimit64", (0, 7, 0x7FFF00000000), False),
        ("prlimit64", (0, 7, 16), False),
        ("ioctl", (0, 0x5401), True),
        ("ioctl", (0, 0x5412), False),
        ("ioctl", (0, 0x541C), False),
    ],
)  # fmt: skip
def test_calls_that_depend_on_their_arguments(
    machine, column, arch, call, arguments, passes
) -> None:
    number = _syscalls.CHECKED[call][column]
    if number < 0:
        pytest.skip(f"{machine} has no {call}")
    answer = decide(_seccomp.program(machine, 4242), arch, number, *arguments)
    assert (answer == ALLOW) == passes


def test_no_readable_folder_holds_anything_of_the_user(tmp_path: Path) -> None:
    roots = code_roots()
    for private in (Path.home(), Path("/etc"), Path("/tmp"), Path("/"), Path("/proc"), tmp_path):
        assert not any(private == root or private.is_relative_to(root) for root in roots)
