"""Customer lists against the labelled tables: the frozen half decides, known misses are listed."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from scanner.detect.customer_list import list_verdicts
from scanner.model.content import Layout, Segment, table_text
from tests.customer_list.labelled import LABELS, tables

MISSES = Path(__file__).parent / "known_misses.txt"


@cache
def verdicts(blind: bool) -> tuple[tuple[str, str, bool, str], ...]:
    """(label, file, tuned, verdict) of every table."""
    return tuple(
        (
            label,
            table.file,
            table.tuned,
            list_verdicts(
                [Segment(table_text(table.rows), layout=Layout.TABLE)], "" if blind else table.file
            )[0].label,
        )
        for label in LABELS
        for table in tables(label)
    )


def counts(blind: bool, tuned: bool) -> Counter:
    return Counter((label, said) for label, _f, half, said in verdicts(blind) if half is tuned)


def test_the_set_is_large_enough():
    size = Counter(label for label, *_rest in verdicts(False))
    assert size["customers"] >= 100 and size["staff"] >= 100 and size["others"] >= 300


@pytest.mark.parametrize("tuned", [True, False])
def test_with_file_names(tuned):
    seen = counts(False, tuned)
    right = seen["customers", "customer_list"]
    all_customers = sum(n for (label, _s), n in seen.items() if label == "customers")
    fired = sum(n for (_l, said), n in seen.items() if said == "customer_list")
    assert right / all_customers >= 0.95
    assert right / fired >= 0.95
    assert seen["staff", "customer_list"] == 0 and seen["staff", "contact_list"] == 0


@pytest.mark.parametrize("tuned", [True, False])
def test_with_names_hidden(tuned):
    seen = counts(True, tuned)
    found = seen["customers", "customer_list"] + seen["customers", "contact_list"]
    all_customers = sum(n for (label, _s), n in seen.items() if label == "customers")
    assert found / all_customers >= 0.85
    assert seen["staff", "customer_list"] == 0
    assert seen["others", "customer_list"] == 0


def test_known_misses_are_all_the_misses_there_are():
    missed = sorted(
        f"{file}: {said}"
        for label, file, _tuned, said in verdicts(False)
        if said != ("customer_list" if label == "customers" else "none")
    )
    assert missed == MISSES.read_text(encoding="utf-8").split("\n")[:-1]
