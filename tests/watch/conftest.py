from __future__ import annotations

import importlib.util
import signal
import sys
import threading
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("watch_fakes", Path(__file__).parent / "fakes.py")
fakes = sys.modules.setdefault("watch_fakes", importlib.util.module_from_spec(_spec))
if not hasattr(fakes, "FakePipeline"):
    _spec.loader.exec_module(fakes)


class Running:
    """A watch on a thread of this process."""

    def __init__(self, tmp_path: Path, **options) -> None:
        from scanner.home import open_home
        from scanner.watch import Options

        self.home = open_home(tmp_path / "home")
        self.root = tmp_path / "root"
        self.root.mkdir(exist_ok=True)
        self.store = tmp_path / "store.db"
        self.said: list[str] = []
        self.slow = options.pop("slow", 0.0)
        self.fail = options.pop("fail", None)
        self.paths = options.pop("paths", [self.root])
        self.settings_values = options.pop("settings", {"settle_seconds": 0.1, "workers": 2})
        self.options = Options(say=self.said.append, **options)
        self.stop = threading.Event()
        self.error: BaseException | None = None
        self.opened = 0
        self.thread = threading.Thread(target=self._run)

    def _pipeline(self):
        self.opened += 1
        return fakes.FakePipeline(self.store, slow=self.slow, fail=self.fail)

    def _run(self) -> None:
        from scanner.settings import load_settings
        from scanner.watch import watch

        try:
            watch(
                self.home, load_settings(**self.settings_values), self.paths,
                pipeline_factory=self._pipeline, options=self.options, stop=self.stop,
            )  # fmt: skip
        except BaseException as error:
            self.error = error

    def __enter__(self) -> Running:
        self.thread.start()
        assert fakes.wait_for(lambda: self.error or any("caught up" in text for text in self.said))
        return self

    def __exit__(self, *exc) -> None:
        self.stop.set()
        self.thread.join(timeout=60)
        assert not self.thread.is_alive()
        if exc[0] is None and self.error is not None:
            raise self.error

    def looked(self) -> list[str]:
        return [Path(path).relative_to(self.root).as_posix() for path in fakes.looked(self.store)]


@pytest.fixture
def watching(tmp_path, monkeypatch):
    """Makes watches over tmp_path/root; entered with `with`."""
    monkeypatch.setenv("LEAKSCAN_LANG", "en")
    before = signal.signal(signal.SIGIO, signal.SIG_IGN)

    def make(**options) -> Running:
        return Running(tmp_path, **options)

    yield make
    signal.signal(signal.SIGIO, before)
