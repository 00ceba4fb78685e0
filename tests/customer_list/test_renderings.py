"""The labelled tables as people paste them into text: separated, aligned, as cards, in sentences."""

from __future__ import annotations

from collections import Counter

import pytest

from scanner.detect.customer_list import list_verdicts
from scanner.model.content import Segment
from tests.customer_list.labelled import LABELS, tables


def aligned(rows):
    widths = [max(len(row[at]) for row in rows if at < len(row)) for at in range(len(rows[-1]))]
    return "\n".join(
        "  ".join(cell.ljust(widths[at]) for at, cell in enumerate(row)) for row in rows
    )


def cards(rows):
    return "\n\n".join(
        "\n".join(f"{label}: {cell}" for label, cell in zip(rows[0], row, strict=True))
        for row in rows[1:]
    )


RENDERINGS = {
    "tabs": lambda rows: "\n".join("\t".join(row) for row in rows),
    "bars": lambda rows: "\n".join("| " + " | ".join(row) + " |" for row in rows),
    "aligned": aligned,
    "commas": lambda rows: "\n".join(", ".join(row) for row in rows),
    "blanks": lambda rows: "\n".join(" ".join(row) for row in rows),
    "cards": cards,
    "sentences": lambda rows: "\n".join(
        f"Note: {' and '.join(cell for cell in row if cell)}." for row in rows[1:]
    ),
}


def reachable(rows):
    return any("@" in cell or sum(map(str.isdigit, cell)) >= 10 for cell in rows[-1])


@pytest.mark.parametrize("name", RENDERINGS)
def test_text(name):
    seen: Counter = Counter()
    for label in LABELS:
        for table in tables(label):
            if table.rows[0][-1] == "" or (label == "customers" and not reachable(table.rows)):
                continue
            found = {v.label for v in list_verdicts([Segment(RENDERINGS[name](table.rows))])}
            said = next((s for s in ("customer_list", "contact_list") if s in found), "none")
            seen[label, said] += 1
    customers = sum(count for (label, _said), count in seen.items() if label == "customers")
    assert seen["customers", "none"] <= 0.1 * customers, seen
    assert seen["staff", "customer_list"] == 0
    assert seen["others", "customer_list"] <= 1
    if name not in ("blanks", "sentences"):
        assert seen["staff", "contact_list"] <= 2, seen
        assert seen["customers", "customer_list"] >= 0.75 * customers, seen
