"""What people and programs do in a folder, and what the watch makes of it."""

from __future__ import annotations

import mmap
import os
import sys
import time
from pathlib import Path

import pytest
from watch_fakes import rows, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="events of Linux")


def settled(run, count: int) -> bool:
    wait_for(lambda: len(run.looked()) >= count)
    time.sleep(0.3)
    return sorted(run.looked()) and len(run.looked()) == count


def test_a_created_file_is_examined_once_and_its_incident_stored(watching):
    with watching() as run:
        (run.root / "a.txt").write_text("x SECRET y")
        assert settled(run, 1)
    assert run.looked() == ["a.txt"]
    assert rows(run.store, "SELECT seen FROM incident") == [(1,)]


def test_a_slow_writer_is_examined_once_after_it_closed(watching):
    with watching() as run:
        with (run.root / "slow.txt").open("w") as out:
            for _ in range(4):
                out.write("part ")
                out.flush()
                time.sleep(0.25)
            out.write("SECRET")
        assert settled(run, 1)
    assert len(rows(run.store, "SELECT key FROM incident")) == 1


def test_word_saves_through_temporaries_and_only_the_final_name_is_told(watching):
    with watching() as run:
        document = run.root / "plan.docx"
        document.write_text("first")
        wait_for(lambda: run.looked() == ["plan.docx"])
        (run.root / "~$plan.docx").write_text("owner")
        (run.root / "~WRD0000.tmp").write_text("second SECRET")
        os.rename(document, run.root / "~WRL0001.tmp")
        os.rename(run.root / "~WRD0000.tmp", document)
        os.unlink(run.root / "~WRL0001.tmp")
        wait_for(lambda: len(run.looked()) == 2)
        os.unlink(run.root / "~$plan.docx")
        assert settled(run, 2)
    assert run.looked() == ["plan.docx", "plan.docx"]


def test_rsync_and_browser_downloads_are_told_under_their_final_name(watching):
    with watching() as run:
        (run.root / ".list.csv.Ab3dE9").write_text("SECRET")
        os.rename(run.root / ".list.csv.Ab3dE9", run.root / "list.csv")
        (run.root / "page.pdf.crdownload").write_text("SECRET")
        time.sleep(0.5)
        os.rename(run.root / "page.pdf.crdownload", run.root / "page.pdf")
        assert settled(run, 2)
    assert sorted(run.looked()) == ["list.csv", "page.pdf"]


def test_an_old_file_with_the_name_of_a_temporary_is_examined_all_the_same(watching):
    run = watching()
    path = run.root / "~$hidden.docx"
    path.write_text("SECRET")
    from scanner.watch import inspect

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inspect, "PATIENCE", 0.5)
        with run:
            assert settled(run, 1)
    assert run.looked() == ["~$hidden.docx"]


def test_moves_into_place_links_and_deep_new_folders(watching, tmp_path):
    outside = tmp_path / "outside"
    (outside / "tree/inner").mkdir(parents=True)
    (outside / "one.txt").write_text("SECRET")
    (outside / "tree/inner/two.txt").write_text("SECRET")
    with watching() as run:
        os.rename(outside / "one.txt", run.root / "one.txt")
        os.rename(outside / "tree", run.root / "tree")
        os.makedirs(run.root / "a/b/c")
        (run.root / "a/b/c/three.txt").write_text("SECRET")
        os.link(run.root / "one.txt", run.root / "hard.txt")
        os.symlink(run.root / "one.txt", run.root / "soft.txt")
        os.mkfifo(run.root / "pipe")
        wait_for(lambda: len(set(run.looked())) >= 4)
        time.sleep(0.3)
    assert set(run.looked()) == {"one.txt", "tree/inner/two.txt", "a/b/c/three.txt", "hard.txt"}


def test_a_renamed_folder_is_told_under_its_new_name(watching):
    with watching() as run:
        (run.root / "old").mkdir()
        (run.root / "old/list.txt").write_text("SECRET")
        wait_for(lambda: run.looked() == ["old/list.txt"])
        os.rename(run.root / "old", run.root / "new")
        wait_for(lambda: len(run.looked()) == 2)
    assert run.looked() == ["old/list.txt", "new/list.txt"]


def test_a_write_through_a_map_is_seen(watching):
    with watching() as run:
        path = run.root / "mapped.txt"
        path.write_bytes(b"." * 4096)
        wait_for(lambda: run.looked() == ["mapped.txt"])
        with path.open("r+b") as out:
            area = mmap.mmap(out.fileno(), 4096)
        area[:6] = b"SECRET"
        area.flush()
        area.close()
        wait_for(lambda: len(rows(run.store, "SELECT key FROM incident")) == 1)
    assert len(rows(run.store, "SELECT key FROM incident")) == 1


def test_a_change_of_the_same_size_is_examined_again(watching):
    with watching() as run:
        path = run.root / "same.txt"
        path.write_text("public")
        wait_for(lambda: run.looked() == ["same.txt"])
        before = path.stat()
        path.write_text("SECRET")
        os.utime(path, ns=(before.st_mtime_ns, before.st_mtime_ns))
        wait_for(lambda: len(rows(run.store, "SELECT key FROM incident")) == 1)
    assert len(rows(run.store, "SELECT key FROM incident")) == 1


def test_names_that_are_no_text_and_names_with_line_ends(watching):
    names = [b"\xff\xfe.csv", b"new\nline.csv", "客户 名单.csv".encode(), b"=cmd.csv"]
    with watching() as run:
        for name in names:
            with open(os.path.join(os.fsencode(run.root), name), "wb") as out:
                out.write(b"SECRET")
        wait_for(lambda: len(run.looked()) == 4)
    assert len(rows(run.store, "SELECT key FROM incident")) == 4
    assert all("\n" not in text for text in run.said)


def test_a_path_that_vanishes_and_one_that_may_not_be_read(watching, monkeypatch):
    from scanner.watch import service

    monkeypatch.setattr(service, "RETRIES", 1)
    with watching() as run:
        for number in range(200):
            path = run.root / f"{number}.txt"
            path.write_text("SECRET")
            os.unlink(path)
        (run.root / "stays.txt").write_text("SECRET")
        wait_for(lambda: "stays.txt" in run.looked())
    assert [row[0] for row in rows(run.store, "SELECT count(*) FROM incident")] == [1]


def test_a_loop_of_links_ends(watching):
    run = watching()
    (run.root / "a").mkdir()
    os.symlink(run.root, run.root / "a/up")
    os.symlink("loop", run.root / "loop")
    (run.root / "a/x.txt").write_text("SECRET")
    with run:
        (run.root / "a/y.txt").write_text("SECRET")
        assert settled(run, 2)
    assert sorted(run.looked()) == ["a/x.txt", "a/y.txt"]


def test_a_folder_that_is_none_and_a_second_watch_are_refused(watching, tmp_path):
    from scanner.model.errors import UsageError

    with pytest.raises(UsageError, match="no folder"), watching(paths=[tmp_path / "none"]):
        pass
    with watching(), pytest.raises(UsageError, match="another"), watching():
        pass


assert Path
