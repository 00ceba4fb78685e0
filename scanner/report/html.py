"""A report to read in a browser: one file, no script, nothing loaded from anywhere."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from scanner.messages import language, message
from scanner.model.incident import Severity
from scanner.model.recorded import INCIDENT_COLUMNS, Reading, Row, Totals
from scanner.report.base import Profile, Report, Written
from scanner.report.files import Sink, replacing

MOST_ROWS = 5000
SEVERITIES = tuple(severity.value for severity in reversed(Severity))
SHOWN = (
    *("severity", "legal_severity", "status", "dataset_id", "trade_secret_status", "path"),
    *("records_matched", "records_nonpublic", "similarity", "obligations", "readers"),
    *("recipient_class", "masked_sample", "facts_to_establish", "coverage", "incident_id"),
)
_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:100rem;padding:0 1rem;
color:#1c2430;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}
th,td{border-bottom:1px solid #d8dee6;padding:.35rem .6rem;text-align:left;vertical-align:top;
overflow-wrap:anywhere}
th{background:#f2f5f8;position:sticky;top:0}
td.n{text-align:right;font-variant-numeric:tabular-nums}
.critical,.high{color:#a30f2d;font-weight:600}.medium{color:#8a5a00}.low,.none{color:#44505f}
.note{color:#44505f}
rect.critical{fill:#a30f2d}rect.high{fill:#d0454c}rect.medium{fill:#d99a2b}
rect.low{fill:#7d93ab}rect.none{fill:#c3ccd6}
"""


def policy() -> str:
    """The content security policy of the page: its own style and nothing else."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _text(key: str, lang: str, **values: object) -> str:
    return escape(message("report", f"html_{key}", lang, **values))


def _cells(cells: Sequence[str], tag: str = "td") -> str:
    return "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells)


def _head(lang: str, profile: Profile) -> str:
    return (
        f'<!doctype html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy())}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text('title', lang)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{_text('title', lang)}</h1>\n"
        f'<p class="note">{_text("legal", lang)}</p>\n'
        f'<p class="note">{_text("profile_" + profile.name, lang)}</p>\n'
    )


def _bars(counts: Counter[str], lang: str) -> str:
    most = max(counts.values(), default=0) or 1
    rows = []
    for severity in SEVERITIES:
        width = round(300 * counts[severity] / most)
        bar = (
            f'<svg width="300" height="14" role="img"><rect class="{severity}" '
            f'width="{width}" height="14"></rect></svg>'
        )
        name = _text(f"severity_{severity}", lang)
        rows.append(f'<tr><td>{name}</td><td>{bar}</td><td class="n">{counts[severity]}</td></tr>')
    return "<table>\n" + "\n".join(rows) + "\n</table>\n"


def _summary(counts: Counter[tuple[str, str]], lang: str) -> str:
    """Incidents by dataset and severity, with sums."""
    if not counts:
        return f"<p>{_text('none', lang)}</p>\n"
    import pandas as pd

    series = pd.Series(list(counts.values()), index=pd.MultiIndex.from_tuples(counts))
    table = series.unstack(fill_value=0).reindex(columns=list(SEVERITIES), fill_value=0)
    table["sum"] = table.sum(axis=1)
    table = table.sort_values(list(SEVERITIES), ascending=False, kind="stable")
    heads = [_text("dataset", lang)]
    heads += [_text(f"severity_{severity}", lang) for severity in SEVERITIES]
    heads.append(_text("sum", lang))
    body = []
    for dataset, figures in zip(table.index, table.to_numpy().tolist(), strict=True):
        name = escape(str(dataset)) if dataset else _text("unregistered", lang)
        cells = "".join(f'<td class="n">{figure}</td>' for figure in figures)
        body.append(f"<tr><td>{name}</td>{cells}</tr>")
    head = "".join(f"<th>{one}</th>" for one in heads)
    return f"<table>\n<tr>{head}</tr>\n" + "\n".join(body) + "\n</table>\n"


def _coverage(totals: Totals, lang: str) -> str:
    text = _text(
        "coverage",
        lang,
        documents=totals.documents,
        complete=totals.complete,
        partial=totals.partial,
        skipped=totals.skipped,
        unchanged=totals.unchanged,
    )
    rows = "\n".join(
        f'<tr><td>{escape(code)}</td><td class="n">{count}</td></tr>'
        for code, count in totals.reasons
    )
    table = f"<table>\n{rows}\n</table>\n" if rows else ""
    return f"<h2>{_text('coverage_title', lang)}</h2>\n<p>{text}</p>\n{table}"


def _table(rows: Iterator[Row], lang: str) -> Iterator[str]:
    places = [INCIDENT_COLUMNS.index(name) for name in SHOWN]
    yield f"<h2>{_text('incidents', lang)}</h2>\n<table>\n<tr>{_cells(SHOWN, 'th')}</tr>\n"
    left = 0
    for number, row in enumerate(rows):
        if number >= MOST_ROWS:
            left += 1
            continue
        cells = [row[place] for place in places]
        severity = escape(cells[0])
        yield f'<tr><td class="{severity}">{severity}</td>{_cells(cells[1:])}</tr>\n'
    yield "</table>\n"
    if left:
        yield f"<p>{_text('more', lang, count=left)}</p>\n"


def _page(reading: Reading, profile: Profile, sink: Sink) -> int:
    lang = language()
    severity, dataset = INCIDENT_COLUMNS.index("severity"), INCIDENT_COLUMNS.index("dataset_id")
    by_severity: Counter[str] = Counter()
    by_dataset: Counter[tuple[str, str]] = Counter()
    for row in reading.rows():
        by_severity[row[severity]] += 1
        by_dataset[row[dataset], row[severity]] += 1
    sink.write(_head(lang, profile).encode())
    sink.write(_bars(by_severity, lang).encode())
    sink.write(f"<h2>{_text('summary', lang)}</h2>\n".encode())
    sink.write(_summary(by_dataset, lang).encode())
    sink.write(_coverage(reading.totals(), lang).encode())
    for part in _table(map(profile.row, reading.rows()), lang):
        sink.write(part.encode())
    sink.write(b"</body>\n</html>\n")
    return by_severity.total()


def write(path: Path, reading: Reading, profile: Profile) -> Written:
    """Write the report."""
    with replacing(path) as (sink,):
        rows = _page(reading, profile, sink)
    return Written((path,), rows, sink.sha256)


REPORT = Report("html", "html", write)
