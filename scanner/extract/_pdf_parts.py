"""What a PDF holds beside the text of its pages, read through PDFium."""

from __future__ import annotations

import ctypes
import io
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, BinaryIO

from scanner.model.content import Child, Gap, Kind, Piece, Segment

_XMP = re.compile(rb"<x:xmpmeta.{0,4000000}?</x:xmpmeta>", re.DOTALL)
_TAG = re.compile(r"<[^<>]*>")
_ATTRIBUTE = re.compile(r"""[\w:.-]+\s*=\s*(?:"([^"<]*)"|'([^'<]*)')""")
_KEYS = (b"T", b"Subj", b"Contents", b"RC", b"TU", b"V", b"DV", b"OverlayText")
BOOKMARKS = 20_000


def wide(call: Callable[[Any, int], int]) -> str:
    """The UTF-16 string that a PDFium function puts into a buffer."""
    size = call(None, 0)
    if size <= 2 or size > 64 << 20:
        return ""
    buffer = ctypes.create_string_buffer(size)
    call(ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), size)
    return buffer.raw[:size].decode("utf-16-le", "replace").rstrip("\0")


def _bytes(call: Callable[[Any, int, Any], int]) -> bytes:
    """The bytes that a PDFium function puts into a buffer."""
    size = ctypes.c_ulong()
    if not call(None, 0, ctypes.byref(size)) and not size.value:
        return b""
    buffer = ctypes.create_string_buffer(max(1, size.value))
    call(buffer, size.value, ctypes.byref(size))
    return buffer.raw[: size.value]


def plain(markup: str) -> str:
    """Text without tags."""
    return _TAG.sub(" ", markup)


def parts(document: Any, data: bytes) -> Iterator[Piece]:
    """Properties, bookmarks, form data, scripts and attachments."""
    told = {key: value for key, value in document.get_metadata_dict().items() if value}
    if told:
        lines = "\n".join(f"{key}: {value}" for key, value in told.items())
        yield Segment(lines, "properties", Kind.META)
    yield from xmp(data)
    yield from _bookmarks(document)
    yield from _xfa(document)
    yield from _scripts(document)
    yield from _attachments(document)


def xmp(data: bytes) -> Iterator[Piece]:
    """The XMP packets that stand in the file uncompressed."""
    seen = set()
    for match in _XMP.finditer(data):
        text = match.group().decode("utf-8", "replace")
        values = [one or two for one, two in _ATTRIBUTE.findall(text) if "://" not in (one or two)]
        words = [line for line in (part.strip() for part in _TAG.split(text)) if line]
        lines = "\n".join(dict.fromkeys(words + values))
        if lines and lines not in seen:
            seen.add(lines)
            yield Segment(lines, "xmp", Kind.META)


def _bookmarks(document: Any) -> Iterator[Piece]:
    titles = []
    for mark in document.get_toc():
        titles.append(mark.get_title())
        if len(titles) >= BOOKMARKS:
            yield Gap("limit:members", "bookmarks", f"more than {BOOKMARKS}")
            break
    text = "\n".join(" ".join(title.split()) for title in titles if title)
    if text:
        yield Segment(text, "bookmarks", Kind.HIDDEN)


def _xfa(document: Any) -> Iterator[Piece]:
    import pypdfium2.raw as raw

    for index in range(raw.FPDF_GetXFAPacketCount(document)):
        size = raw.FPDF_GetXFAPacketName(document, index, None, 0)
        label = ctypes.create_string_buffer(max(1, size))
        raw.FPDF_GetXFAPacketName(document, index, label, size)
        name = label.value.decode("utf-8", "replace")
        if name in ("preamble", "postamble", "config", "localeSet"):
            continue
        packet = _bytes(partial(raw.FPDF_GetXFAPacketContent, document, index))
        if packet:
            yield Child(f"xfa {name}.xml", partial(_stream, packet), len(packet))


def _scripts(document: Any) -> Iterator[Piece]:
    import pypdfium2.raw as raw

    for index in range(min(1000, raw.FPDFDoc_GetJavaScriptActionCount(document))):
        action = raw.FPDFDoc_GetJavaScriptAction(document, index)
        if not action:
            continue
        text = wide(partial(raw.FPDFJavaScriptAction_GetScript, action))
        raw.FPDFDoc_CloseJavaScriptAction(action)
        if text.strip():
            yield Segment(text, f"script {index + 1}", Kind.HIDDEN)


