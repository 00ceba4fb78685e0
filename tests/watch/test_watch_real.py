"""The watch over the whole program: a registered list is dropped into the folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from watch_fakes import wait_for

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="events of Linux")

SCRIPT = """
import sys
from pathlib import Path
from scanner.home import open_home
from scanner.run.pipeline import Pipeline
from scanner.settings import load_settings
from scanner.watch import Options, watch
home, settings = open_home(Path(sys.argv[1])), load_settings(workers=2, ocr=False)
watch(home, settings, [Path(sys.argv[2])], pipeline_factory=lambda: Pipeline.open(home, settings),
      options=Options(say=lambda text: print(text, flush=True)))
"""


@pytest.fixture(scope="module")
def registered(tmp_path_factory) -> Path:
    from scanner.home import open_home
    from scanner.run.enrol import add_dataset

    home = open_home(tmp_path_factory.mktemp("real") / "home")
    samples = ROOT / "fixtures/demo"
    add_dataset(
        home, samples / "customers_cn.csv", "crm-cn",
        dossier_file=samples / "dossiers/crm-cn.yaml",
    )  # fmt: skip
    return home.root


class Watch:
    def __init__(self, home: Path, root: Path) -> None:
        self.home, self.root = home, root
        self.said = root.parent / "said.txt"

    def start(self) -> None:
        with self.said.open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SCRIPT, str(self.home), str(self.root)],
                stdout=said, stderr=said, cwd=ROOT, env={**os.environ, "LEAKSCAN_LANG": "en"},
            )  # fmt: skip
        assert wait_for(lambda: "watched:" in self.said.read_text(), 60), self.said.read_text()

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)

    def incidents(self):
        from scanner.home import open_home
        from scanner.record.store import Store

        with Store.open(open_home(self.home)) as store:
            return [found.incident for found in store.select(events=True).incidents()]


@pytest.fixture
def real(registered, tmp_path):
    (tmp_path / "root").mkdir()
    import shutil

    home = shutil.copytree(registered, tmp_path / "home")
    watch = Watch(Path(home), tmp_path / "root")
    yield watch
    if watch.process.poll() is None:
        watch.end(signal.SIGKILL)


def test_lists_dropped_while_it_is_killed_and_restarted_are_each_one_incident(real):
    lines = (ROOT / "fixtures/demo/customers_cn.csv").read_text(encoding="utf-8-sig").splitlines()
    real.start()
    count = 80
    for number in range(count):
        leak = number % 4 == 0
        text = "\n".join(lines[number : number + 12]) if leak else f"ordinary note {number}"
        (real.root / f"{number}.txt").write_text(text)
        if number == 40:
            time.sleep(0.3)
            real.end(signal.SIGKILL)
            real.start()
    assert wait_for(lambda: len({one.document.uri for one in real.incidents()}) == count // 4, 60)
    time.sleep(0.5)
    assert real.end(signal.SIGTERM) == 0
    found = real.incidents()
    assert len(found) == count // 4
    assert {one.document.provenance.channel.value for one in found} == {"watch"}
    assert {one.event.collection_mode for one in found} == {"real_time"}
