"""Hostile documents end with their reason, in little memory, and what stood before still counts."""

from __future__ import annotations

import io
import resource
import sys
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from fixtures import office
from fixtures.documents.packages import zipped
from scanner.extract import _ocr
from scanner.extract.base import Blob, Budget, Limits
from scanner.extract.walk import End, read
from scanner.model.content import Segment
from scanner.model.outcome import Coverage

WHO = "欧阳若云 13800138000"
SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_ocr, "engine", lambda: None)


def examined(data: bytes, name: str = "x", **limits: object) -> tuple[str, End, list[End]]:
    texts: list[str] = []
    ends: list[End] = []
    for event in read(Blob.of(data), name, Budget(Limits(**limits))):  # type: ignore[arg-type]
        if isinstance(event, Segment):
            texts.append(event.text)
        elif isinstance(event, End):
            ends.append(event)
    return "\n".join(texts), ends[-1], ends


def workbook(sheet: str, strings: str = "") -> bytes:
    book = office.xlsx({"a": [["x"]]})
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            body = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                body = sheet.encode()
            new.writestr(name, body)
        if strings:
            new.writestr("xl/sharedStrings.xml", strings)
    return out.getvalue()


def document(xml: str) -> bytes:
    return zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": xml})


def billion() -> str:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    return f'<!DOCTYPE x [<!ENTITY e0 "ha">{entities}]>'


@pytest.mark.parametrize("wrap", [document, lambda xml: f'<?xml version="1.0"?>{xml}'.encode()])
def test_entities_are_not_expanded(wrap: object) -> None:
    body = f"<d><p><r><t>{WHO}</t></r></p><p><r><t>&e11;</t></r></p></d>"
    text, _, _ = examined(wrap(billion() + body))  # type: ignore[operator]
    assert WHO in text
    assert text.count("ha") < 100


