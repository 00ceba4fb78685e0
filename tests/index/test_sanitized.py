"""Odd texts and cells through a build of the kernel that checks every access."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scanner.index import kernel as kernel_module

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "scanner/index/native/kernel.c"
FLAGS = "-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-sanitize=alignment -shared -fPIC"

MACHINES = {
    **{f"v{level}": f"-march=x86-64-v{level}" for level in (2, 3, 4)},
    "v4vbmi": "-march=x86-64-v4 -mavx512vbmi -mavx512vbmi2",
    "generic": "",
}

_FUZZ = """
import random, sys
from pathlib import Path
from scanner.index import kernel as module
module.FOLDER = Path(sys.argv[1])
from scanner.index.collect import Collector
from scanner.index.fingerprint import prints_of
from scanner.text.keys import Keys
from tests.index.test_kernel import DISGUISED, KEY, SPEC, SURE, pieces_of, scanner_of
assert module.kernel() is not None
rng = random.Random(int(sys.argv[2]))
pool = DISGUISED + [cell for row in SURE for cell in row] + [
    "\\u200b" * 50, "\\ufdfa" * 500, "一" * 40, "1-" * 60, "@", "a@b.", "&#", "[at", "(dot", "\\ud800",
    "x" * 200, "9" * 40, "é" * 900, "a@" * 900, "1234567/" * 30, "㍿" * 900, "有限公司", "co ltd", "w " * 300]
ranges = [(32, 127), (0x4E00, 0x9FFF), (0x80, 0xFFFF), (0x10000, 0x2FFFF)]
def text(parts):
    return "".join(
        rng.choice(pool) if rng.random() < 0.5
        else "".join(chr(rng.randrange(*rng.choice(ranges))) for _ in range(rng.randrange(30)))
        for _ in range(rng.randrange(parts)))
scanner = scanner_of(SURE, Path(sys.argv[1]) / "index")
for turn in range(150):
    data = text(20_000 if turn % 50 == 0 else 60).encode("utf-8", "surrogatepass")
    stream = scanner.stream(0, 0, bool(turn % 2))
    for piece in pieces_of(data, [rng.randrange(len(data) + 1) for _ in range(rng.randrange(4))]):
        stream.feed(piece)
    stream.finish()
    collector = Collector(SPEC, Keys.of(KEY))
    collector.add([[text(5) for _ in range(8)] for _ in range(20)])
    found = collector.finish()
    if len(found.pairs):
        list(found.table(32).pieces())
    prints_of(text(50), Keys.of(KEY))
print("done")
"""


@pytest.mark.slow
@pytest.mark.parametrize("machine", [MACHINES[level] for level in kernel_module.levels()])
def test_no_access_is_out_of_bounds(tmp_path: Path, machine: str) -> None:
    compiler = shutil.which("gcc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("needs gcc with its sanitizers on Linux")
    target = tmp_path / "kernel-asan.so"
    made = subprocess.run(
        [compiler, *FLAGS.split(), *machine.split(), str(SOURCE), "-o", str(target)],
        capture_output=True,
    )
    library = subprocess.run(
        [compiler, "-print-file-name=libasan.so"], capture_output=True, text=True
    ).stdout.strip()
    if made.returncode or not Path(library).is_absolute():
        pytest.skip("this gcc has no address sanitizer")
    env = {
        **os.environ,
        "LD_PRELOAD": library,
        "ASAN_OPTIONS": "detect_leaks=0",
        "LEAKSCAN_KERNEL": "asan",
    }
    done = subprocess.run(
        [sys.executable, "-c", _FUZZ, str(tmp_path), "1"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=env,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip() == "done"
