"""The wheel carries what the program reads at run time: patterns, sample data, the kernel."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def carried(members: set[str], folder: str, inside: str) -> tuple[set[str], set[str]]:
    here = {
        str(path.relative_to(ROOT / folder))
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    there = {name.removeprefix(inside) for name in members if name.startswith(inside)}
    return here, there


def test_patterns_are_in_the_wheel(members: set[str]) -> None:
    here, there = carried(members, "patterns", "scanner/_patterns/")
    assert here == there


def test_sample_data_are_in_the_wheel(members: set[str]) -> None:
    here, there = carried(members, "fixtures/demo", "scanner/_fixtures/demo/")
    assert here == there


def test_tests_are_not_in_the_wheel(members: set[str]) -> None:
    assert not [name for name in members if name.startswith(("tests/", "fixtures/"))]