@pytest.mark.parametrize("scheme", ["file://{}", "http://127.0.0.1:9/x"])
def test_nothing_outside_is_read(scheme: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("canary-5521", encoding="utf-8")
    address = scheme.format(secret)
    xml = f'<!DOCTYPE x [<!ENTITY s SYSTEM "{address}">]><d><p><r><t>{WHO}&s;</t></r></p></d>'
    for data in (document(xml), f'<?xml version="1.0"?>{xml}'.encode()):
        text, _, _ = examined(data)
        assert WHO in text
        assert "canary-5521" not in text


def test_deep_xml() -> None:
    xml = f"<a><b>{WHO}</b>" + "<c>" * 1_000_000
    text, end, _ = examined(b"<?xml version='1.0'?>" + xml.encode())
    assert WHO in text
    assert end.outcome.reason == "limit:depth"


@pytest.mark.parametrize("depth", [1_000, 90_000])
def test_deep_json(depth: int) -> None:
    text, end, _ = examined(("[" * depth + f'"{WHO}"' + "]" * depth).encode(), "x.json")
    assert WHO in text
    assert end.outcome.coverage is Coverage.COMPLETE


def test_json_deeper_than_allowed() -> None:
    text, end, _ = examined((f'[{{"a":"{WHO}"}},' + "[" * 200_000).encode(), "x.json")
    assert WHO in text
    assert end.outcome.reason == "limit:depth"


def test_a_number_of_many_digits() -> None:
    digits = "7" * 5000
    for data, name in (
        (f'{{"a": {digits}, "b": "{WHO}"}}'.encode(), "x.json"),
        (
            workbook(
                SHEET.format(
                    f'<row r="1"><c r="A1"><v>{digits}</v></c><c r="B1" t="str"><v>{WHO}</v></c></row>'
                )
            ),
            "x.xlsx",
        ),
    ):
        text, _, _ = examined(data, name)
        assert WHO in text


def test_a_sheet_of_far_corners() -> None:
    rows = "".join(
        f'<row r="{1 + at * 10000}"><c r="A{1 + at * 10000}" t="str"><v>{WHO}</v></c>'
        f'<c r="XFD{1 + at * 10000}"><v>{at}</v></c></row>'
        for at in range(100)
    )
    tracemalloc.start()
    text, end, _ = examined(workbook(SHEET.format(rows)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert text.count(WHO) == 100
    assert len(text) < 8 << 20
    assert peak < 100 << 20
    assert end.outcome.coverage is Coverage.COMPLETE


def test_a_count_of_strings_that_lies() -> None:
    strings = (
        f'<sst xmlns="x" count="4294967295" uniqueCount="4294967295"><si><t>{WHO}</t></si></sst>'
    )
    sheet = SHEET.format(
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>4294967294</v></c></row>'
    )
    text, end, _ = examined(workbook(sheet, strings))
    assert WHO in text
    assert end.outcome.coverage is Coverage.COMPLETE


def test_one_long_string_in_every_cell() -> None:
    strings = f'<sst xmlns="x"><si><t>{WHO}{"x" * 1_000_000}</t></si></sst>'
    cells = "".join(f'<row r="{at}"><c r="A{at}" t="s"><v>0</v></c></row>' for at in range(1, 5001))
    text, end, _ = examined(workbook(SHEET.format(cells), strings), chars=20_000_000)
    assert text.startswith(WHO)
    assert end.outcome.reason == "limit:chars"


def test_a_part_that_swells() -> None:
    body = f"<d><p><r><t>{WHO}</t></r></p>" + " " * (80 << 20)
    text, end, _ = examined(document(body))
    assert WHO in text
    assert end.outcome.reason == "bomb:ratio"


@pytest.mark.parametrize("attributes", [True, False])
def test_html_that_never_closes(attributes: bool) -> None:
    tail = "<a " + "b='" * 300_000 if attributes else "<div>" * 300_000 + "<!-- " * 100_000
    text, _, _ = examined(f"<!DOCTYPE html><p>{WHO}</p>{tail}".encode())
    assert WHO in text


MIXED = "姓名,电话\n张三,13800138000\n"


def test_encodings_mixed_in_one_file() -> None:
    data = MIXED.encode() * 2000 + f"{WHO}\n".encode("gb18030") + MIXED.encode() * 2000
    text, _, _ = examined(data)
    assert WHO in text
    assert text.count("张三") == 4000


@pytest.mark.parametrize(
    "encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "gb18030", "gbk", "utf-8-sig"]
)
@pytest.mark.parametrize(
    "text", [MIXED, f"客户{WHO}来电，请回复。", "Smith, +1 212 555 0100\n" * 3]
)
def test_encodings_without_a_mark(encoding: str, text: str) -> None:
    found, _, _ = examined(text.encode(encoding))
    assert "".join(text.split()) in "".join(found.replace("\t", ",").split())


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("big5", "客戶張三豐的電話是0912345678，地址在台北市信義區信義路五段七號"),
        ("cp932", "お客様の山田太郎さんの電話番号は090-1234-5678です"),
        ("euc_jp", "お客様の山田太郎さんの電話番号は090-1234-5678です"),
        ("cp949", "고객 김철수의 전화번호는 010-1234-5678입니다"),
        ("cp1251", "Клиент Иван Петров, телефон 84951234567, улица Ленина"),
        ("cp1250", "Klient Łukasz Żółkiewski, ulica Świętokrzyska, gęślą jaźń"),
        ("cp1252", "Kunde Jürgen Müller, Königstraße, André Lefèvre, café"),
    ],
)
def test_encodings_of_others(encoding: str, text: str) -> None:
    found, _, _ = examined((text + "\n").encode(encoding) * 3)
    assert text in found.replace("\t ", ", ")


def test_zeros_between_text() -> None:
    text, _, _ = examined(b"a\0b\n" + WHO.encode() + b"\n" + bytes(30))
    assert WHO in text


def test_a_quote_that_never_closes_hides_nothing() -> None:
    rows = "".join(f"{at},张{at},1380013{at:04d}\n" for at in range(3000))
    text, _, _ = examined(('1,"open,x\n' + rows).encode(), "x.csv")
    assert all(f"1380013{at:04d}" in text for at in range(3000))


@pytest.mark.slow
def test_one_line_of_a_gigabyte() -> None:
    class Line:
        """A stream of one line that is never held."""

        block = b"0123456789," * 95_325  # about a mebibyte
        size = 1 << 30

        def __init__(self) -> None:
            self.at = 0

        def seek(self, offset: int, whence: int = 0) -> int:
            self.at = offset
            return offset

        def read(self, count: int = -1) -> bytes:
            count = min(count, self.size - self.at)
            start = self.at % len(self.block)
            self.at += max(count, 0)
            return (self.block * 2)[start : start + count] if count > 0 else b""

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    end = None
    for event in read(Blob(Line(), Line.size), "x.csv", Budget()):  # type: ignore[arg-type]
        if isinstance(event, End):
            end = event
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert end is not None and end.outcome.coverage is Coverage.COMPLETE
    assert sys.platform != "linux" or grown < 300 << 10
