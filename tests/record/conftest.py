"""Invented incidents and stores for the tests of the record and report rooms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scanner.home import Home, open_home
from scanner.model.document import Channel, Document, Provenance, Readers
from scanner.model.examined import Examined
from scanner.model.finding import Finding, Method, pack_ids
from scanner.model.incident import Event, Incident, Judgement, ObligationState, Severity
from scanner.model.outcome import Outcome
from scanner.record.store import Store

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def build(number: int = 1, **change: Any) -> Incident:
    """An invented incident; `change` replaces fields, nested ones by `document__uri`."""
    incident = Incident(
        document=Document(
            uri=f"/share/销售/list-{number}.xlsx",
            path=f"/share/销售/list-{number}.xlsx".encode(),
            size=4096 + number,
            provenance=Provenance(Channel.DISK, "zhang.wei", Readers.EVERYONE, NOON),
        ),
        examined=Examined("", "xlsx", 4096 + number, f"{number:064x}", Outcome(), segments=2),
        finding=Finding(
            Method.EXACT,
            "crm-cn",
            records=312,
            nonpublic=40,
            deep=12,
            dataset_records=10_000,
            units=400,
            containment=0.78,
            field_depth=0.9,
            field_counts=(("company", 312), ("mobile", 300), ("note", 0)),
            record_ids=pack_ids(range(312)),
            nonpublic_ids=pack_ids(range(40)),
            locators=("sheet 客户 row 2 col A", "sheet 客户 row 3 col A"),
            sample="欧***, 138****78",
        ),
        event=Event(at=NOON + timedelta(seconds=number), actor="zhang.wei"),
        judgement=Judgement(
            pack="CN",
            trade_secret_status="ts_unproven",
            secrecy="unproven",
            value="met",
            measures="met",
            similarity="substantial",
            dataset_coverage=0.0312,
            obligations=(ObligationState("O5", "potential", ("O5.a",)),),
            acts=("A5",),
            exposure=Severity.HIGH,
            legal=Severity.MEDIUM,
            facts_to_establish=("who set the access right", "how long it was readable"),
            law_refs=("AUCL 10", "AUCL 39"),
            pi_persons=312,
            pi_categories=("mobile",),
            pi_ratio=0.0624,
            facts=(("location.class", "internal_everyone"),),
        ),
        dataset_title="华东客户档案",
        dataset_owner="sales",
        registry_version="7",
        config_sha256="c" * 64,
        operator="officer",
        host="scan-1",
    )
    for name, value in change.items():
        part, _, inner = name.partition("__")
        if inner:
            value = replace(getattr(incident, part), **{inner: value})
        incident = replace(incident, **{part: value})
    return incident


@pytest.fixture
def make() -> Callable[..., Incident]:
    """The builder of invented incidents."""
    return build


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A fresh home."""
    return open_home(tmp_path / "home")


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    """A fresh store."""
    with Store.open(home) as opened:
        yield opened
