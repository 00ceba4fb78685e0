"""The house: imports point one way, files stay small, the wheel carries its data."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "scanner"
STAGES = {"source", "extract", "detect", "judge", "record", "report"}
SURFACES = {"cli", "watch", "gateway"}
BESIDE_TEXT = {"catalogue", "settings", "home", "resources", "messages", "text"}
RANK = {
    "model": 0,
    **dict.fromkeys(BESIDE_TEXT, 1),
    "columns": 2,
    "index": 3,
    "registry": 4,
    **dict.fromkeys(STAGES, 5),
    "run": 6,
    **dict.fromkeys(SURFACES, 7),
}
# The command line is what starts the other surfaces.
STARTS = {("cli", "watch"), ("cli", "gateway")}


def room_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "scanner" and len(parts) > 1 else None


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            base = node.module or ""
            found |= (
                {base} if base != "scanner" else {f"scanner.{name.name}" for name in node.names}
            )
    return found


def wrong_way(here: str, there: str) -> bool:
    if here == there or (here, there) in STARTS:
        return False
    if here in BESIDE_TEXT and there in BESIDE_TEXT:
        return False
    return RANK[there] >= RANK[here]


SOURCES = sorted(PACKAGE.rglob("*.py"))


def test_every_room_has_a_place_in_the_order() -> None:
    rooms = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in SOURCES}
    assert rooms - {"__init__", "__main__"} == set(RANK)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_left(path: Path) -> None:
    here = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if here in ("__init__", "__main__"):
        return
    rooms = {room for module in imports(path) if (room := room_of(module)) in RANK}
    assert {there for there in rooms if wrong_way(here, there)} == set()


def test_the_rule_itself_can_fail() -> None:
    assert wrong_way("extract", "detect")
    assert wrong_way("model", "text")
    assert wrong_way("registry", "judge")
    assert wrong_way("watch", "gateway")
    assert not wrong_way("run", "judge")
    assert not wrong_way("judge", "registry")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_stay_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_nothing_prints_outside_the_surfaces_and_no_room_is_named_utils() -> None:
    assert not [p for p in SOURCES if "util" in p.stem or "helper" in p.stem]
