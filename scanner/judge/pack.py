"""Law packs loaded, checked and compiled. A wrong pack is refused whole, with file and line."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from scanner.judge.packcompile import Compiler
from scanner.judge.packfile import PackFile
from scanner.judge.packtypes import Pack
from scanner.model.errors import PackError
from scanner.registry.fields import fail
from scanner.registry.yamlfile import YamlFile, read_yaml
from scanner.resources import patterns_dir

__all__ = ["Pack", "load_pack", "load_pack_file", "open_pack", "pack_ids"]

MAX_PACK_BYTES = 1 << 20


def pack_ids(folder: Path | None = None) -> list[str]:
    """The ids of the packs that there are."""
    return sorted(path.stem for path in (folder or patterns_dir() / "law").glob("*.yaml"))


def load_pack(pack_id: str, folder: Path | None = None) -> Pack:
    """The pack with this id. Raises PackError naming file, line and key."""
    folder = folder or patterns_dir() / "law"
    known = pack_ids(folder)
    if pack_id not in known:
        raise PackError(f"there is no law pack {pack_id!r}: there are {', '.join(known)}")
    return load_pack_file(folder / f"{pack_id}.yaml")


@cache
def _cached(path: Path, _stamp: tuple[int, int]) -> Pack:
    return load_pack_file(path)


def open_pack(pack: str) -> Pack:
    """A pack by its id, or a file of one's own by its path; compiled once in a process.

    Raises PackError where there is none, or naming file, line and key.
    """
    own = pack.endswith((".yaml", ".yml")) or "/" in pack or "\\" in pack
    path = Path(pack) if own else patterns_dir() / "law" / f"{pack}.yaml"
    if own and not path.is_file():
        raise PackError(f"there is no law pack at {pack}")
    if not path.exists():
        return load_pack(pack)
    found = path.stat()
    return _cached(path.absolute(), (found.st_mtime_ns, found.st_size))


def load_pack_file(path: Path) -> Pack:
    """The pack in a file, with what it extends. Raises PackError naming file, line and key."""
    source = _extended(path, ())
    try:
        file = PackFile.model_validate(source.value)
    except ValidationError as error:
        raise fail(error, source, kind=PackError) from None
    ours = path.parent == patterns_dir() / "law"
    if ours and file.pack != path.stem:
        raise PackError(f"{source.where(('pack',))}: must be {path.stem!r}, like its file")
    pack = Compiler(file, source).pack()
    return pack if ours else replace(pack, origin=f"{path.name} {_digest(path)}")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]


def _extended(path: Path, seen: tuple[str, ...]) -> YamlFile:
    source = read_yaml(path, PackError, max_bytes=MAX_PACK_BYTES)
    if not isinstance(source.value, dict):
        raise PackError(f"{source.name}:1: a pack is a list of keys")
    parent = source.value.pop("extends", None)
    if parent is None:
        return source
    where = source.where(("extends",))
    chain = (*seen, path.stem)
    base = _parent(path, parent)
    if base is None:
        raise PackError(f"{where}: there is no pack {parent!r}")
    if parent in chain:
        raise PackError(f"{where}: goes round in a circle: {' -> '.join((*chain, parent))}")
    return source.over(_extended(base, chain))


def _parent(path: Path, name: object) -> Path | None:
    """The file of a pack that is extended: beside this one, else one that comes with us."""
    if not isinstance(name, str) or not name.isidentifier():
        return None
    folders = (path.parent, patterns_dir() / "law")
    found = [folder / f"{name}.yaml" for folder in folders]
    return next((file for file in found if file.is_file() and file != path), None)
