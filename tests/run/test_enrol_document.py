"""Registering a document says what of it could not be read."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from typer.testing import CliRunner

from scanner.cli.main import app

WORDS = [
    "price",
    "policy",
    "spring",
    "dealer",
    "north",
    "rebate",
    "margin",
    "order",
    "volume",
    "season",
    "region",
    "quota",
]
TEXT = " ".join(f"{WORDS[at % 12]} {WORDS[at * 7 % 11]} {at}" for at in range(400))


def leakscan(home: Path, *arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["--home", str(home), *map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def archive(path: Path, whole: bool) -> Path:
    """Two members; where it is not whole, the second one's bytes are damaged."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("plan.txt", TEXT)
        made.writestr("more.txt", "".join(f"{at} other words " for at in range(900)))
    if not whole:
        raw = bytearray(path.read_bytes())
        at = raw.find(b"more.txt") + 400
        raw[at : at + 60] = b"\xff" * 60
        path.write_bytes(bytes(raw))
    return path


def test_a_whole_document_ends_with_nothing_unread(tmp_path) -> None:
    file = archive(tmp_path / "plan.zip", whole=True)
    code, said = leakscan(
        tmp_path / "home", "registry", "add-document", file, "--id", "p", "--json"
    )
    told = json.loads(said)
    assert (code, told["unread"]) == (0, [])
    assert told["fingerprints"] > 50


def test_a_document_read_in_part_is_registered_and_told(tmp_path) -> None:
    file = archive(tmp_path / "plan.zip", whole=False)
    home = tmp_path / "home"
    code, said = leakscan(home, "registry", "add-document", file, "--id", "p", "--json")
    told = json.loads(said)
    assert code == 3
    assert [(one["file"], one["coverage"]) for one in told["unread"]] == [(str(file), "PARTIAL")]
    assert told["unread"][0]["reason"]
    code, said = leakscan(home, "registry", "add-document", file, "--id", "q")
    assert code == 3
    assert "was not read whole" in said
    (tmp_path / "mail.txt").write_text(f"Hello,\n{TEXT}", encoding="utf-8")
    code, said = leakscan(home, "check", tmp_path / "mail.txt", "--json")
    assert code == 1, said


def test_an_ordinary_text_read_in_part_is_told(tmp_path) -> None:
    (tmp_path / "plan.txt").write_text(TEXT.replace("margin", "profit"), encoding="utf-8")
    ordinary = archive(tmp_path / "template.zip", whole=False)
    arguments = ("registry", "add-document", tmp_path / "plan.txt", "--id", "p", "--json")
    code, said = leakscan(tmp_path / "home", *arguments, "--ordinary", ordinary)
    assert code == 3
    assert [one["file"] for one in json.loads(said)["unread"]] == [str(ordinary)]
