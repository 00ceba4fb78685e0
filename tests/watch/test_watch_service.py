"""The watch when things go wrong: overflow, crash, lost folders, failing stores, a changed registry."""

from __future__ import annotations

import http.server
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from watch_fakes import looked, rows, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="events of Linux")


def fill(root: Path, count: int, start: int = 0) -> set[str]:
    """Many small files in a few folders, as fast as they can be written."""
    names = set()
    for number in range(start, start + count):
        folder = root / f"d{number % 7}"
        if number < start + 7:
            folder.mkdir(exist_ok=True)
        path = folder / f"{number}.txt"
        with open(path, "w") as out:
            out.write("SECRET" if number % 10 == 0 else "plain")
        names.add(path.relative_to(root).as_posix())
    return names


def watched_folders() -> list[str]:
    """The inotify watches of this process, as the kernel tells."""
    lines = []
    for fd in os.listdir("/proc/self/fdinfo"):
        try:
            text = Path(f"/proc/self/fdinfo/{fd}").read_text()
        except OSError:
            continue
        lines += [line for line in text.splitlines() if line.startswith("inotify")]
    return lines


def test_an_overflow_is_made_up_for_by_a_walk(watching, monkeypatch):
    """The reader of the kernel's queue stands still while more is written than it holds."""
    from watchdog.observers.inotify_c import InotifyFD

    gate = threading.Event()
    gate.set()
    real = InotifyFD.read_events

    def read(self, **kwargs):
        gate.wait()
        return real(self, **kwargs)

    monkeypatch.setattr(InotifyFD, "read_events", read)
    held = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    with watching() as run:
        for number in range(7):
            (run.root / f"d{number}").mkdir()
        assert wait_for(lambda: len(watched_folders()) == 8)
        gate.clear()
        names = fill(run.root, held // 2 + 2000)  # at least two events a file
        gate.set()
        assert wait_for(lambda: any("overflowed" in text for text in run.said))
        assert wait_for(lambda: len(set(run.looked())) == len(names), 90)
    assert sorted(run.looked()) == sorted(names)
    assert rows(run.store, "SELECT count(*), max(seen) FROM incident") == [
        ((len(names) + 9) // 10, 1)
    ]


def test_more_files_than_may_wait_are_all_examined(watching):
    with watching(queue_capacity=50) as run:
        names = fill(run.root, 1500)
        assert wait_for(lambda: len(set(run.looked())) == len(names), 60)
    assert sorted(run.looked()) == sorted(names)


def test_what_changed_while_it_was_down_is_made_up_for(watching):
    with watching() as run:
        fill(run.root, 50)
        assert wait_for(lambda: len(run.looked()) == 50)
    fill(run.root, 10)  # changed
    fill(run.root, 20, start=1000)  # new
    os.unlink(run.root / "d3" / "45.txt")
    again = watching()
    with again:
        assert wait_for(lambda: len(again.looked()) == 80)
    assert len(again.looked()) == 80
    assert any("30 new or changed" in text for text in again.said)


def test_a_lost_folder_is_told_and_watched_again_when_it_is_back(watching, monkeypatch, tmp_path):
    from scanner.watch import finder

    monkeypatch.setattr(finder, "ROOT_CHECK", 0.1)
    with watching() as run:
        (run.root / "a.txt").write_text("SECRET")
        assert wait_for(lambda: run.looked() == ["a.txt"])
        os.rename(run.root, tmp_path / "away")
        assert wait_for(lambda: any("cannot be reached" in text for text in run.said))
        (tmp_path / "away" / "b.txt").write_text("SECRET")
        os.rename(tmp_path / "away", run.root)
        assert wait_for(lambda: "b.txt" in run.looked())
        (run.root / "c.txt").write_text("SECRET")
        assert wait_for(lambda: "c.txt" in run.looked())
    assert run.looked() == ["a.txt", "b.txt", "c.txt"]


def test_something_else_mounted_at_the_folder_is_walked(watching, monkeypatch, tmp_path):
    from scanner.watch import finder

    monkeypatch.setattr(finder, "ROOT_CHECK", 0.1)
    other = tmp_path / "other"
    other.mkdir()
    (other / "new.txt").write_text("SECRET")
    with watching() as run:
        os.rename(run.root, tmp_path / "old")
        os.rename(other, run.root)
        assert wait_for(lambda: "new.txt" in run.looked())
        (run.root / "later.txt").write_text("SECRET")
        assert wait_for(lambda: "later.txt" in run.looked())
    assert sorted(run.looked()) == ["later.txt", "new.txt"]


def test_folders_past_the_watch_limit_are_polled_and_told(watching, monkeypatch):
    from watchdog.observers.inotify_c import InotifyFD

    real = InotifyFD.add_callback
    counts = {"left": 3}

    def limited(self, path, *args):
        if counts["left"] <= 0:
            raise OSError(28, "inotify watch limit reached")
        counts["left"] -= 1
        return real(self, path, *args)

    monkeypatch.setattr(InotifyFD, "add_callback", limited)
    run = watching(poll_seconds=0.2)
    for number in range(8):
        (run.root / f"d{number}").mkdir()
    with run:
        assert wait_for(lambda: any("have no watch" in text for text in run.said))
        names = set()
        for number in range(8):
            (run.root / f"d{number}" / "x.txt").write_text("SECRET")
            (run.root / f"d{number}" / "deep").mkdir()
            (run.root / f"d{number}" / "deep" / "y.txt").write_text("SECRET")
            names |= {f"d{number}/x.txt", f"d{number}/deep/y.txt"}
        assert wait_for(lambda: set(run.looked()) == names)
    assert sorted(run.looked()) == sorted(names)


def test_a_file_system_without_events_is_polled(watching, monkeypatch):
    from scanner.watch import roots

    monkeypatch.setattr(roots, "file_system_type", lambda path, table: "nfs4")
    with watching(poll_seconds=0.2) as run:
        assert any("polled" in text and "nfs4" in text for text in run.said)
        names = fill(run.root, 30)
        assert wait_for(lambda: set(run.looked()) == names)
        (run.root / "d0" / "0.txt").write_text("SECRET again")
        assert wait_for(lambda: len(run.looked()) == 31)
    assert len(run.looked()) == 31


def test_without_an_inotify_instance_everything_is_polled(watching, monkeypatch):
    from scanner.watch import observe

    def none_left():
        raise OSError(24, "inotify instance limit reached")

    monkeypatch.setattr(observe, "Observer", none_left)
    with watching(poll_seconds=0.2) as run:
        assert any("instance limit" in text for text in run.said)
        names = fill(run.root, 20)
        assert wait_for(lambda: set(run.looked()) == names)


def test_a_failing_store_loses_nothing(watching, monkeypatch):
    from scanner.model.errors import StoreError
    from scanner.watch import service

    monkeypatch.setattr(service, "FIRST_PAUSE", 0.1)

    broken = threading.Event()
    times = []

    def fail(where: str) -> None:
        if broken.is_set() and where == "results":
            times.append(1)
            if len(times) >= 3:
                broken.clear()
            raise StoreError("the store is locked by another process")

    with watching(fail=fail) as run:
        broken.set()
        names = fill(run.root, 40)
        assert wait_for(lambda: any("locked by another" in text for text in run.said))
        assert wait_for(lambda: set(run.looked()) == names, 30)
    assert any("examining again" in text for text in run.said)
    assert rows(run.store, "SELECT count(*) FROM incident") == [(4,)]
    assert run.opened >= 2


def test_a_document_that_breaks_the_program_is_left_out_and_the_others_go_on(watching, monkeypatch):
    """A bug that one document sets off, in the process of the watch itself."""
    import watch_fakes

    from scanner.watch import service

    monkeypatch.setattr(service, "BLAMED", 2)
    real = watch_fakes.FakePipeline._one

    def broken(self, document, event, token):
        if document.uri.endswith("poison.txt"):
            raise NameError("name 'x' is not defined")
        return real(self, document, event, token)

    monkeypatch.setattr(watch_fakes.FakePipeline, "_one", broken)
    with watching() as run:
        (run.root / "poison.txt").write_text("SECRET")
        names = fill(run.root, 20)
        assert wait_for(lambda: any("left out" in text for text in run.said), 60)
        assert wait_for(lambda: set(run.looked()) == names, 60)
        monkeypatch.setattr(watch_fakes.FakePipeline, "_one", real)
        (run.root / "poison.txt").write_text("SECRET again")
        assert wait_for(lambda: "poison.txt" in run.looked())


def test_a_changed_registry_is_put_in_force_or_refused(watching, monkeypatch):
    from scanner.model.errors import DossierError
    from scanner.run import live

    monkeypatch.setattr(live, "CHECK_EVERY", 0.1)
    run = watching()
    with run:
        made = run._pipeline
        assert run.opened == 1
        run.home.registry.mkdir(exist_ok=True)
        (run.home.registry / "x.yaml").write_text("1")
        assert wait_for(lambda: any("new one is in force" in text for text in run.said))

        def refuse():
            raise DossierError("org.yaml:3: parties.kind: there is no such kind")

        run.pipeline = refuse
        monkeypatch.setattr(run, "_pipeline", refuse)
        (run.root / "still.txt").write_text("SECRET")
        assert wait_for(lambda: run.looked() == ["still.txt"])
    assert run.opened == 2
    assert made


def test_a_registry_that_cannot_be_opened_leaves_the_old_one_in_force(tmp_path):
    from scanner.home import open_home
    from scanner.model.errors import DossierError
    from scanner.run.live import LivePipeline

    home = open_home(tmp_path / "home")
    opened = []

    class One:
        def close(self) -> None:
            opened.append("closed")

    def make():
        if len(opened) == 1:
            raise DossierError("org.yaml:3: wrong")
        opened.append("opened")
        return One()

    live = LivePipeline(home, make)
    first = live.current
    live._looked = 0.0
    home.registry.mkdir()
    (home.registry / "x").write_text("1")
    assert live.changed()
    assert not live.renew() and live.current is first and "org.yaml:3" in live.refused
    live._looked = 0.0
    assert not live.changed()  # the refused state is not tried again and again


def test_quarantine_notice_command_and_webhook(watching, tmp_path):
    from scanner.watch.deliver import Targets

    posts = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posts.append((self.headers["Idempotency-Key"], json.loads(body)))
            self.send_response(500 if len(posts) == 1 else 200)
            self.end_headers()

        def log_message(self, *args):
            return

    server = http.server.HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    told = tmp_path / "told.json"
    targets = Targets(
        ("sh", "-c", f"cat >> {told}"), f"http://127.0.0.1:{server.server_address[1]}/"
    )
    try:
        with watching(quarantine=tmp_path / "q", targets=targets) as run:
            (run.root / "leak.csv").write_text("SECRET")
            (run.root / "fine.csv").write_text("nothing")
            assert wait_for(lambda: any("moved into the quarantine" in text for text in run.said))
            assert wait_for(lambda: told.exists() and told.read_text())
            assert wait_for(lambda: len(posts) == 2)
            assert not (run.root / "leak.csv").exists() and (run.root / "fine.csv").exists()
            assert (run.root / "leak.csv.leakscan-quarantine.txt").exists()
            from scanner.watch.quarantine import Quarantine

            (entry,) = Quarantine(tmp_path / "q").entries()
            assert entry.state == "held"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    first = json.loads(told.read_text())
    assert first["quarantine_id"] == entry.id and first["path"].endswith("leak.csv")
    assert posts[0] == posts[1] and posts[0][0] == first["incident_id"]


def test_a_restored_document_is_not_taken_again(watching, tmp_path):
    from scanner.watch.quarantine import Quarantine

    with watching(quarantine=tmp_path / "q") as run:
        (run.root / "leak.csv").write_text("SECRET")
        assert wait_for(lambda: not (run.root / "leak.csv").exists())
    quarantine = Quarantine(tmp_path / "q")
    quarantine.restore(quarantine.entries()[0].id, by="li", reason="known")
    again = watching(quarantine=tmp_path / "q")
    with again:
        wait_for(lambda: again.looked().count("leak.csv") == 2)
        time.sleep(0.3)
        assert (again.root / "leak.csv").exists()


def test_metrics_and_health(watching):
    from gc import collect
    from socket import socket

    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with watching(metrics_port=port) as run:
        (run.root / "a.txt").write_text("SECRET")
        assert wait_for(lambda: run.looked() == ["a.txt"])

        def ask(path: str) -> str:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
                return answer.read().decode()

        assert wait_for(lambda: "leakscan_watch_examined_total 1" in ask("/metrics"))
        assert 'leakscan_watch_seconds{quantile="0.99"}' in ask("/metrics")
        assert ask("/health").startswith("ok ")
        with pytest.raises(urllib.error.HTTPError) as refused:
            ask("/etc/passwd")
        refused.value.close()
    collect()


class Process:
    """A watch that can be killed."""

    def __init__(self, tmp_path: Path) -> None:
        self.home, self.root, self.store = (tmp_path / n for n in ("home", "root", "store.db"))
        self.said = tmp_path / "said.txt"
        self.root.mkdir(exist_ok=True)

    def start(self) -> None:
        with self.said.open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, str(Path(__file__).parent / "run_watch.py"),
                 str(self.home), str(self.root), str(self.store)],
                stdout=said, cwd=Path(__file__).parents[2],
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "LEAKSCAN_LANG": "en"},
            )  # fmt: skip
        assert wait_for(lambda: "watched:" in self.said.read_text(), 60)

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)

    def finish(self) -> None:
        if self.process.poll() is None:
            self.end(signal.SIGKILL)


