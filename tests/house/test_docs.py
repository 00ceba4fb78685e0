"""The documentation is true: generated pages are current, links lead somewhere, exit codes stand."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])


def builder():
    spec = importlib.util.spec_from_file_location("docs_build", ROOT / "docs" / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["commands", "settings"])
def test_generated_pages_are_current(page: str) -> None:
    written = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    assert written == getattr(builder(), page)(), "run: python docs/build.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    assert [t for t in targets if not (page.parent / t).exists()] == []


def test_readme_commands_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    for told in re.findall(r"^    leakscan ((?:registry )?[a-z-]+)", readme, re.MULTILINE):
        assert f"## leakscan {told}\n" in commands, told


def test_readme_names_every_exit_code() -> None:
    from scanner.cli import options

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    codes = {options.OK, options.INCIDENTS, options.USAGE, options.UNREAD}
    assert {int(code) for code in re.findall(r"^\| (\d) \|", readme, re.MULTILINE)} == codes


def test_every_room_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for room in ("model", "text", "columns", "index", "registry", "run"):
        assert f"`scanner/{room}`" in readme


def test_makefile_targets_named_in_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"make ([a-z-]+)", (ROOT / "README.md").read_text(encoding="utf-8")):
        if target != "and":
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_nothing_names_this_machine_or_a_registry_host() -> None:
    bad = re.compile("|".join(["/work/" + "main", "pypi" + r"\.org", "pythonhosted" + r"\.org"]))
    tracked = [p for p in ROOT.rglob("*") if p.suffix in {".py", ".md", ".toml", ".yaml", ".c"}]
    skip = {".venv", ".venv-ci", "build", "dist", ".git"}
    named = [
        p
        for p in tracked
        if not skip & set(p.relative_to(ROOT).parts) and bad.search(p.read_text("utf-8", "replace"))
    ]
    assert named == []
