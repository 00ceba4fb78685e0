"""What works on this machine and in this home, what is missing and what it would add."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
from collections.abc import Callable, Iterator

from scanner import __version__
from scanner.home import Home
from scanner.index.kernel import describe
from scanner.index.open import Index
from scanner.index.spool import unfinished
from scanner.judge.pack import open_pack
from scanner.messages import message
from scanner.model.errors import LeakscanError
from scanner.record.store import Store
from scanner.record.verify import verify_store
from scanner.registry.registry import Registry
from scanner.run.sandbox.pool import Pool
from scanner.settings import Settings

# Optional parts: module, distribution, extra that installs it.
OPTIONAL = (
    ("rapidocr", "rapidocr", "ocr"),
    ("hyperscan", "hyperscan", "fast"),
    ("re2", "google-re2", "fast"),
    ("pyarrow", "pyarrow", "parquet"),
    ("pypff", "libpff-python", "pst"),
)
PIPELINES = ("zh_core_web_sm", "zh_core_web_md", "zh_core_web_lg", "zh_core_web_trf")
PIPELINES_EN = ("en_core_web_sm", "en_core_web_md", "en_core_web_lg", "en_core_web_trf")
Row = dict[str, str]


def examination(home: Home, settings: Settings) -> list[Row]:
    """One row a part: its state (ok, missing, broken, empty) and a detail."""
    rows = [
        _row("leakscan", "ok", f"{__version__}, Python {platform.python_version()}"),
        _row("home", "ok", str(home.root)),
        _guarded("key", lambda: _key(home)),
        _guarded("index", lambda: _index(home)),
        _guarded("registry", lambda: _registry(home)),
        _guarded("law pack", lambda: ("ok", open_pack(settings.pack).stamp)),
        _guarded("store", lambda: _store(home)),
        _matching(),
        _guarded("isolation", lambda: _isolation(home, settings)),
    ]
    return [*rows, *_optional(), *_pipelines()]


def _row(part: str, state: str, detail: str) -> Row:
    return {"part": part, "state": state, "detail": detail}


def _guarded(part: str, look: Callable[[], tuple[str, str]]) -> Row:
    try:
        return _row(part, *look())
    except LeakscanError as error:
        return _row(part, "broken", str(error))


def _key(home: Home) -> tuple[str, str]:
    if not home.key_file.exists() and not home.index.is_dir():
        return "empty", message("cli", "doctor_no_key")
    home.key()
    mode = home.key_file.stat().st_mode & 0o077
    if mode:
        return "broken", message("cli", "doctor_key_mode", None, file=home.key_file)
    return "ok", str(home.key_file)


def _index(home: Home) -> tuple[str, str]:
    if not home.index.is_dir() or not any(home.index.iterdir()):
        return "empty", message("cli", "doctor_no_index")
    index = Index.open(home.index, home.key(), verify=True)
    try:
        told = [f"{name} ({one.records})" for name, one in index.datasets.items()]
    finally:
        index.close()
    told += [
        message("cli", "doctor_unfinished", None, id=folder.parent.name, folder=folder)
        for folder in unfinished(home.index)
    ]
    return "ok", ", ".join(told)


def _registry(home: Home) -> tuple[str, str]:
    registry = Registry.open(home)
    entries = [*registry.datasets(), *registry.publics()]
    if not entries:
        return "empty", message("cli", "doctor_no_index")
    return "ok", f"{registry.version}: {', '.join(entry.id for entry in entries)}"


def _store(home: Home) -> tuple[str, str]:
    if not home.store.exists():
        return "empty", ""
    with Store.open(home) as store:
        rows = store.head().rows
    problems = verify_store(home)
    if problems:
        return "broken", message("cli", "doctor_chain", None, count=len(problems))
    return "ok", message("cli", "doctor_store", None, rows=rows)


def _matching() -> Row:
    told = describe()
    if told == "python":
        return _row("matching", "missing", message("cli", "doctor_no_kernel"))
    return _row("matching", "ok", told)


def _isolation(home: Home, settings: Settings) -> tuple[str, str]:
    with Pool(home, settings, workers=1, detectors=()) as pool:
        report = pool.first_isolation()
    level = str(report.get("level", "none"))
    off = [name for name, value in report.items() if value is False]
    told = level + (f"; not here: {', '.join(off)}" if off else "")
    return ("ok" if level == "full" else "missing"), told


def _optional() -> Iterator[Row]:
    for module, distribution, extra in OPTIONAL:
        if importlib.util.find_spec(module) is None:
            adds = message("cli", f"adds_{extra}")
            yield _row(module, "missing", f"{adds} pip install 'leakscan[{extra}]'")
        else:
            yield _row(module, "ok", importlib.metadata.version(distribution))


def _pipelines() -> Iterator[Row]:
    for language, names in (("zh", PIPELINES), ("en", PIPELINES_EN)):
        found = [name for name in names if importlib.util.find_spec(name) is not None]
        state = "ok" if found else "missing"
        detail = ", ".join(found) or message("cli", "adds_spacy", None, name=names[0])
        yield _row(f"spaCy {language}", state, detail)
