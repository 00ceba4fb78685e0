"""PDF read by pypdf: the second reader, for files that PDFium refuses or dies of."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from functools import partial
from typing import Any, BinaryIO

from scanner.extract import _pdf_parts
from scanner.extract.base import Budget
from scanner.model.content import Child, Gap, Kind, Piece, Segment
from scanner.model.errors import Unread


def _open(data: bytes, budget: Budget) -> Any:
    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL + 1)
    reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted and not any(
        reader.decrypt(password) for password in ("", *budget.limits.passwords)
    ):
        raise Unread("encrypted")
    return reader


def read(data: bytes, budget: Budget) -> Iterator[Piece]:
    """Pages, annotations, properties and attachments, as far as they can be read."""
    reader = _open(data, budget)
    pages = _pages(reader)
    number = 0
    while True:
        budget.check_time()
        number += 1
        try:
            page = next(pages)
        except StopIteration:
            break
        except (Unread, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001
            yield Gap("damaged", f"page {number}", type(error).__name__)
            break
        yield from _page(page, f"page {number}")
    yield from _rest(reader, data)


def _pages(reader: Any) -> Iterator[Any]:
    for index in range(len(reader.pages)):
        yield reader.pages[index]


def _page(page: Any, locator: str) -> Iterator[Piece]:
    try:
        text = str(page.extract_text())
    except (Unread, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001
        yield Gap("damaged", locator, type(error).__name__)
        text = ""
    if text.strip():
        yield Segment(text.replace("\0", ""), locator)
    elif "/Resources" in page:
        yield Gap("image-not-read", locator, "a page without text, not rendered by this reader")
    try:
        notes = list(_notes(page))
    except (Unread, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001
        yield Gap("damaged", f"{locator} annotations", type(error).__name__)
        return
    if notes:
        yield Segment("\n".join(notes), f"{locator} annotations", Kind.HIDDEN)


def _notes(page: Any) -> Iterator[str]:
    for reference in page.get("/Annots") or ():
        annotation = reference.get_object()
        values = (annotation.get(key) for key in ("/T", "/Contents", "/V", "/TU"))
        line = ": ".join(_pdf_parts.plain(value) for value in values if isinstance(value, str))
        if line.strip():
            yield line


def _stream(data: bytes) -> BinaryIO:
    return io.BytesIO(data)


def _rest(reader: Any, data: bytes) -> Iterator[Piece]:
    yield from _pdf_parts.xmp(data)
    try:
        told = {key.lstrip("/"): str(value) for key, value in (reader.metadata or {}).items()}
        attached = [(one.name or "attachment", one.content) for one in reader.attachment_list]
    except (Unread, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001
        yield Gap("damaged", "properties", type(error).__name__)
        return
    if told:
        lines = "\n".join(f"{key}: {value}" for key, value in told.items())
        yield Segment(lines, "properties", Kind.META)
    for name, content in attached:
        yield Child(name, partial(_stream, content), len(content))
