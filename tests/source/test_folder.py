"""Walking folders: every regular file once, everything else with its reason."""

from __future__ import annotations

import errno
import os
import socket
import stat
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.document import Channel, Document, Readers
from scanner.model.errors import Unread
from scanner.model.outcome import is_reason
from scanner.source import _opening, _tree
from scanner.source._names import display
from scanner.source.folder import Unwalked, document_of, open_document, signature_of, walk

ROOT_USER = os.geteuid() == 0


def seen(*paths: Path | bytes) -> tuple[list[Document], dict[str, str]]:
    """The documents, and the reasons of what is none, by shown path."""
    documents, others = [], {}
    for found in walk(paths):
        if isinstance(found, Document):
            documents.append(found)
        else:
            assert isinstance(found, Unwalked)
            assert is_reason(found.reason)
            others[found.uri] = found.reason
    return documents, others


def tree(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def test_every_file_in_the_order_of_its_names(tmp_path: Path) -> None:
    tree(tmp_path, "b/2.txt", "b/1.txt", "a.txt", "c/d/e.txt", "客户.csv", ".hidden")
    documents, others = seen(tmp_path)
    assert [d.uri.removeprefix(f"{tmp_path}/") for d in documents] == [
        ".hidden",
        "a.txt",
        "客户.csv",
        "b/1.txt",
        "b/2.txt",
        "c/d/e.txt",
    ]
    assert others == {}
    assert all(d.size == len(Path(os.fsdecode(d.path or b"")).read_bytes()) for d in documents)


def test_a_document_tells_where_it_comes_from(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("x")
    os.utime(path, ns=(0, 1_700_000_000_123_456_789))
    (document,) = walk([path], Channel.WATCH)
    assert isinstance(document, Document)
    info = path.stat()
    assert document.provenance.channel is Channel.WATCH
    assert document.provenance.owner == path.owner()
    assert document.provenance.modified_at is not None
    assert document.provenance.modified_at.utcoffset() is not None
    assert document.provenance.modified_at.timestamp() == pytest.approx(1_700_000_000.123, abs=0.01)
    assert document.signature == f"1:{info.st_mtime_ns}:{info.st_ctime_ns}:{info.st_ino}"
    assert signature_of(document) == document.signature
    path.write_text("y")
    assert signature_of(document) != document.signature


def test_a_time_that_is_no_date_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("x")
    try:
        os.utime(path, ns=(0, (1 << 62) - 1))
    except OSError:
        pytest.skip("the file system refuses such times")
    (document,) = walk([path])
    assert isinstance(document, Document)


@pytest.mark.parametrize(
    ("folder", "file", "readers"),
    [
        (0o755, 0o644, Readers.EVERYONE),
        (0o755, 0o640, Readers.GROUP),
        (0o755, 0o600, Readers.PRIVATE),
        (0o755, 0o604, Readers.EVERYONE),
        (0o750, 0o644, Readers.GROUP),
        (0o700, 0o644, Readers.PRIVATE),
        (0o711, 0o644, Readers.EVERYONE),
        (0o710, 0o640, Readers.GROUP),
        (0o700, 0o666, Readers.PRIVATE),
    ],
)
def test_readers_by_modes_of_file_and_folder(tmp_path, monkeypatch, folder, file, readers) -> None:
    monkeypatch.setattr("scanner.source.folder.parents_of", lambda path, lists: Readers.EVERYONE)
    inner = tmp_path / "in"
    inner.mkdir()
    (inner / "a.txt").write_text("x")
    (inner / "a.txt").chmod(file)
    inner.chmod(folder)
    (document,) = walk([inner])
    assert isinstance(document, Document)
    assert document.provenance.readers is readers


def test_readers_are_no_more_than_the_folders_above_let_through(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    tree(closed, "open/a.txt")
    (closed / "open").chmod(0o755)
    (closed / "open/a.txt").chmod(0o644)
    closed.chmod(0o700)
    for path in (closed / "open", closed / "open/a.txt"):
        (document,) = walk([path])
        assert isinstance(document, Document)
        assert document.provenance.readers is Readers.PRIVATE


def acl(*entries: tuple[int, int, int]) -> bytes:
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


NOBODY = 0xFFFFFFFF


@pytest.mark.parametrize(
    ("entries", "readers"),
    [
        ([(1, 6, NOBODY), (2, 4, 1234), (4, 0, NOBODY), (16, 4, NOBODY), (32, 0, NOBODY)], Readers.GROUP),
        ([(1, 6, NOBODY), (2, 4, 1234), (4, 0, NOBODY), (16, 0, NOBODY), (32, 0, NOBODY)], Readers.PRIVATE),
        ([(1, 6, NOBODY), (4, 0, NOBODY), (8, 4, 1234), (16, 7, NOBODY), (32, 0, NOBODY)], Readers.GROUP),
        ([(1, 6, NOBODY), (2, 4, 1234), (4, 0, NOBODY), (16, 4, NOBODY), (32, 4, NOBODY)], Readers.EVERYONE),
    ],
)  # fmt: skip
def test_access_lists_count(tmp_path, monkeypatch, entries, readers) -> None:
    monkeypatch.setattr("scanner.source.folder.parents_of", lambda path, lists: Readers.EVERYONE)
    tmp_path.chmod(0o755)
    path = tmp_path / "a.txt"
    path.write_text("x")
    path.chmod(0o600)
    try:
        os.setxattr(path, "system.posix_acl_access", acl(*entries))
    except OSError:
        pytest.skip("no access lists on this file system")
    (document,) = walk([tmp_path])
    assert isinstance(document, Document)
    assert document.provenance.readers is readers
    (alone,) = walk([path])
    assert alone == document


def test_special_files_are_told_and_never_opened(tmp_path: Path) -> None:
    tree(tmp_path, "a.txt")
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "sock"))
        documents, others = seen(tmp_path)
    assert [d.uri for d in documents] == [f"{tmp_path}/a.txt"]
    assert others == {f"{tmp_path}/fifo": "special", f"{tmp_path}/sock": "special"}


def test_devices_and_the_kernels_own_files_are_special() -> None:
    assert seen(Path("/dev/zero"))[1] == {"/dev/zero": "special"}
    assert seen(Path("/proc/self/status"))[1] == {"/proc/self/status": "special"} or seen(
        Path("/proc/self/status")
    )[1] == {f"/proc/{os.getpid()}/status": "special"}
    assert seen(Path("/proc"))[1] == {"/proc": "special"}
    assert seen(Path("/sys/kernel"))[1] == {"/sys/kernel": "special"}


def test_links_out_of_the_tree_are_told_and_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    root = tmp_path / "root"
    tree(outside, "secret.txt", "deep/other.txt")
    tree(root, "a/real.txt")
    (root / "file").symlink_to(outside / "secret.txt")
    (root / "folder").symlink_to(outside)
    (root / "dangling").symlink_to(outside / "none")
    (root / "loop").symlink_to(root / "loop")
    (root / "inside").symlink_to(root / "a/real.txt")
    (root / "a/up").symlink_to(root)
    documents, others = seen(root)
    assert [d.uri for d in documents] == [f"{root}/a/real.txt"]
    told = {uri.removeprefix(f"{root}/"): reason for uri, reason in others.items()}
    assert told == dict.fromkeys(("file", "folder", "dangling", "loop"), "link")


def test_a_root_given_as_a_link_is_walked_under_the_given_name(tmp_path: Path) -> None:
    tree(tmp_path / "real", "a.txt")
    (tmp_path / "name").symlink_to(tmp_path / "real")
    documents, others = seen(tmp_path / "name")
    assert [d.uri for d in documents] == [f"{tmp_path}/name/a.txt"]
    assert documents[0].path == os.fsencode(tmp_path / "real/a.txt")
    assert others == {}


def test_hard_links_are_documents_each(tmp_path: Path) -> None:
    tree(tmp_path, "a.txt")
    os.link(tmp_path / "a.txt", tmp_path / "b.txt")
    documents, _ = seen(tmp_path)
    assert [Path(d.uri).name for d in documents] == ["a.txt", "b.txt"]


def test_a_file_under_two_roots_comes_once(tmp_path: Path) -> None:
    tree(tmp_path, "a/b/1.txt", "a/2.txt")
    for roots in ([tmp_path, tmp_path / "a/b"], [tmp_path / "a/b", tmp_path], [tmp_path, tmp_path]):
        documents, others = seen(*roots)
        assert sorted(Path(d.uri).name for d in documents) == ["1.txt", "2.txt"]
        assert others == {}


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    assert seen(tmp_path / "none") == ([], {f"{tmp_path}/none": "unreadable:ENOENT"})
    found = document_of(tmp_path / "none")
    assert isinstance(found, Unwalked)
    assert found.reason == "unreadable:ENOENT"


def as_nobody(code: str, *arguments: str) -> str:
    """Runs code as a user without rights; its imports are done before."""
    script = (
        "import os, pwd, sys\n"
        "from scanner.source.folder import walk, open_document, Unwalked\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
    )
    environment = dict(os.environ, PYTHONPATH=str(Path(__file__).resolve().parents[2]))
    done = subprocess.run(
        [sys.executable, "-c", script + code, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(not ROOT_USER, reason="needs to become another user")
def test_folders_and_files_that_are_refused_have_their_reason(tmp_path_factory) -> None:
    root = tmp_path_factory.mktemp("refused")
    for parent in root.parents:
        if parent.stat().st_mode & 0o001 == 0:
            parent.chmod(parent.stat().st_mode | 0o011)
    root.chmod(0o755)
    tree(root, "closed/a.txt", "listed/b.txt", "open/c.txt")
    (root / "closed").chmod(0)
    (root / "listed").chmod(0o744)
    (root / "open").chmod(0o755)
    (root / "open/c.txt").chmod(0)
    code = (
        "for found in walk([sys.argv[1]]):\n"
        "    if isinstance(found, Unwalked): print(found.uri, found.reason); continue\n"
        "    try: open_document(found); print(found.uri, 'opened')\n"
        "    except Exception as error: print(found.uri, error.reason)\n"
    )
    told = dict(line.rsplit(" ", 1) for line in as_nobody(code, str(root)).splitlines())
    assert told == {
        f"{root}/closed": "unreadable:EACCES",
        f"{root}/listed/b.txt": "unreadable:EACCES",
        f"{root}/open/c.txt": "unreadable:EACCES",
    }


# ---- depth and length


def deep(root: Path, levels: int, name: bytes = b"d") -> None:
    fd = os.open(root, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir(name, dir_fd=fd)
        step = os.open(name, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = step
    with os.fdopen(os.open(b"bottom.txt", os.O_CREAT | os.O_WRONLY, 0o600, dir_fd=fd), "w") as out:
        out.write("deep")
    os.close(fd)


def remove_deep(root: Path) -> None:
    subprocess.run(["rm", "-rf", str(root)], check=True)


@pytest.mark.parametrize(("levels", "name"), [(3000, b"d"), (200, b"n" * 100)])
def test_a_tree_deeper_than_any_path(tmp_path: Path, levels: int, name: bytes) -> None:
    root = tmp_path / "deep"
    root.mkdir()
    deep(root, levels, name)
    tree(root, "z.txt")
    before = len(os.listdir("/proc/self/fd"))
    documents, others = seen(root)
    assert others == {}
    assert [d.uri.rpartition("/")[2] for d in documents] == ["z.txt", "bottom.txt"]
    fd = open_document(documents[1])
    assert os.read(fd, 9) == b"deep"
    os.close(fd)
    assert len(os.listdir("/proc/self/fd")) == before
    remove_deep(root)


@pytest.mark.slow
def test_a_tree_of_a_hundred_thousand_levels(tmp_path: Path) -> None:
    root = tmp_path / "deep"
    root.mkdir()
    deep(root, 100_000)
    documents, others = seen(root)
    assert others == {}
    fd = open_document(documents[0])
    assert os.read(fd, 9) == b"deep"
    os.close(fd)
    remove_deep(root)


def test_folders_that_branch_at_every_depth_are_all_entered(tmp_path: Path, monkeypatch) -> None:
    """More levels than descriptors that stay open, with folders to come back to at each."""
    monkeypatch.setattr(_tree, "_HELD", 3)
    path = tmp_path
    for level in range(30):
        tree(path, "a/x.txt", "z/x.txt", f"{level}.txt")
        path = path / "m"
        path.mkdir()
    documents, others = seen(tmp_path)
    assert others == {}
    found = subprocess.run(
        ["find", str(tmp_path), "-type", "f"], capture_output=True, text=True, check=True
    )
    assert sorted(d.uri for d in documents) == sorted(found.stdout.splitlines())
    assert len(documents) == 90


def test_a_folder_that_moves_away_during_the_walk_loses_nothing_in_silence(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(_tree, "_HELD", 1)
    root, away = tmp_path / "root", tmp_path / "away"
    tree(root, "a/b/c/1.txt", "a/z/2.txt", "y/3.txt")
    told = []
    for found in walk([root]):
        told.append(found)
        if found.uri.endswith("1.txt"):
            (root / "a/b").rename(away)
    assert {Path(f.uri).name: getattr(f, "reason", "") for f in told} == {
        "1.txt": "",
        "z": "unreadable:ESTALE",
        "y": "unreadable:ESTALE",
    }


# ---- names


NAMES = [
    b"\xff\xfe.csv",
    b"a\nb.csv",
    b"\x1b[31mred.csv",
    "evil‮gpj.exe".encode(),
    b"=cmd|' C calc'!A0.csv",
    b"n" * 255,
    "名" * 85 + "",
    b"back\\slash",
    b" space ",
    b"tab\t",
    "zero​width".encode(),
    "\x85next".encode(),
]


def test_hostile_names_are_shown_on_one_line_and_open(tmp_path: Path) -> None:
    names = [name.encode() if isinstance(name, str) else name for name in NAMES]
    for name in names:
        with open(os.path.join(os.fsencode(tmp_path), name), "wb") as out:
            out.write(name)
    documents, others = seen(tmp_path)
    assert others == {}
    assert len(documents) == len(names)
    for document in documents:
        assert document.uri.isprintable()
        document.uri.encode("utf-8")
        fd = open_document(document)
        assert os.read(fd, 300) == os.path.basename(document.path or b"")
        os.close(fd)


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_two_names_are_never_shown_alike(one: bytes, other: bytes) -> None:
    assert (display(one) == display(other)) == (one == other)


@given(st.text(max_size=30))
def test_shown_names_are_printable_and_plain_ones_unchanged(name: str) -> None:
    shown = display(name.encode("utf-8", "surrogatepass"))
    assert shown.isprintable()
    if name.isprintable() and "\\" not in name and name.isascii():
        assert shown == name


# ---- opening


def document(path: bytes | Path) -> Document:
    return Document("x", os.fsencode(path))


@pytest.fixture(params=["openat2", "by component"])
def way(request, monkeypatch) -> str:
    if request.param == "by component":
        monkeypatch.setattr(_opening, "_openat2_missing", True)
    return request.param


@pytest.mark.parametrize("case", ["final", "parent", "climbs", "fifo", "folder", "null", "gone"])
def test_opening_follows_no_link_and_opens_regular_files_only(way, tmp_path, case) -> None:
    tree(tmp_path, "real/a.txt")
    (tmp_path / "file").symlink_to(tmp_path / "real/a.txt")
    (tmp_path / "folder").symlink_to(tmp_path / "real")
    os.mkfifo(tmp_path / "fifo")
    path, reason = {
        "final": (tmp_path / "file", "link"),
        "parent": (tmp_path / "folder/a.txt", "link"),
        "climbs": (os.fsencode(tmp_path) + b"/real/../real/a.txt", "link"),
        "fifo": (tmp_path / "fifo", "special"),
        "folder": (tmp_path / "real", "special"),
        "null": (Path("/dev/null"), "special"),
        "gone": (tmp_path / "real/none.txt", "unreadable:ENOENT"),
    }[case]
    with pytest.raises(Unread) as caught:
        open_document(document(path))
    assert caught.value.reason == reason
    fd = open_document(document(tmp_path / "real/a.txt"))
    assert stat.S_ISREG(os.fstat(fd).st_mode)
    assert os.get_inheritable(fd) is False
    os.close(fd)


def test_a_parent_swapped_for_a_link_after_the_walk_is_not_followed(way, tmp_path: Path) -> None:
    tree(tmp_path, "tree/sub/a.txt", "secret/a.txt")
    documents, _ = seen(tmp_path / "tree")
    (tmp_path / "tree/sub").rename(tmp_path / "moved")
    (tmp_path / "tree/sub").symlink_to(tmp_path / "secret")
    with pytest.raises(Unread) as caught:
        open_document(documents[0])
    assert caught.value.reason == "link"


@pytest.mark.parametrize(
    ("code", "opened_at"), [("EIO", 2), ("ESTALE", 3), ("EACCES", 2), ("EIO", 9)]
)
def test_a_refusal_that_may_pass_is_tried_again(tmp_path, monkeypatch, code, opened_at) -> None:
    tree(tmp_path, "a.txt")
    real, calls = _opening.open_real, []

    def shaky(path: bytes) -> int:
        calls.append(path)
        if len(calls) < opened_at:
            raise OSError(getattr(errno, code), code)
        return real(path)

    monkeypatch.setattr(_opening, "PAUSES", (0.0, 0.0))
    monkeypatch.setattr(_opening, "open_real", shaky)
    if code != "EACCES" and opened_at <= 3:
        os.close(open_document(document(tmp_path / "a.txt")))
        assert len(calls) == opened_at
    else:
        with pytest.raises(Unread) as caught:
            open_document(document(tmp_path / "a.txt"))
        assert caught.value.reason == f"unreadable:{code}"
        assert len(calls) == (1 if code == "EACCES" else 3)


def test_totals_agree_with_an_independent_walk(tmp_path: Path) -> None:
    tree(tmp_path, *(f"{n % 7}/{n % 3}/f{n}.txt" for n in range(200)))
    os.mkfifo(tmp_path / "1/fifo")
    (tmp_path / "2/link").symlink_to("/etc/passwd")
    documents, others = seen(tmp_path)
    found = subprocess.run(
        ["find", str(tmp_path), "-not", "-type", "d"], capture_output=True, text=True, check=True
    )
    assert sorted([*(d.uri for d in documents), *others]) == sorted(found.stdout.splitlines())
