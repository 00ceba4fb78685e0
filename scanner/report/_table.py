"""CSV as a stream: UTF-8 with BOM, CRLF, every cell quoted, no live formula."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from scanner.report._formula import harmless
from scanner.report.files import Sink

BOM = b"\xef\xbb\xbf"
_JOINT = "\x7f"  # no cell of an untouched store holds it
_SIGN_FIRST = re.compile(f"{_JOINT}[^\\w/{_JOINT}]")


def line(cells: Sequence[str]) -> str:
    """One line of CSV with its line end; cells are made harmless and quoted.

    A row without a quote, and without a cell that begins with a sign, needs no look at each cell.
    """
    joined = _JOINT.join(cells)
    plain = '"' not in joined and joined.count(_JOINT) == len(cells) - 1
    if plain and not _SIGN_FIRST.search(_JOINT + joined):
        return '"' + joined.replace(_JOINT, '","') + '"\r\n'
    safe = [cell if cell[:1].isalnum() else harmless(cell) for cell in cells]
    text = '","'.join(safe)
    if text.count('"') != 2 * (len(safe) - 1):
        text = '","'.join([cell.replace('"', '""') for cell in safe])
    return f'"{text}"\r\n'


def write_table(sink: Sink, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """How many rows were written below the header."""
    sink.write(BOM + line(columns).encode())
    count, held = 0, []
    for row in rows:
        count += 1
        held.append(line(row))
        if len(held) >= 500:
            sink.write("".join(held).encode())
            held.clear()
    sink.write("".join(held).encode())
    return count
