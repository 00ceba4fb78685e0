"""A hostile tree through walk and pool: each thing in it is accounted for exactly once."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.home import open_home
from scanner.model.document import Document
from scanner.model.outcome import Coverage
from scanner.run.sandbox.pool import Pool
from scanner.settings import load_settings
from scanner.source.folder import walk

LINE = "王小明 13800138000 wang@example.com\n"
NAMES = [
    b"\xff\xfe.csv",
    b"line\nbreak.csv",
    b"\x1b[2Jescape.txt",
    "bidi‮txt.exe".encode(),
    b"=1+1.csv",
    b"n" * 251 + b".txt",
    b"-rf.txt",
    b"a!b.txt",
    b"a;b,c\t.txt",
]


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    root = str(Path(__file__).resolve().parents[2])
    sys.path.insert(0, root)
    home = open_home(tmp_path_factory.mktemp("home"))
    watching = ("tests.hostile.watching:DETECTOR",)
    with Pool(home, load_settings(deadline_seconds=30), workers=2, detectors=watching) as made:
        yield made
    sys.path.remove(root)


def build(root: bytes) -> None:
    for name in NAMES:
        with open(os.path.join(root, name), "w") as out:
            out.write(LINE)
    os.mkfifo(os.path.join(root, b"fifo"))
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(os.path.join(root, b"socket"))
    os.symlink("/etc/passwd", os.path.join(root, b"out"))
    os.symlink(b"loop", os.path.join(root, b"loop"))
    os.link(os.path.join(root, NAMES[0]), os.path.join(root, b"hard"))
    open(os.path.join(root, b"empty"), "w").close()
    with open(os.path.join(root, b"sparse"), "w") as out:
        out.write(LINE)
        out.truncate(1 << 40)
    deep = os.open(root, os.O_RDONLY)
    for _ in range(300):
        os.mkdir(b"d" * 40, dir_fd=deep)
        step = os.open(b"d" * 40, os.O_RDONLY, dir_fd=deep)
        os.close(deep)
        deep = step
    with os.fdopen(os.open(b"deep.txt", os.O_CREAT | os.O_WRONLY, 0o600, dir_fd=deep), "w") as out:
        out.write(LINE)
    os.close(deep)


def test_everything_is_accounted_for_once(pool: Pool, tmp_path: Path) -> None:
    build(os.fsencode(tmp_path))
    found = list(walk([tmp_path]))
    documents = [one for one in found if isinstance(one, Document)]
    others = {os.path.basename(one.path): one.reason for one in found if one not in documents}
    assert others == {b"fifo": "special", b"socket": "special", b"out": "link", b"loop": "link"}
    results = list(pool.run(documents))
    assert sorted(d.uri for d, _ in results) == sorted(d.uri for d in documents)
    listed = subprocess.run(
        ["find", tmp_path, "!", "-type", "d", "-print0"], capture_output=True, check=True
    )
    assert len(found) == listed.stdout.count(b"\0") == len(NAMES) + 8
    for document, objects in results:
        assert objects[0].outcome.coverage is Coverage.COMPLETE, document.uri
        seen = {word for finding in objects[0].findings for word in finding.reasons}
        assert len(seen) == (0 if document.uri.endswith("/empty") else 3), document.uri
    subprocess.run(["rm", "-rf", tmp_path / ("d" * 40)], check=True)