def _stream(data: bytes) -> BinaryIO:
    return io.BytesIO(data)


def _attachment(handle: Any, fallback: str) -> Iterator[Piece]:
    import pypdfium2.raw as raw

    name = wide(partial(raw.FPDFAttachment_GetName, handle)) or fallback
    if name.startswith("þÿ"):  # written as bytes inside a string
        name = name.encode("latin-1", "replace")[2:].decode("utf-16-be", "replace")
    size = ctypes.c_ulong()
    raw.FPDFAttachment_GetFile(handle, None, 0, ctypes.byref(size))
    if not size.value:
        yield Gap("damaged", name, "an attachment without its bytes")
        return
    yield Child(
        name, lambda: _stream(_bytes(partial(raw.FPDFAttachment_GetFile, handle))), size.value
    )


def _attachments(document: Any) -> Iterator[Piece]:
    import pypdfium2.raw as raw

    for index in range(raw.FPDFDoc_GetAttachmentCount(document)):
        handle = raw.FPDFDoc_GetAttachment(document, index)
        if handle:
            yield from _attachment(handle, f"attachment {index + 1}")


def page_annotations(document: Any, page: Any, locator: str) -> Iterator[Piece]:
    """Notes, form values, link targets and attached files of a page."""
    import pypdfium2.raw as raw

    notes: list[str] = []
    fields: list[str] = []
    for index in range(raw.FPDFPage_GetAnnotCount(page)):
        annotation = raw.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        try:
            subtype = raw.FPDFAnnot_GetSubtype(annotation)
            if subtype == raw.FPDF_ANNOT_WIDGET:
                fields += _field(document, annotation)
            elif subtype == raw.FPDF_ANNOT_LINK:
                notes += _link(document, annotation)
            else:
                notes += _note(annotation)
            if subtype == raw.FPDF_ANNOT_FILEATTACHMENT:
                handle = raw.FPDFAnnot_GetFileAttachment(annotation)
                if handle:
                    yield from _attachment(handle, f"{locator} attachment {index + 1}")
        finally:
            raw.FPDFPage_CloseAnnot(annotation)
    if fields:
        yield Segment("\n".join(fields), f"{locator} form", Kind.BODY)
    if notes:
        yield Segment("\n".join(dict.fromkeys(notes)), f"{locator} annotations", Kind.HIDDEN)


def _value(annotation: Any, key: bytes) -> str:
    import pypdfium2.raw as raw

    return wide(partial(raw.FPDFAnnot_GetStringValue, annotation, key))


def _note(annotation: Any) -> list[str]:
    values = [_value(annotation, key) for key in _KEYS]
    return [plain(value).strip() for value in dict.fromkeys(values) if value.strip()]


def _link(document: Any, annotation: Any) -> list[str]:
    import pypdfium2.raw as raw

    found = [value for key in (b"Contents", b"TU") if (value := _value(annotation, key))]
    link = raw.FPDFAnnot_GetLink(annotation)
    action = raw.FPDFLink_GetAction(link) if link else None
    if not action:
        return found
    size = raw.FPDFAction_GetURIPath(document, action, None, 0)
    buffer = ctypes.create_string_buffer(max(1, min(size, 1 << 20)))
    raw.FPDFAction_GetURIPath(document, action, buffer, len(buffer))
    if uri := buffer.value.decode("utf-8", "replace"):
        found.append(uri)
    return found


def _field(document: Any, annotation: Any) -> list[str]:
    """The lines "name: value" of a form field; its own keys where no form is open."""
    import pypdfium2.raw as raw

    form = document.formenv
    if not form:
        return _note(annotation)
    name = wide(partial(raw.FPDFAnnot_GetFormFieldName, form, annotation))
    value = wide(partial(raw.FPDFAnnot_GetFormFieldValue, form, annotation))
    label = wide(partial(raw.FPDFAnnot_GetFormFieldAlternateName, form, annotation))
    lines = [f"{label or name}: {value}"] if value else []
    for index in range(max(0, min(5000, raw.FPDFAnnot_GetOptionCount(form, annotation)))):
        option = wide(partial(raw.FPDFAnnot_GetOptionLabel, form, annotation, index))
        if option and option != value:
            lines.append(option)
    default = _value(annotation, b"DV")
    if default and default != value:
        lines.append(f"{label or name}: {default}")
    return lines
