"""Documents moved away, and put back."""

from __future__ import annotations

import json
import os
import stat

import pytest

from scanner.model.errors import UsageError
from scanner.source.watched import state_of
from scanner.watch import quarantine as module
from scanner.watch.quarantine import NOTICE, Quarantine, sha256_of


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "客户"
    folder.mkdir()
    path = folder / "list \n.csv"
    path.write_bytes(b"content")
    path.chmod(0o640)
    os.utime(path, ns=(10**18, 10**18))
    return path


def take(quarantine: Quarantine, path, signature=None):
    raw = os.fsencode(path)
    return quarantine.take(raw, signature or state_of(os.lstat(raw)), "", ("I1",))


def test_taken_and_put_back_whole(tmp_path, place):
    quarantine = Quarantine(tmp_path / "q")
    entry = take(quarantine, place)
    assert not place.exists()
    held = tmp_path / "q" / f"{entry.id}.held"
    assert held.read_bytes() == b"content"
    assert stat.S_IMODE((tmp_path / "q").stat().st_mode) == 0o700
    assert stat.S_IMODE(held.stat().st_mode) == 0o600
    assert entry.sha256 == sha256_of(os.fsencode(held)) and entry.incidents == ("I1",)
    quarantine.notice(entry)
    notice = os.fsencode(place) + NOTICE
    with open(notice, encoding="utf-8") as source:
        text = source.read()
    assert entry.id in text and "隔离" in text and "quarantine" in text
    assert quarantine.restore(entry.id, by="li", reason="looked at") == place
    assert place.read_bytes() == b"content" and not held.exists() and not os.path.exists(notice)
    assert stat.S_IMODE(place.stat().st_mode) == 0o640 and place.stat().st_mtime_ns == 10**18
    assert quarantine.released(os.fsencode(place), entry.sha256)
    last = json.loads((tmp_path / "q/manifest.jsonl").read_text().splitlines()[-1])
    assert (last["state"], last["by"], last["reason"]) == ("restored", "li", "looked at")


def test_a_document_that_changed_or_went_is_left_alone(tmp_path, place):
    quarantine = Quarantine(tmp_path / "q")
    assert take(quarantine, place, signature="another") is None
    assert place.read_bytes() == b"content"
    state = state_of(os.lstat(place))
    place.unlink()
    assert take(quarantine, place, signature=state) is None
    os.symlink("/etc/passwd", place)
    assert take(quarantine, place, signature=state) is None
    assert os.path.islink(place)


def test_what_was_put_under_its_name_meanwhile_is_put_back(tmp_path, place, monkeypatch):
    quarantine = Quarantine(tmp_path / "q")
    real = os.rename

    def swapped(source, target, **kwargs):
        if kwargs.get("src_dir_fd") is not None and not os.path.exists(place.parent / "was"):
            monkeypatch.setattr(os, "rename", real)
            real(place, place.parent / "was")
            place.write_bytes(b"another document")
        return real(source, target, **kwargs)

    monkeypatch.setattr(os, "rename", swapped)
    assert take(quarantine, place) is None
    assert place.read_bytes() == b"another document"
    assert (place.parent / "was").read_bytes() == b"content"


def test_onto_another_file_system(tmp_path, place, monkeypatch):
    quarantine = Quarantine(tmp_path / "q")
    real = os.rename

    def across(source, target, **kwargs):
        if os.fsencode(target).endswith(b".held") and kwargs.get("src_dir_fd") is not None:
            raise OSError(18, "Invalid cross-device link")
        return real(source, target, **kwargs)

    monkeypatch.setattr(os, "rename", across)
    entry = take(quarantine, place)
    assert not place.exists() and sorted(os.listdir(place.parent)) == []
    assert (tmp_path / "q" / f"{entry.id}.held").read_bytes() == b"content"


def test_a_restore_never_overwrites(tmp_path, place):
    quarantine = Quarantine(tmp_path / "q")
    entry = take(quarantine, place)
    place.write_bytes(b"new")
    with pytest.raises(UsageError, match="exists"):
        quarantine.restore(entry.id)
    assert place.read_bytes() == b"new"
    elsewhere = quarantine.restore(entry.id, to=tmp_path / "other.csv")
    assert elsewhere.read_bytes() == b"content"
    with pytest.raises(UsageError, match="no document"):
        quarantine.restore(entry.id)


STEPS = ["rename", "fsync", "unlink", "link"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("crossing", [False, True])
def test_a_crash_at_any_step_leaves_the_document_in_one_place(
    tmp_path, place, monkeypatch, step, number, crossing
):
    """Power goes at the n-th call of a system function; then the quarantine is opened anew."""

    class Crash(BaseException):
        pass

    real = getattr(os, step)
    real_rename = os.rename
    calls = 0

    def crashing(*args, **kwargs):
        nonlocal calls
        calls += 1
        if calls == number + 1:
            raise Crash
        return real(*args, **kwargs)

    def across(source, target, **kwargs):
        if crossing and os.fsencode(target).endswith(b".held") and "src_dir_fd" in kwargs:
            raise OSError(18, "Invalid cross-device link")
        return (crashing if step == "rename" else real_rename)(source, target, **kwargs)

    quarantine = Quarantine(tmp_path / "q")
    with monkeypatch.context() as patch:
        patch.setattr(os, step, crashing)
        patch.setattr(os, "rename", across)
        try:
            entry = take(quarantine, place)
            if entry is not None:
                quarantine.restore(entry.id)
        except (Crash, OSError):
            pass
    again = Quarantine(tmp_path / "q")
    held = sorted((tmp_path / "q").glob("*.held"))
    states = {entry.id: entry.state for entry in again.entries()}
    copies = [place] * place.exists() + held
    assert len(copies) == 1, (states, os.listdir(place.parent), os.listdir(tmp_path / "q"))
    assert copies[0].read_bytes() == b"content"
    assert "moving" not in states.values()
    if held:
        assert states[held[0].name.removesuffix(".held")] == "held"
        assert again.restore(held[0].name.removesuffix(".held"), to=tmp_path / "back") is not None


assert module
