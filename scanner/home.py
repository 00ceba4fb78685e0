"""The home folder: where state lives, its version, and the index key in its own file."""

from __future__ import annotations

import os
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path

from scanner.model.errors import HomeError, KeyMissing

HOME_VERSION = 1
KEY_BYTES = 32


def default_home() -> Path:
    """LEAKSCAN_HOME, else the platform's folder for user data."""
    if told := os.environ.get("LEAKSCAN_HOME"):
        return Path(told)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share"))
    return base / "leakscan"


@dataclass(frozen=True, slots=True)
class Home:
    """An opened home. Every path that a room keeps state under is named here, nowhere else."""

    root: Path

    @property
    def index(self) -> Path:
        """Folder of the exact-match index segments and document fingerprints."""
        return self.root / "index"

    @property
    def registry(self) -> Path:
        """Folder of the registry: dossiers, organisation, history."""
        return self.root / "registry"

    @property
    def store(self) -> Path:
        """The incident store."""
        return self.root / "store.db"

    @property
    def inventory(self) -> Path:
        """Signatures of the documents already examined."""
        return self.root / "inventory.db"

    @property
    def settings_file(self) -> Path:
        """The settings that are not the defaults."""
        return self.root / "settings.toml"

    @property
    def watch(self) -> Path:
        """Journal and checkpoint of the watcher."""
        return self.root / "watch"

    @property
    def gateway(self) -> Path:
        """Spool and quarantine of the mail gateway."""
        return self.root / "gateway"

    @property
    def key_file(self) -> Path:
        """The index key: LEAKSCAN_KEY_FILE, else `key` in the home."""
        told = os.environ.get("LEAKSCAN_KEY_FILE")
        return Path(told) if told else self.root / "key"

    def key(self, *, create: bool = False) -> bytes:
        """The index key, 32 bytes.

        With `create`, made on first use (0600). Raises KeyMissing with what to do.
        """
        path = self.key_file
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            if create and not any(kept.is_file() for kept in self.index.rglob("*")):
                return _new_key(path)
            raise KeyMissing(
                f"the index key {path} is missing: put the key file back, or set "
                "LEAKSCAN_KEY_FILE to where it lies (without it the index cannot be read; "
                "a new key means registering every dataset again)"
            ) from None
        except OSError as error:
            raise KeyMissing(f"the index key {path} cannot be read: {error.strerror}") from None
        try:
            key = bytes.fromhex(raw.decode("ascii").strip())
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise KeyMissing(
                f"the file {path} is not an index key (64 hexadecimal digits): put the right "
                "key file back, or set LEAKSCAN_KEY_FILE to where it lies"
            )
        return key


def _new_key(path: Path) -> bytes:
    key = secrets.token_bytes(KEY_BYTES)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w", encoding="ascii") as out:
        out.write(key.hex() + "\n")
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(aside, path)  # another process may have made one meanwhile
    except FileExistsError:
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    finally:
        aside.unlink()
    return key


def open_home(root: Path | None = None) -> Home:
    """The home folder, created (0700) on first use.

    Raises HomeError where it cannot be used or was made by a newer version.
    """
    root = (root or default_home()).expanduser().absolute()
    version_file = root / "version"
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not version_file.exists():
            if not os.access(root, os.W_OK):
                raise PermissionError(13, "not writable")
            temporary = root / f".version.{os.getpid()}"
            temporary.write_text(f"{HOME_VERSION}\n", encoding="ascii")
            temporary.replace(version_file)
        text = version_file.read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        raise HomeError(
            f"the home folder {root} cannot be used ({error.strerror}): choose another one with "
            "--home or LEAKSCAN_HOME"
        ) from None
    if not text.isdigit():
        raise HomeError(f"{version_file} holds no version number: is {root} a leakscan home?")
    if int(text) > HOME_VERSION:
        raise HomeError(
            f"the home folder {root} was made by a newer leakscan (home version {text}, this one "
            f"reads up to {HOME_VERSION}): update leakscan, or choose another home with --home"
        )
    return Home(root)
