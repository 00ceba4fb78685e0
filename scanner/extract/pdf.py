"""PDF: pages, annotations, forms, attachments, properties, older revisions, scanned pages."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Generator, Iterator
from itertools import islice
from typing import Any

from scanner.extract import _ocr, _pdf_mend, _pdf_parts, _pdf_plain, _pdf_rows
from scanner.extract._appended import appended
from scanner.extract._raw import raw_strings
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Gap, Kind, Piece, Segment
from scanner.model.errors import Unread

WRONG_PASSWORD = 4
UNKNOWN_SECURITY = 5
REVISIONS = 20
BAD_PAGES = 200  # after so many unreadable pages in a row the rest is given up
FEW_CHARS = 16  # a page with fewer characters than this is read as a picture
SCAN_SHARE, SCAN_LETTERS = 0.6, 200  # a scan whose text stands in the file already
PICTURE_SHARE = 0.02  # of the page's area, from which a picture on it is read
_EOF = re.compile(rb"%%EOF[\r\n]{0,2}")


def _claims(head: bytes, blob: Blob, name: str) -> int:
    at = head.find(b"%PDF-", 0, 1024 + 5)
    if at == 0:
        return 97
    end = blob.tail(2048) if blob.size >= 0 else b""
    if at > 0 and (b"startxref" in end or b"%%EOF" in end):
        return 90
    return 60 if b" obj" in head[:4096] and b"%%EOF" in end and b"startxref" in end else 0


def clean(text: str) -> str:
    """A page's text with plain line ends; soft line-end hyphens become hyphens."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return text.replace("\x02", "-").replace("\ufffe", "-").replace("\uffff", "")


def _open(data: bytes, budget: Budget) -> Any:
    """The document, opened with no password or one of those to try."""
    import pypdfium2

    logging.getLogger("pypdfium2").setLevel(logging.CRITICAL + 1)
    wrong = False
    for password in (None, *budget.limits.passwords):
        try:
            return pypdfium2.PdfDocument(data, password=password)
        except pypdfium2.PdfiumError as error:
            if error.err_code == UNKNOWN_SECURITY:
                raise Unread("encrypted", "an unknown security handler") from None
            if error.err_code != WRONG_PASSWORD:
                raise
            wrong = True
    assert wrong
    raise Unread("encrypted")


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    import pypdfium2

    data = blob.all(budget)
    if getattr(budget, "safe_mode", False):
        yield from _pdf_plain.read(data, budget)
        return
    try:
        document = _open(data, budget)
    except pypdfium2.PdfiumError:
        yield from _repaired(blob, data, budget)
        return
    yield from _whole(document, blob, data, budget)


