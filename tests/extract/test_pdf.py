from __future__ import annotations

import io

import pypdf
import pytest
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    TextStringObject,
)
from reportlab.lib import colors
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen import canvas
from reportlab.platypus import SimpleDocTemplate, Table

from scanner.extract.base import Limits
from scanner.model.content import Kind
from tests.extract.reading import Got, got
from tests.hostile.pdfs import locked, simple

PEOPLE = [("王小明", "13800138000", "wang@example.com"), ("李四", "13900139000", "li@example.com")]


@pytest.fixture(scope="module", autouse=True)
def font() -> None:
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))


def pages(*texts: str, **options: object) -> bytes:
    out = io.BytesIO()
    paper = canvas.Canvas(out, **options)  # type: ignore[arg-type]
    for text in texts:
        paper.setFont("STSong-Light", 12)
        for number, line in enumerate(text.split("\n")):
            paper.drawString(60, 760 - 16 * number, line)
        paper.showPage()
    paper.save()
    return out.getvalue()


def changed(data: bytes, change: object) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    change(writer)  # type: ignore[operator]
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_every_page_has_its_locator() -> None:
    found = got(pages("第一页 王小明", "第二页 13800138000"), "a.pdf")
    assert found.at("page 1") == ["第一页 王小明"]
    assert found.at("page 2") == ["第二页 13800138000"]
    assert found.types[""] == "pdf"
    assert not found.reasons


def test_the_cells_of_a_row_stay_on_one_line() -> None:
    out = io.BytesIO()
    rows = [["姓名", "电话", "邮箱"], *[list(person) for person in PEOPLE]]
    table = Table(rows, style=[("FONT", (0, 0), (-1, -1), "STSong-Light", 10),
                               ("GRID", (0, 0), (-1, -1), 0.5, colors.black)])  # fmt: skip
    SimpleDocTemplate(out).build([table])
    lines = "\n".join(got(out.getvalue(), "a.pdf").at("page 1")).split("\n")
    for person in PEOPLE:
        assert any(all(cell in line for cell in person) for line in lines)


def test_a_table_drawn_column_by_column_is_put_back_into_rows() -> None:
    out = io.BytesIO()
    paper = canvas.Canvas(out)
    paper.setFont("STSong-Light", 12)
    for column in range(3):
        for row, person in enumerate(PEOPLE * 3):
            paper.drawString(60 + 150 * column, 700 - 20 * row, person[column])
    paper.save()
    found = got(out.getvalue(), "a.pdf")
    lines = found.text.split("\n")
    for person in PEOPLE:
        assert any(all(cell in line for cell in person) for line in lines)


def test_annotations_links_and_attachments_are_read() -> None:
    def add(writer: pypdf.PdfWriter) -> None:
        note = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Annot"),
                NameObject("/Subtype"): NameObject("/Text"),
                NameObject("/Rect"): ArrayObject([NumberObject(n) for n in (10, 10, 30, 30)]),
                NameObject("/T"): TextStringObject("审阅人"),
                NameObject("/Contents"): TextStringObject("note 13700137000"),
            }
        )
        writer.add_annotation(0, note)
        writer.add_uri(0, "mailto:link@example.com", (0, 0, 9, 9))  # type: ignore[arg-type]
        writer.add_attachment("客户.csv", "赵六,13600136000\n".encode())
        writer.add_outline_item(title="书签 13500135000", page_number=0)
        action = DictionaryObject(
            {
                NameObject("/S"): NameObject("/JavaScript"),
                NameObject("/JS"): TextStringObject("app.alert('script 13400134000')"),
            }
        )
        scripts = DictionaryObject(
            {NameObject("/Names"): ArrayObject([TextStringObject("one"), action])}
        )
        writer._root_object["/Names"][NameObject("/JavaScript")] = scripts  # type: ignore[index]
        writer.add_metadata({"/Title": "客户名单", "/Keywords": "kw 13300133000"})

    found = got(changed(pages("body"), add), "a.pdf")
    assert "note 13700137000" in found.at("page 1 annotations")[0]
    assert "审阅人" in found.at("page 1 annotations")[0]
    assert "mailto:link@example.com" in found.at("page 1 annotations")[0]
    assert "客户.csv" in found.outcomes
    assert "13600136000" in found.text
    assert found.at("bookmarks") == ["书签 13500135000"]
    assert "13400134000" in found.at("script 1")[0]
    assert "客户名单" in found.at("properties")[0]
    assert "13300133000" in found.at("properties")[0]
    kinds = {one.locator: one.kind for _, one in found.segments}
    assert kinds["page 1 annotations"] is Kind.HIDDEN
    assert kinds["properties"] is Kind.META


