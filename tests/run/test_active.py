"""The measure log says from when to when the scanner was active."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from scanner.home import open_home
from scanner.record.store import Store
from scanner.run.active import active


def spans(home) -> list:
    with Store.open(home) as store:
        return [one for one in store.select().measures() if one.kind == "watch"]


def test_an_active_span_is_open_until_it_ends(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    with active(home, "watch", "/srv", beat=0.02):
        (span,) = spans(home)
        assert span.open
        until = time.monotonic() + 10
        while spans(home)[0].ended_at == span.ended_at and time.monotonic() < until:
            time.sleep(0.2)
        assert spans(home)[0].ended_at > span.ended_at
    (span,) = spans(home)
    assert not span.open
    assert span.text == "/srv"


def test_a_crash_inside_ends_the_span_too(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    with pytest.raises(RuntimeError), active(home, "watch", "/srv"):
        raise RuntimeError
    assert not spans(home)[0].open
