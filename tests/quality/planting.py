"""Files of 40 records in every format of the main job, as bytes by file name."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from xml.sax.saxutils import escape

from fixtures import office

Rows = list[list[str]]
PER_FILE = 40


def joined(rows: Rows, delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue()


def prose(rows: Rows, zh: bool) -> str:
    if zh:
        return "\n".join(
            f"客户{'，'.join(row[1:])}，编号{row[0]}，近期需要回访。" for row in rows[1:]
        )
    return "\n".join(
        f"Please call back {', '.join(row[1:])} (our number {row[0]}) this month."
        for row in rows[1:]
    )


def markdown(rows: Rows) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(["# List", "", lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def markup(rows: Rows) -> str:
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<!doctype html><html><head><meta charset='utf-8'></head><body><table>{body}</table></body></html>"


def xml(rows: Rows) -> str:
    body = "".join(
        "<row>" + "".join(f"<c{n}>{escape(cell)}</c{n}>" for n, cell in enumerate(row)) + "</row>\n"
        for row in rows
    )
    return f"<?xml version='1.0' encoding='utf-8'?>\n<rows>\n{body}</rows>"


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def mail(rows: Rows) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = (
        "a@firm.example",
        "b@other.example",
        "files",
    )
    message.set_content("see attachment")
    message.add_attachment(
        office.xlsx({"Sheet1": rows}),
        maintype="application",
        subtype="octet-stream",
        filename="x.xlsx",
    )
    return message.as_bytes()


def made(rows: Rows, zh: bool) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """File name and bytes of the same rows in every format."""
    text = joined(rows)
    yield "utf8.csv", lambda: text.encode()
    yield "legacy.csv", lambda: text.encode("gb18030" if zh else "cp1252")
    yield "utf16.txt", lambda: joined(rows, "\t").encode("utf-16")
    yield "prose.txt", lambda: prose(rows, zh).encode()
    yield (
        "list.json",
        lambda: json.dumps(
            [dict(zip(rows[0], row, strict=True)) for row in rows[1:]], ensure_ascii=not zh
        ).encode(),
    )
    yield "page.html", lambda: markup(rows).encode()
    yield "data.xml", lambda: xml(rows).encode()
    yield "notes.md", lambda: markdown(rows).encode()
    yield "book.xlsx", lambda: office.xlsx({"A": rows})
    yield "letter.docx", lambda: office.docx("List", rows)
    yield "deck.pptx", lambda: office.pptx("List", rows)
    yield (
        "print.pdf",
        lambda: office.pdf(
            "List", [" ; ".join(row) for row in rows], "STSong-Light" if zh else "Helvetica"
        ),
    )
    yield "mail.eml", lambda: mail(rows)
    yield "one.zip", lambda: zipped({"deep/list.csv": text.encode()})
    yield "two.zip", lambda: zipped({"in.zip": zipped({"list.csv": text.encode()})})
    yield "list.csv.gz", lambda: gzip.compress(text.encode())
    yield "list.tar", lambda: tarred("list.csv", text.encode())
