"""docs/formats.md lists every format as the catalogue has it.

LEAKSCAN_REGENERATE=1 pytest tests/extract/test_formats_page.py
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from fixtures.documents import samples
from scanner.extract._choose import formats

PAGE = Path(__file__).resolve().parents[2] / "docs" / "formats.md"
BEGIN, END = "<!-- formats: begin -->\n", "<!-- formats: end -->"


def places(name: str) -> str:
    """The places of the samples at which people are planted and found."""
    found = [
        place.removesuffix(" name")
        for sample in samples()
        if sample.format == name
        for place in sample.planted
        if place.endswith(" name")
    ]
    usual = ("start", "middle", "end")
    return ", ".join(place for place in dict.fromkeys(found) if place not in usual) or "–"


def table() -> str:
    lines = ["| format | endings | reads | beside the text, tested |", "|---|---|---|---|"]
    for form in formats():
        module = sys.modules[form.read.__module__]
        says = (module.__doc__ or "").strip().split("\n")[0].rstrip(".")
        endings = ", ".join(f"`{suffix}`" for suffix in form.suffixes)
        lines.append(f"| `{form.name}` | {endings} | {says} | {places(form.name)} |")
    return "\n".join(lines) + "\n"


def test_the_table_is_the_catalogue() -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    old, after = rest.split(END)
    if os.environ.get("LEAKSCAN_REGENERATE"):
        PAGE.write_text(before + BEGIN + table() + END + after, encoding="utf-8")
        return
    assert old == table(), "run with LEAKSCAN_REGENERATE=1"
