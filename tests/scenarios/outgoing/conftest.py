from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location(
    "outgoing_company", Path(__file__).parent / "company.py"
)
if "outgoing_company" not in sys.modules:
    sys.modules["outgoing_company"] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules["outgoing_company"])
company = sys.modules["outgoing_company"]


@dataclass
class Company:
    """The company, ready: lists by dataset, and a desk that checks messages as of the event."""

    folder: Path
    rows: dict[str, list[list[str]]]
    home: object
    pipelines: dict = field(default_factory=dict)

    def check(self, name, sender, recipients, attachment=b"", body="见附件", raw=b"", **policy):
        from scanner.run.outgoing import Policy, check_with, open_outgoing
        from scanner.run.send_judging import Envelope
        from scanner.settings import load_settings
        from scanner.source.folder import document_of

        key = tuple(sorted(policy.items()))
        if key not in self.pipelines:
            settings = load_settings(workers=1, ocr=False)
            self.pipelines[key] = open_outgoing(self.home, settings, Policy(**policy), workers=1)
        path = company.message(self.folder / f"{name}.eml", recipients, attachment, body)
        if raw:
            path.write_bytes(raw)
        return check_with(
            self.pipelines[key], document_of(path), Envelope(sender, tuple(recipients)),
            now=company.EVENT,
        )  # fmt: skip


def _register(home, folder: Path) -> dict[str, list[list[str]]]:
    from datetime import date

    from scanner.registry.registry import Registry
    from scanner.run.enrol import add_dataset, add_public

    lists = {name: company.customers(400, name) for name in company.DOSSIERS}
    lists["orders"] = company.customers(2000, "orders")
    lists["crm"] = company.customers(10_000, "crm")
    for row in lists["crm"][:12]:  # one customer with twelve rows
        row[1] = lists["crm"][0][1]
        row[4] = lists["crm"][0][4].replace("crm0@", f"{row[0].lower()}@")
    directory = company.customers(3000, "public")
    lists["directory-copy"] = [row[:6] for row in directory]
    lists["orders"] = [row[:2] + row[6:7] + row[0:1] for row in lists["orders"]]
    headers = {
        "directory-copy": company.HEADER[:6],
        "orders": ["客户编号", "客户名称", "成交价", "订单号"],
    }
    add_public(
        home,
        company.write_csv(folder / "directory.csv", company.HEADER[:6], lists["directory-copy"]),
        "directory",
        source="city directory",
        as_of=date(2026, 5, 1),
    )
    for name, dossier in company.DOSSIERS.items():
        (folder / f"{name}.yaml").write_text(dossier, encoding="utf-8")
        table = company.write_csv(
            folder / f"{name}.csv", headers.get(name, company.HEADER), lists[name]
        )
        add_dataset(home, table, name, dossier_file=folder / f"{name}.yaml")
    buyer = lists["crm"][0][1]
    (folder / "org.yaml").write_text(
        company.ORGANISATION.replace("%BUYER%", buyer), encoding="utf-8"
    )
    Registry.open(home).load([folder / "org.yaml"])
    return lists


@pytest.fixture(scope="session")
def trading(tmp_path_factory):
    from scanner.home import open_home

    folder = tmp_path_factory.mktemp("outgoing")
    home = open_home(folder / "home")
    made = Company(folder, _register(home, folder), home)
    yield made
    for pipeline in made.pipelines.values():
        pipeline.close()
