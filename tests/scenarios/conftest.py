"""A company with its lists registered, for scenarios that run the whole program."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass
class Run:
    """What a call of the command gave."""

    code: int
    out: str
    err: str


@dataclass
class Company:
    """A home and a folder to work in."""

    home: Path
    folder: Path

    def leakscan(self, *arguments: object, **environment: str) -> Run:
        import os

        env = {**os.environ, "LEAKSCAN_HOME": str(self.home), "LEAKSCAN_LANG": "en", **environment}
        done = subprocess.run(
            [sys.executable, "-m", "scanner", *map(str, arguments)],
            capture_output=True,
            text=True,
            env=env,
            cwd=self.folder,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def table(self, name: str, rows: list[list[str]], encoding: str = "utf-8") -> Path:
        path = self.folder / name
        out = io.StringIO()
        csv.writer(out).writerows(rows)
        path.write_bytes(out.getvalue().encode(encoding))
        return path

    def report(
        self, *paths: object, code: int | None = None, flags: tuple[str, ...] = ()
    ) -> list[dict[str, str]]:
        target = self.folder / "incidents.csv"
        run = self.leakscan("scan", *paths, "--report", target, "--quiet", *flags)
        assert "Traceback" not in run.err, run.err
        if code is not None:
            assert run.code == code, run.err + run.out
        with target.open(encoding="utf-8-sig", newline="") as stream:
            return list(csv.DictReader(stream))

    def coverage(self) -> list[dict[str, str]]:
        target = self.folder / "incidents.coverage.csv"
        with target.open(encoding="utf-8-sig", newline="") as stream:
            return list(csv.DictReader(stream))


@pytest.fixture
def company(tmp_path: Path) -> Company:
    (tmp_path / "work").mkdir()
    return Company(tmp_path / "home", tmp_path / "work")


@pytest.fixture(scope="session")
def shared_company(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Company]:
    made: dict[str, Company] = {}

    def get(name: str) -> Company:
        if name not in made:
            root = tmp_path_factory.mktemp(name)
            (root / "work").mkdir()
            made[name] = Company(root / "home", root / "work")
        return made[name]

    return get