def test_form_fields_are_read() -> None:
    out = io.BytesIO()
    paper = canvas.Canvas(out)
    paper.acroForm.textfield(name="phone", value="13800138000", x=50, y=600, tooltip="Phone")
    paper.acroForm.choice(
        name="city", value="Beijing", options=["Beijing", "Shanghai"], x=50, y=500
    )
    paper.showPage()
    paper.save()
    lines = got(out.getvalue(), "a.pdf").at("page 1 form")[0].split("\n")
    assert "Phone: 13800138000" in lines
    assert "Shanghai" in lines


def test_xfa_packets_are_children() -> None:
    def add(writer: pypdf.PdfWriter) -> None:
        packet = pypdf.generic.StreamObject()
        packet.set_data(
            b"<xfa:data xmlns:xfa='x'><name>\xe7\x8e\x8b\xe5\xb0\x8f\xe6\x98\x8e</name></xfa:data>"
        )
        form = DictionaryObject(
            {
                NameObject("/Fields"): ArrayObject(),
                NameObject("/XFA"): ArrayObject(
                    [TextStringObject("datasets"), writer._add_object(packet)]
                ),
            }
        )
        writer._root_object[NameObject("/AcroForm")] = writer._add_object(form)

    found = got(changed(pages("body"), add), "a.pdf")
    assert "王小明" in found.text
    assert "xfa datasets.xml" in found.outcomes


def test_what_an_earlier_revision_said_is_read() -> None:
    first = simple()
    start = len(first)
    body = b"BT /F1 12 Tf 50 700 Td (replaced) Tj ET"
    update = b"4 0 obj\n<< /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (len(body), body)
    place = first.rindex(b"startxref\n") + 10
    previous = int(first[place : first.index(b"\n", place)])
    update += b"xref\n4 1\n%010d 00000 n \n" % start
    update += b"trailer\n<< /Size 6 /Root 1 0 R /Prev %d >>\n" % previous
    update += b"startxref\n%d\n%%%%EOF\n" % (start + update.index(b"xref\n4 1"))
    found = got(first + update, "a.pdf")
    assert found.at("page 1") == ["replaced"]
    assert "13800138000" in found.at("revision 1 page 1")[0]


@pytest.mark.parametrize("passwords", [(), ("wrong",)])
def test_without_its_password_it_is_encrypted(passwords: tuple[str, ...]) -> None:
    found = got(locked("secret"), "a.pdf", Limits(passwords=passwords))
    assert found.reasons == {"encrypted"}
    assert not found.text


@pytest.mark.parametrize("safe", [False, True])
def test_a_password_to_try_opens_it(safe: bool) -> None:
    found = got(locked("secret"), "a.pdf", Limits(passwords=("wrong", "secret")), safe)
    assert "13800138000" in found.text
    assert not found.reasons - {"image-not-read"}


def _same(one: Got, other: Got) -> bool:
    return [text.split() for text in one.at("page 1")] == [
        text.split() for text in other.at("page 1")
    ]


def test_the_second_reader_reads_the_same_page() -> None:
    data = simple()
    assert _same(got(data, "a.pdf"), got(data, "a.pdf", safe=True))


@pytest.mark.parametrize("share", [0.75, 0.95])
def test_pages_before_a_cut_are_read(share: float) -> None:
    data = pages(*(f"page {number} 1380013800{number}" for number in range(9)), pageCompression=0)
    found = got(data[: int(len(data) * share)], "a.pdf")
    assert found.reasons == {"damaged"}
    assert "13800138000" in found.text


def test_junk_before_the_header_changes_nothing() -> None:
    assert "13800138000" in got(b"\r\n\r\nHTTP junk\r\n" + simple(), "a").text


def test_a_protected_wrapper_says_that_it_is_encrypted() -> None:
    def add(writer: pypdf.PdfWriter) -> None:
        writer.add_attachment("protected.pdf", locked("secret"))
        payload = DictionaryObject({NameObject("/Type"): NameObject("/EncryptedPayload")})
        writer._root_object[NameObject("/EP")] = writer._add_object(payload)

    found = got(changed(simple(), add), "a.pdf")
    assert found.outcomes[""].reason == "encrypted"
    assert found.outcomes["protected.pdf"].reason == "encrypted"
