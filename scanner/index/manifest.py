"""The small signed file that says which segments a dataset consists of."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from scanner.index.lock import remove_idle
from scanner.index.segment import damaged
from scanner.index.types import U32
from scanner.model.errors import IndexDamaged, KeyMissing, UsageError
from scanner.model.rule import Column, DatasetSpec, FieldKind, RecordRule, Role
from scanner.text.keys import Keys

FORMAT = 1
NAME = "manifest.json"
MERGING = "merging"  # folder in which a merged segment is made
MOST_COLUMNS = 64
_ID = re.compile(r"[\w][\w.\-]{0,99}")


@dataclass(frozen=True, slots=True)
class Part:
    """One segment file: its records have the numbers from `base` on."""

    file: str
    base: int
    records: int
    cells: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a dataset consists of. `removed` are numbers of records that no longer count.

    `content` is the generation that last changed what can be found: merging does not.
    """

    spec: DatasetSpec
    generation: int = 0
    next_record: int = 0
    live: int = 0
    parts: tuple[Part, ...] = ()
    removed_file: str = ""
    removed_crc: int = 0
    expires: str = ""
    built_at: str = ""
    content: int = 0
    removed: U32 = field(default_factory=lambda: np.empty(0, np.uint32), repr=False)


def dataset_dir(index_dir: Path, dataset_id: str) -> Path:
    """The folder of a dataset; UsageError where its id cannot name one."""
    if not _ID.fullmatch(dataset_id) or ".." in dataset_id:
        raise UsageError(
            f"the dataset id {dataset_id!r} cannot be used: letters, digits, - _ and single dots, "
            "at most 100 of them"
        )
    return index_dir / dataset_id


def shape_of(spec: DatasetSpec) -> list[list[str]]:
    """The matched columns and their kinds: fingerprints of one such shape can be compared."""
    return [[column.name, column.kind.value] for column in spec.indexed]


def spec_to_json(spec: DatasetSpec) -> dict[str, object]:
    """A specification as plain data."""
    rule = spec.rule
    return {
        "id": spec.id,
        "public": spec.public,
        "columns": [
            [c.name, c.kind, c.role, c.indexed, c.strong, c.claimed, c.pi] for c in spec.columns
        ],
        "rule": [
            rule.minimum_fields,
            rule.radius_tokens,
            rule.minimum_records,
            list(rule.mandatory),
            [sorted(names) for names in rule.never],
        ],
    }


def spec_from_json(told: dict[str, object]) -> DatasetSpec:
    """The specification that `spec_to_json` gave."""
    columns = tuple(
        Column(name, FieldKind(kind), Role(role), indexed, strong, claimed, pi)
        for name, kind, role, indexed, strong, claimed, pi in told["columns"]  # type: ignore[attr-defined]
    )
    fields, radius, records, mandatory, never = told["rule"]  # type: ignore[misc]
    rule = RecordRule(
        fields,  # type: ignore[has-type]
        radius,  # type: ignore[has-type]
        records,  # type: ignore[has-type]
        tuple(mandatory),  # type: ignore[has-type]
        tuple(frozenset(names) for names in never),  # type: ignore[has-type]
    )
    return DatasetSpec(str(told["id"]), columns, rule, bool(told["public"]))


def write_manifest(folder: Path, manifest: Manifest, keys: Keys) -> None:
    """Put a manifest in force: after this call, and not before, its segments are the dataset."""
    removed = np.sort(manifest.removed).astype("<u4")
    name, crc = "", 0
    if len(removed):
        name, crc = f"removed-{manifest.generation}.bin", zlib.crc32(removed.tobytes())
        write_whole(folder / name, removed.tobytes())
    manifest = replace(manifest, removed_file=name, removed_crc=crc)
    told = {
        "format": FORMAT,
        "generation": manifest.generation,
        "content": manifest.content,
        "next_record": manifest.next_record,
        "live": manifest.live,
        "parts": [[p.file, p.base, p.records, p.cells] for p in manifest.parts],
        "removed": [name, crc],
        "expires": manifest.expires,
        "built_at": manifest.built_at,
        "spec": spec_to_json(manifest.spec),
    }
    write_signed(folder / NAME, told, keys)
    _tidy(folder, {NAME, name, *(part.file for part in manifest.parts)})


def write_signed(path: Path, told: dict[str, Any], keys: Keys) -> None:
    """Put a signed file of plain data in the place of an older one, at once and for good."""
    told = {**told, "check": f"{keys.check:016x}"}
    body = json.dumps(told, ensure_ascii=False, sort_keys=True).encode()
    signature = hashlib.blake2b(body, key=keys.mac, digest_size=16).hexdigest().encode()
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    write_whole(temporary, signature + b"\n" + body)
    temporary.replace(path)
    sync_folder(path.parent)


def read_signed(path: Path, keys: Keys, form: int) -> dict[str, Any] | None:
    """What `write_signed` wrote, None where there is no file.

    Raises IndexDamaged where it is not whole or of a newer format, KeyMissing where another key
    made it.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise IndexDamaged(f"the index file {path} cannot be read: {error.strerror}") from None
    signature, _, body = raw.partition(b"\n")
    try:
        told: dict[str, Any] = json.loads(body)
        check, found = told["check"], told["format"]
    except (ValueError, KeyError, TypeError):
        raise damaged(path) from None
    if found > form:
        raise IndexDamaged(f"the index file {path} was made by a newer leakscan: update leakscan")
    if check != f"{keys.check:016x}":
        raise KeyMissing(
            f"the index in {path.parent} was made with another key: put back the key file it was "
            "made with (LEAKSCAN_KEY_FILE says where it lies), or register the dataset again"
        )
    good = hashlib.blake2b(body, key=keys.mac, digest_size=16).hexdigest().encode()
    if not hmac.compare_digest(good, signature):
        raise damaged(path)
    return told


def write_whole(path: Path, data: bytes) -> None:
    """Write a file and flush it to the disk."""
    with path.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())


def sync_folder(folder: Path) -> None:
    """Flush the names of a folder to the disk, where the system can."""
    if os.name != "posix":
        return
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _tidy(folder: Path, kept: set[str]) -> None:
    """Delete what no manifest names: leftovers of a build that was cut short, old segments."""
    for path in folder.iterdir():
        if path.name not in kept and path.is_file():
            path.unlink(missing_ok=True)
    if (folder / MERGING).is_dir():
        remove_idle(folder / MERGING)


def read_manifest(folder: Path, keys: Keys) -> Manifest | None:
    """The manifest in force, None where there is none.

    Raises IndexDamaged where it is not whole, KeyMissing where another key made it.
    """
    told = read_signed(folder / NAME, keys, FORMAT)
    if told is None:
        return None
    removed = _read_removed(folder, told["removed"])
    return Manifest(
        spec_from_json(told["spec"]),
        told["generation"],
        told["next_record"],
        told["live"],
        tuple(Part(*part) for part in told["parts"]),
        told["removed"][0],
        told["removed"][1],
        told["expires"],
        told["built_at"],
        told.get("content", told["generation"]),
        removed,
    )


def _read_removed(folder: Path, told: list[object]) -> U32:
    name, crc = told
    if not name:
        return np.empty(0, np.uint32)
    path = folder / str(name)
    try:
        raw = path.read_bytes()
    except OSError:
        raise damaged(path) from None
    if zlib.crc32(raw) != crc:
        raise damaged(path)
    return np.frombuffer(raw, "<u4").astype(np.uint32)
