from __future__ import annotations

import io
import random

import pytest

from scanner.extract import _ocr, _ocr_rows
from scanner.extract.base import Limits
from scanner.model.content import Layout
from tests.extract.reading import Got, chinese_font, got
from tests.hostile.pictures import png

Image = pytest.importorskip("PIL.Image")

FONT = chinese_font()
needs_ocr = pytest.mark.skipif(_ocr.engine() is None, reason="the extra ocr is not installed")
needs_font = pytest.mark.skipif(not FONT, reason="no font with Chinese letters is installed")
SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡"
)
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂芬玲建华文辉力斌宇浩凯雪琳晨阳子轩梓涵欣怡思远佳慧"
HEAD = ("姓名", "电话", "邮箱", "城市")
CITIES = ("北京市朝阳区", "上海市浦东新区", "广州市天河区", "深圳市南山区")


def people(count: int, seed: int) -> list[tuple[str, str, str, str]]:
    source = random.Random(seed)
    return [
        (
            source.choice(SURNAMES) + "".join(source.choice(GIVEN) for _ in range(source.randint(1, 2))),
            "1" + source.choice("3578") + "".join(source.choice("0123456789") for _ in range(9)),
            f"user{source.randint(100, 9999)}@example.com",
            source.choice(CITIES),
        )
        for _ in range(count)
    ]  # fmt: skip


def drawn(rows: list[tuple[str, ...]], size: int = 22, angle: float = 0):  # type: ignore[no-untyped-def]
    from PIL import ImageDraw, ImageFont

    font = ImageFont.truetype(FONT, size)
    widths = [size * 5, size * 9, size * 13, size * 10]
    height = int(size * 1.8)
    picture = Image.new("RGB", (sum(widths) + 40, height * (len(rows) + 1) + 40), "white")
    pen = ImageDraw.Draw(picture)
    for number, row in enumerate([HEAD, *rows]):
        left, top = 20, 20 + number * height
        for cell, width in zip(row, widths, strict=True):
            pen.rectangle((left, top, left + width, top + height), outline="black")
            pen.text((left + 6, top + size // 5), cell, font=font, fill="black")
            left += width
    if angle:
        picture = picture.rotate(angle, expand=True, fillcolor="white", resample=3)
    return picture


def saved(picture, kind: str = "PNG", **options: object) -> bytes:  # type: ignore[no-untyped-def]
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def shares(found: Got, rows: list[tuple[str, ...]]) -> tuple[float, float, float]:
    """Names read, phone numbers read, and rows that kept both on one line."""
    lines = found.text.split("\n")
    names = sum(row[0] in found.text for row in rows) / len(rows)
    phones = sum(row[1] in found.text for row in rows) / len(rows)
    both = sum(any(row[0] in line and row[1] in line for line in lines) for row in rows)
    return names, phones, both / len(rows)


@needs_ocr
@needs_font
def test_a_picture_of_a_customer_table() -> None:
    rows = people(20, 1)
    found = got(saved(drawn(rows)), "table.png")
    names, phones, both = shares(found, rows)
    assert phones >= 0.95
    assert names >= 0.9
    assert both >= 0.9
    assert any(one.layout is Layout.TABLE for _, one in found.segments)
    assert not found.reasons


@needs_ocr
@needs_font
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 5))
@pytest.mark.parametrize(
    ("size", "angle", "kind", "options"),
    [(16, 0, "PNG", {}), (22, 2, "PNG", {}), (24, -3, "JPEG", {"quality": 50}), (30, 90, "PNG", {}),
     (20, 0, "PDF", {"resolution": 150.0})],
)  # fmt: skip
def test_pictures_and_scans_of_customer_tables(
    size: int, angle: float, kind: str, options: dict[str, object], seed: int
) -> None:
    rows = people(25, seed)
    names, phones, both = shares(got(saved(drawn(rows, size, angle), kind, **options), "a"), rows)
    assert phones >= 0.95
    assert names >= 0.9
    assert both >= 0.9


@needs_ocr
@needs_font
def test_a_scanned_pdf_of_a_customer_table() -> None:
    rows = people(20, 7)
    found = got(saved(drawn(rows), "PDF", resolution=150.0), "scan.pdf")
    names, phones, both = shares(found, rows)
    assert phones >= 0.95
    assert names >= 0.9
    assert both >= 0.9
    assert any(one.locator == "page 1 picture" for _, one in found.segments)


@needs_ocr
@needs_font
@pytest.mark.slow
def test_a_long_screenshot_is_read_to_its_end() -> None:
    rows = people(80, 9)
    picture = drawn(rows, 16)
    assert picture.height > 2200
    names, phones, _ = shares(got(saved(picture), "long.png"), rows)
    assert phones >= 0.95
    assert names >= 0.85


