"""Reading a small sample of the usual formats before the doors close.

So that the libraries are imported, and their data files read, once for all workers and while the
file system is still open. A format without a sample here is imported by the first document of it,
which the doors allow: they leave the code readable.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import json
import lzma
import mimetypes
import platform
import sys
import tarfile
import zipfile
from importlib import import_module

from scanner.extract._choose import formats
from scanner.extract.base import Blob, Budget, Limits
from scanner.extract.walk import End, read

_XML = '<?xml version="1.0" encoding="UTF-8"?>'
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_SLIDE = "http://schemas.openxmlformats.org/presentationml/2006/main"


_WORKER = (
    "resource",
    "scanner.run.sandbox._landlock",
    "scanner.run.sandbox._linux",
    "scanner.run.sandbox._seccomp",
    "scanner.run.sandbox.worker",
)
_SOON = ("charset_normalizer", "olefile", "zstandard")  # small, and needed by many documents


def _zip(parts: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


def _package(main: str, kind: str, text: str, more: dict[str, str]) -> bytes:
    """A package of Office Open XML with one main part."""
    types = (
        f'{_XML}<Types xmlns="{_TYPES}"><Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
        f'relationships+xml"/><Override PartName="/{main}" ContentType="application/'
        f'vnd.openxmlformats-officedocument.{kind}.main+xml"/></Types>'
    )
    links = (
        f'{_XML}<Relationships xmlns="{_LINKS}"><Relationship Id="r1" '
        f'Type="{_OFFICE}/officeDocument" Target="{main}"/></Relationships>'
    )
    return _zip({"[Content_Types].xml": types, "_rels/.rels": links, main: text, **more})


def _docx() -> bytes:
    text = (
        f'{_XML}<w:document xmlns:w="{_WORD}"><w:body><w:p><w:r><w:t>warm</w:t></w:r></w:p>'
        "</w:body></w:document>"
    )
    return _package("word/document.xml", "wordprocessingml.document", text, {})


def _xlsx() -> bytes:
    text = (
        f'{_XML}<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>'
    )
    sheet = (
        f'{_XML}<worksheet xmlns="{_SHEET}"><sheetData><row r="1"><c r="A1" t="inlineStr"><is>'
        "<t>warm</t></is></c></row></sheetData></worksheet>"
    )
    links = (
        f'{_XML}<Relationships xmlns="{_LINKS}"><Relationship Id="r1" Type="{_OFFICE}/worksheet" '
        'Target="worksheets/sheet1.xml"/></Relationships>'
    )
    more = {"xl/_rels/workbook.xml.rels": links, "xl/worksheets/sheet1.xml": sheet}
    return _package("xl/workbook.xml", "spreadsheetml.sheet", text, more)


def _pptx() -> bytes:
    text = f'{_XML}<p:presentation xmlns:p="{_SLIDE}"/>'
    return _package("ppt/presentation.xml", "presentationml.presentation", text, {})


def _pdf() -> bytes:
    """One page with one word; readers repair the missing table of objects."""
    stream = b"BT /F1 12 Tf 9 9 Td (warm) Tj ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<</Font<</F1"
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
    ]
    body = b"".join(b"%d 0 obj%s endobj\n" % (n, text) for n, text in enumerate(objects, 1))
    return b"%PDF-1.4\n" + body + b"trailer<</Root 1 0 R/Size 5>>\n%%EOF\n"


def _eml() -> bytes:
    return (
        b"From: a@example.org\r\nTo: b@example.org\r\nSubject: =?utf-8?B?5rWL6K+V?=\r\n"
        b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
        b"--x\r\nContent-Type: text/plain; charset=gb18030\r\n\r\nwarm\r\n"
        b"--x\r\nContent-Type: text/html\r\n\r\n<p>warm</p>\r\n--x--\r\n"
    )


def _tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"))
    return out.getvalue()


def _cpio() -> bytes:
    """One empty file and the end of the archive."""

    def entry(name: bytes) -> bytes:
        fields = [1, 0o100644, 0, 0, 1, 0, 0, 0, 0, 0, 0, len(name) + 1, 0]
        head = b"070701" + b"".join(b"%08x" % field for field in fields) + name + b"\0"
        return head + bytes(-len(head) % 4)

    return entry(b"a.txt") + entry(b"TRAILER!!!")


def samples() -> dict[str, bytes]:
    """Small documents by name."""
    text = "name,phone\n测试,1\n".encode("gb18030")
    return {
        "a.txt": "测试 warm\n".encode(),
        "a.csv": text,
        "a.json": b'{"a": [1]}',
        "a.html": b"<!doctype html><html><body><p>warm</p></body></html>",
        "a.xml": b'<?xml version="1.0"?><a>warm</a>',
        "a.rtf": rb"{\rtf1\ansi warm}",
        "a.docx": _docx(),
        "a.xlsx": _xlsx(),
        "a.pptx": _pptx(),
        "a.pdf": _pdf(),
        "a.eml": _eml(),
        "a.zip": _zip({"a.csv": "a,b\n1,2\n"}),
        "a.tar": _tar(),
        "a.cpio": _cpio(),
        "a.csv.gz": gzip.compress(text),
        "a.csv.bz2": bz2.compress(text),
        "a.csv.xz": lzma.compress(text),
    }


def warm_up() -> dict[str, str]:
    """Imports every extractor and reads the samples; how each sample ended: its reason code.

    A sample that fails is no reason not to start: the documents will tell.
    """
    formats()
    for name in _SOON:
        with contextlib.suppress(ImportError, OSError):
            import_module(name)
    mimetypes.init()  # reads the system's table
    ended: dict[str, str] = {}
    for name, data in samples().items():
        for event in read(Blob.of(data), name, Budget(Limits(seconds=10))):
            if isinstance(event, End) and not event.inner:
                ended[name] = event.outcome.reason
    return ended


def warm_talk() -> None:
    """Imports and prepares what a worker needs to close its doors and to talk."""
    for name in _WORKER:
        with contextlib.suppress(ImportError):
            import_module(name)
    if sys.platform == "linux":
        from scanner.run.sandbox._landlock import code_roots
        from scanner.run.sandbox._seccomp import assembled

        code_roots()
        with contextlib.suppress(KeyError):
            assembled(platform.machine())
    from scanner.model.document import Document
    from scanner.model.examined import Examined
    from scanner.model.outcome import Outcome
    from scanner.run.sandbox.codec import pack, unpack

    unpack(Document, json.loads(json.dumps(pack(Document("warm")))))
    pack(Examined("", "text", 0, "", Outcome()))
