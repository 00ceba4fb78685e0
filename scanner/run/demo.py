"""The main job on the sample data, from nothing: register, scan, report."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from scanner.home import Home, open_home
from scanner.model.errors import UsageError
from scanner.resources import fixtures_dir
from scanner.run.enrol import Enrolled, add_dataset, add_public

MARK = ".leakscan-demo"
LISTS = {
    "crm-cn": "customers_cn.csv",
    "crm-en": "customers_en.csv",
    "partner-x": "partner_list.csv",
}


@dataclass(frozen=True, slots=True)
class Demo:
    """Where the demo works: its home, the sample drive and the report it will write."""

    home: Home
    drive: Path
    report: Path


def fresh_demo(folder: Path) -> Demo:
    """An empty demo folder; one that an earlier demo left is emptied, any other is refused."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise UsageError(f"{folder} holds something else: name an empty folder with --home")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()
    home = open_home(folder / "home")
    return Demo(home, fixtures_dir() / "demo" / "drive", folder / "incidents.csv")


def register_samples(home: Home) -> list[Enrolled]:
    """The sample company's lists and the public directory, registered."""
    samples = fixtures_dir() / "demo"
    enrolled = [
        add_public(
            home,
            samples / "phonebook.csv",
            "phonebook",
            source="sample city directory",
            as_of=date(2026, 3, 1),
        )
    ]
    for dataset_id, name in LISTS.items():
        dossier = samples / "dossiers" / f"{dataset_id}.yaml"
        enrolled.append(add_dataset(home, samples / name, dataset_id, dossier_file=dossier))
    return enrolled