def test_without_the_extra_a_picture_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_ocr, "engine", lambda: None)
    picture = Image.new("RGB", (300, 200), "white")
    found = got(saved(picture), "a.png")
    assert found.reasons == {"image-not-read"}
    assert "leakscan[ocr]" in found.outcomes[""].detail
    assert "300x200" in found.outcomes[""].detail


def test_without_any_library_for_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setattr(_ocr, "engine", lambda: None)
    picture = Image.new("RGB", (300, 200), "white")
    png_bytes, pdf_bytes = saved(picture), saved(picture, "PDF")
    monkeypatch.setitem(sys.modules, "PIL", None)
    for data, name in ((png_bytes, "a.png"), (pdf_bytes, "a.pdf")):
        found = got(data, name)
        assert found.reasons == {"image-not-read"}
        assert "leakscan[ocr]" in found.outcomes[""].detail


@pytest.mark.parametrize(("side", "read"), [(31, False), (32, True)])
def test_icons_are_left_out(side: int, read: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_ocr, "engine", lambda: None)
    found = got(saved(Image.new("RGB", (side, side))), "a.png")
    assert ("image-not-read" in found.reasons) is read


@pytest.mark.parametrize(("pixels", "reasons"), [(9999, {"limit:pixels"}), (10_000, set())])
def test_the_pixel_cap(pixels: int, reasons: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_ocr, "read", lambda *_: iter(()))
    found = got(saved(Image.new("L", (100, 100))), "a.png", Limits(pixels=pixels))
    assert found.reasons == reasons


def test_a_picture_that_claims_too_much_is_not_decoded() -> None:
    assert got(png(60_000, 60_000), "a.png").reasons == {"limit:pixels"}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP", "JPEG2000"])
def test_every_kind_of_picture_reaches_the_recogniser(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, int]] = []
    monkeypatch.setattr(_ocr, "read", lambda picture, *_: iter(seen.append(picture.size) or ()))
    found = got(saved(Image.new("RGB", (64, 48), "white"), kind), "a")
    assert seen == [(64, 48)]
    assert found.types[""] == "image"
    assert not found.reasons


def test_every_page_of_a_tiff_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(_ocr, "read", lambda _, where, *__: iter(seen.append(where) or ()))
    pages = [Image.new("L", (64, 64), shade) for shade in (0, 90, 255)]
    got(saved(pages[0], "TIFF", save_all=True, append_images=pages[1:]), "a.tif")
    assert seen == ["page 1", "page 2", "page 3"]


def test_properties_are_text() -> None:
    from PIL import PngImagePlugin

    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "王小明 13800138000")
    found = got(saved(Image.new("L", (9, 9)), pnginfo=info), "a.png")
    assert "王小明 13800138000" in found.at("properties")[0]


def test_what_a_camera_or_a_person_wrote_into_a_photo() -> None:
    exif = Image.Exif()
    exif[0x010E] = "description 13800138000"
    exif[0x9C9C] = "备注 13900139000".encode("utf-16-le")
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + "评论 13700137000".encode("utf-16-be")
    packet = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><dc:creator>王小明 13600136000</dc:creator></x:xmpmeta>'
    data = saved(Image.new("L", (9, 9)), "JPEG", exif=exif.tobytes(), xmp=packet.encode())
    found = got(data, "a.jpg")
    for phone in ("13800138000", "备注 13900139000", "评论 13700137000", "王小明 13600136000"):
        assert phone in found.text
    assert not found.reasons


def box(text: str, left: float, top: float, width: float = 60, height: float = 20) -> _ocr_rows.Box:
    corners = [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]
    return _ocr_rows.Box.of(corners, text, 1.0)


def test_boxes_become_rows_of_cells() -> None:
    boxes = [box("电话", 200, 2), box("姓名", 10, 0), box("138", 200, 42), box("王", 10, 40),
             box("小明", 72, 41)]  # fmt: skip
    assert _ocr_rows.cells(boxes) == [["姓名", "电话"], ["王小明", "138"]]


def test_words_are_kept_apart() -> None:
    boxes = [box("Wang", 0, 0), box("Xiao", 68, 0), box("Beijing", 200, 0)]
    assert _ocr_rows.cells(boxes) == [["Wang Xiao", "Beijing"]]


def test_rows_of_a_tilted_page() -> None:
    import math

    angle = math.radians(8)

    def turned(left: float, top: float, text: str) -> _ocr_rows.Box:
        corners = [(left, top), (left + 80, top), (left + 80, top + 20), (left, top + 20)]
        return _ocr_rows.Box.of(
            [
                (x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle))
                for x, y in corners
            ],
            text,
            1.0,
        )  # fmt: skip

    boxes = [
        turned(column * 250, row * 30, f"{row}{column}") for row in range(6) for column in range(4)
    ]
    assert _ocr_rows.cells(boxes) == [[f"{row}{column}" for column in range(4)] for row in range(6)]