def _repaired(blob: Blob, data: bytes, budget: Budget) -> Iterator[Piece]:
    """A file that PDFium refuses: with a new root, else by the second reader, else its strings."""
    import pypdfium2

    if mended := _pdf_mend.mended(data):
        yield Gap("damaged", "", "its root was rebuilt")
        try:
            document = _open(mended, budget)
        except pypdfium2.PdfiumError:
            pass
        else:
            yield from _whole(document, blob, mended, budget)
            return
    try:
        yield from _pdf_plain.read(data, budget)
    except (Unread, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001
        yield from raw_strings(blob)
        raise Unread("damaged", type(error).__name__) from None


def _whole(document: Any, blob: Blob, data: bytes, budget: Budget) -> Iterator[Piece]:
    try:
        if document.get_formtype():
            document.init_forms()
        seen: set[str] = set()
        yield from _pages(document, seen, budget)
        yield from _pdf_parts.parts(document, data)
        yield from _revisions(data, seen, budget)
        end = data.rfind(b"%%EOF")
        if end > 0:
            yield from appended(blob, end)
        if b"/EncryptedPayload" in data:
            yield Gap("encrypted", "", "a wrapper around a protected document")
    finally:
        document.close()


def _pages(document: Any, seen: set[str], budget: Budget) -> Iterator[Piece]:
    """The text of every page, and after that their pictures, which take far longer."""
    import pypdfium2

    bad = 0
    scanned: list[int] = []
    for index in range(len(document)):
        budget.check_time()
        try:
            page = document[index]
        except pypdfium2.PdfiumError:
            if not bad:
                yield Gap("damaged", f"page {index + 1}", "the page cannot be opened")
            bad += 1
            if bad >= BAD_PAGES:
                yield Gap("damaged", "", f"gave up after {bad} pages that cannot be opened")
                break
            continue
        bad = 0
        try:
            letters = yield from _page(page, f"page {index + 1}", seen)
            yield from _pdf_parts.page_annotations(document, page, f"page {index + 1}")
            if _shows(page) or (letters < FEW_CHARS and _draws(page)):
                scanned.append(index)
        finally:
            page.close()
    done: set[bytes] = set()
    for index in scanned:
        yield from _page_pictures(document, index, done, budget)


def page_text(page: Any) -> str:
    """The text of an open page."""
    textpage = page.get_textpage()
    try:
        return clean(textpage.get_text_range())
    finally:
        textpage.close()


def _page(page: Any, locator: str, seen: set[str]) -> Generator[Piece, None, int]:
    """The text of a page; how many letters it has."""
    textpage = page.get_textpage()
    try:
        text = clean(textpage.get_text_range())
        seen.add(text)
        if text.strip():
            yield Segment(text, locator)
            yield from _pdf_rows.torn_tables(textpage, text, locator)
        return len(text.strip())
    finally:
        textpage.close()


def _page_pictures(document: Any, index: int, done: set[bytes], budget: Budget) -> Iterator[Piece]:
    """What the pictures of a page say; each picture of the document once.

    A page without text is read as it is painted. A picture that fills a page whose text was read
    is the scan below that text, and is left out.
    """
    page = document[index]
    locator = f"page {index + 1} picture"
    try:
        letters = len(page_text(page).strip())
        if letters < FEW_CHARS:
            absent = list(_ocr.missing(locator, "a page without text"))
            yield from absent or _ocr.read(_rendered(page), locator, budget)
            return
        width, height = page.get_size()
        number = 0
        for picture in _pictures(page):
            left, bottom, right, top = picture.get_bounds()
            share = abs(right - left) * abs(top - bottom) / max(width * height, 1)
            if share < PICTURE_SHARE or (share > SCAN_SHARE and letters >= SCAN_LETTERS):
                continue
            digest = hashlib.sha256(picture.get_data()).digest()
            number += 1
            if digest not in done:
                done.add(digest)
                where = f"{locator} {number}"
                absent = list(_ocr.missing(where))
                yield from absent or _ocr.read(_picture(picture), where, budget)
    finally:
        page.close()


def _pictures(page: Any) -> Iterator[Any]:
    import pypdfium2.raw as raw

    for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=4):
        width, height = item.get_px_size()
        if width >= _ocr.SMALLEST and height >= _ocr.SMALLEST:
            yield item


def _shows(page: Any) -> bool:
    """True where the page has pictures that are read."""
    import pypdfium2.raw as raw

    kinds = {
        raw.FPDFPageObj_GetType(raw.FPDFPage_GetObject(page, index))
        for index in range(raw.FPDFPage_CountObjects(page))
    }
    if not kinds & {raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_FORM}:
        return False
    return next(_pictures(page), None) is not None


def _draws(page: Any) -> bool:
    """True where something is painted that is no text."""
    import pypdfium2.raw as raw

    kinds = [raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_SHADING]
    return len(list(islice(page.get_objects(filter=kinds, max_depth=4), 21))) > 20


def _rendered(page: Any) -> Any:
    """The page painted at about 200 dots an inch, as a picture."""
    width, height = page.get_size()
    scale = min(200 / 72, 3000 / max(width, height, 1))
    return page.render(scale=scale, grayscale=True).to_pil()


def _picture(picture: Any) -> Any:
    """One picture of a page."""
    import pypdfium2

    try:
        return picture.get_bitmap(render=False).to_pil()
    except (pypdfium2.PdfiumError, ValueError, RuntimeError):
        return picture.get_bitmap(render=True).to_pil()


def _revisions(data: bytes, seen: set[str], budget: Budget) -> Iterator[Piece]:
    """Text of earlier states of the document that its last state does not show."""
    import pypdfium2

    ends = [match.end() for match in _EOF.finditer(data)][:-1]
    for number, end in enumerate(ends[-REVISIONS:], max(1, len(ends) - REVISIONS + 1)):
        if end < 512:
            continue
        try:
            document = _open(data[:end], budget)
        except (pypdfium2.PdfiumError, Unread):
            continue
        try:
            for index in range(len(document)):
                budget.check_time()
                try:
                    text = page_text(document[index])
                except pypdfium2.PdfiumError:
                    continue
                if text.strip() and text not in seen:
                    seen.add(text)
                    yield Segment(text, f"revision {number} page {index + 1}", Kind.HIDDEN)
        finally:
            document.close()


FORMAT = Format("pdf", _claims, _read, ("pdf",))
