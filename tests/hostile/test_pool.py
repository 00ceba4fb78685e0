"""Every hostile input through the pool: its end, what was found before it, and the memory it took."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tests.hostile
from scanner.home import open_home
from scanner.model.outcome import Coverage
from scanner.run.sandbox.pool import Pool
from scanner.settings import load_settings
from scanner.source.folder import document_of
from tests.hostile.case import Case
from tests.hostile.watching import WORDS

DEADLINE = 10.0
SETTING = {
    "members": "max_members",
    "depth": "max_depth",
    "ratio": "max_ratio",
    "pixels": "max_pixels",
    "passwords": "passwords",
    "seconds": "deadline_seconds",
}


def cases() -> list[Case]:
    found = []
    for info in pkgutil.iter_modules(tests.hostile.__path__):
        if not info.name.startswith("test_"):
            module = importlib.import_module(f"tests.hostile.{info.name}")
            found += getattr(module, "CASES", [])
    return found


class Pools:
    """One pool for each set of limits."""

    def __init__(self, root: Path) -> None:
        self.home = open_home(root)
        self._made: dict[tuple[object, ...], Pool] = {}

    def under(self, limits: dict[str, object]) -> Pool:
        key = tuple(sorted(limits.items()))
        if key not in self._made:
            told = {"deadline_seconds": DEADLINE, **{SETTING[k]: v for k, v in limits.items()}}
            self._made[key] = Pool(
                self.home,
                load_settings(**told),
                workers=1,
                detectors=("tests.hostile.watching:DETECTOR",),
            )
        return self._made[key]

    def close(self) -> None:
        for pool in self._made.values():
            pool.close()


@pytest.fixture(scope="module")
def pools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pools]:
    root = str(Path(__file__).resolve().parents[2])
    sys.path.insert(0, root)
    made = Pools(tmp_path_factory.mktemp("home"))
    yield made
    made.close()
    sys.path.remove(root)


def stands_for(code: str, reason: str) -> bool:
    return reason.startswith(code) if code.endswith(":") else reason == code


@pytest.mark.parametrize("case", cases(), ids=str)
def test_it_ends_as_the_list_says(pools: Pools, case: Case, tmp_path: Path) -> None:
    path = tmp_path / case.file
    path.write_bytes(case.build())
    pool = pools.under(case.limits)
    retried = pool.counts.get("retried", 0)
    ((_, objects),) = pool.run([document_of(path)])
    told = {one.outcome.reason for one in objects if one.outcome.coverage is not Coverage.COMPLETE}
    if (
        case.reasons and not case.safe and not told
    ):  # the careful reader of the second try got through
        assert pool.counts["retried"] > retried
    elif case.reasons:
        assert any(stands_for(code, reason) for code in case.reasons for reason in told), told
    elif case.safe:
        assert told == set()
    seen = {word for one in objects for finding in one.findings for word in finding.reasons}
    planted = " ".join(case.texts)
    assert seen >= {word for word in WORDS if word in planted}
    assert len({one.inner for one in objects if not one.inner}) == 1
    assert pool.peak_memory() <= 1.1 * (pool.settings.worker_memory_mib << 20)
    assert [p.name for p in tmp_path.iterdir()] == [case.file]