@pytest.fixture
def process(tmp_path):
    made = Process(tmp_path)
    yield made
    made.finish()


def killed_while_writing(watch: Process, kills: int, files: int) -> None:
    watch.start()
    writing = threading.Thread(target=lambda: names.update(fill(watch.root, files)))
    names: set[str] = set()
    writing.start()
    for _ in range(kills):
        time.sleep(0.25)
        watch.end(signal.SIGKILL)
        watch.start()
    writing.join()
    assert wait_for(lambda: len(set(looked(watch.store))) == files, 60)
    assert watch.end(signal.SIGTERM) == 0
    missed = {str(watch.root / name) for name in names} - set(looked(watch.store))
    assert not missed
    assert rows(watch.store, "SELECT count(*) FROM incident") == [((files + 9) // 10,)]


def test_killed_during_a_burst_nothing_is_missed_or_doubled(process):
    killed_while_writing(process, kills=2, files=2500)


@pytest.mark.slow
def test_killed_twenty_times_during_a_burst(process):
    killed_while_writing(process, kills=20, files=60_000)


@pytest.mark.slow
def test_a_hundred_thousand_files_at_once(process):
    """Written as fast as can be while the reader of events has hardly a turn; memory is bounded."""
    process.start()
    names = fill(process.root, 100_000)
    assert wait_for(lambda: len(looked(process.store)) >= len(names), 300)
    status = Path(f"/proc/{process.process.pid}/status").read_text()
    peak = next(int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line)
    assert process.end(signal.SIGTERM) == 0
    assert sorted(looked(process.store)) == sorted(str(process.root / name) for name in names)
    assert peak < 400 * 1024


def test_sigterm_ends_with_0_and_everything_is_examined_once(process):
    process.start()
    (process.root / "first.txt").write_text("SECRET")
    assert wait_for(lambda: len(looked(process.store)) == 1)
    (process.root / "last.txt").write_text("SECRET")
    assert process.end(signal.SIGTERM) == 0
    journal = sqlite3.connect(process.home / "watch" / "journal.db")
    assert journal.execute("SELECT count(*) FROM seen").fetchone()[0] == len(looked(process.store))
    journal.close()
    process.start()
    assert wait_for(lambda: len(looked(process.store)) == 2)
    assert process.end(signal.SIGTERM) == 0
    assert sorted(looked(process.store)) == [
        str(process.root / f"{n}.txt") for n in ("first", "last")
    ]
