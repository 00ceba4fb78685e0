"""`leakscan entities` says where a file was not read or searched whole."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from scanner.cli.main import app
from scanner.detect import entities
from scanner.home import open_home
from scanner.run.lines import told_entities
from scanner.settings import load_settings
from tests.entities.slow import ENDLESS, slow_scanner


def test_a_pattern_that_does_not_finish_makes_the_file_partial(tmp_path, monkeypatch):
    scanner = slow_scanner(monkeypatch)
    monkeypatch.setattr(entities, "scanner_for", lambda home: scanner)
    home = open_home(tmp_path / "home")
    file = tmp_path / "note.txt"
    file.write_text("TK-1234 is short\n")
    settings = load_settings(home.settings_file)
    assert [
        line["type"] for line in told_entities(home, file, settings, lists=False, blind=False)
    ] == ["FINE"]
    file.write_text(ENDLESS + "\n")
    lines = list(told_entities(home, file, settings, lists=False, blind=False))
    assert [line.get("type") for line in lines] == ["SLOW", "FINE", None]
    assert lines[-1] == {
        "coverage": "PARTIAL",
        "reason": "pattern-timeout",
        "detail": "slow: slow",
    }


def test_a_file_that_cannot_be_read_whole_is_told_and_ends_with_three(tmp_path):
    file = tmp_path / "cut.zip"
    file.write_bytes(b"PK\x03\x04" + b"\0" * 10)
    for options in ([], ["--lists"]):
        done = CliRunner().invoke(
            app, ["--home", str(tmp_path / "home"), "entities", str(file), *options]
        )
        assert done.exit_code == 3, done.output
        last = json.loads(done.stdout.splitlines()[-1])
        assert last["coverage"] in {"PARTIAL", "SKIPPED"} and last["reason"]
