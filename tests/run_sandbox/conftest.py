from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scanner.home import Home, open_home
from scanner.model.document import Document
from scanner.model.examined import Examined
from scanner.run.sandbox.pool import Pool
from scanner.settings import Settings, load_settings
from scanner.source.folder import document_of

MOCK = ("mock_parser:DETECTOR",)
Run = Callable[..., list[Examined]]


@pytest.fixture(scope="session", autouse=True)
def mock_on_path() -> Iterator[None]:
    sys.path.insert(0, str(Path(__file__).parent))
    yield
    sys.path.remove(str(Path(__file__).parent))


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return open_home(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def quick_settings() -> Settings:
    """A deadline that nothing but a hang reaches, also where the machine is busy."""
    return load_settings(deadline_seconds=60, worker_memory_mib=512)


@pytest.fixture(scope="session")
def hasty_pool(home: Home) -> Iterator[Pool]:
    """A pool for documents that hang."""
    settings = load_settings(deadline_seconds=1.5, worker_memory_mib=512)
    with Pool(home, settings, workers=1, detectors=MOCK) as made:
        yield made


@pytest.fixture(scope="session")
def pool(home: Home, quick_settings: Settings) -> Iterator[Pool]:
    """One pool for the tests that only look at results."""
    with Pool(home, quick_settings, workers=1, detectors=MOCK) as made:
        yield made


@pytest.fixture
def mock(tmp_path: Path) -> Callable[..., Document]:
    """A mock document of the given commands."""
    made = []

    def make(*commands: str) -> Document:
        path = tmp_path / f"mock{len(made)}.bin"
        made.append(path)
        path.write_text("\n".join(("MOCK", *commands)))
        found = document_of(path)
        assert isinstance(found, Document)
        return found

    return make


def through(pool: Pool, mock: Callable[..., Document]) -> Run:
    """A function that gives the objects of one mock document."""

    def go(*commands: str) -> list[Examined]:
        results = list(pool.run([mock(*commands)]))
        assert len(results) == 1
        return results[0][1]

    return go


@pytest.fixture
def run(pool: Pool, mock: Callable[..., Document]) -> Run:
    return through(pool, mock)


@pytest.fixture
def hasty_run(hasty_pool: Pool, mock: Callable[..., Document]) -> Run:
    return through(hasty_pool, mock)
