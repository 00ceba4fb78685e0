"""PDFs without their table and root: a new root over the pages that are still there."""

from __future__ import annotations

import re

_OBJECT = rb"(\d{1,9})\s+(\d{1,5})\s+obj\b(?:(?!endobj).){0,4000}?"
_CATALOG = re.compile(_OBJECT + rb"/Type\s*/Catalog\b", re.DOTALL)
_PAGE = re.compile(_OBJECT + rb"/Type\s*/Page\b", re.DOTALL)
_MOST = 50_000
_FREE = 8_388_600  # object numbers that no file uses


def mended(data: bytes) -> bytes | None:
    """The file with a new end; None where no page and no root can be found."""
    catalog = _CATALOG.search(data)
    pages = [match for _, match in zip(range(_MOST), _PAGE.finditer(data), strict=False)]
    if catalog is None and not pages:
        return None
    out = bytearray(data)
    if catalog is not None and b"/Type" in data and re.search(rb"/Type\s*/Pages\b", data):
        root = b"%s %s R" % (catalog[1], catalog[2])
    else:
        kids = b" ".join(b"%s %s R" % (match[1], match[2]) for match in pages)
        out += b"\nendstream\nendobj\n%d 0 obj\n<< /Type /Pages /Count %d " % (_FREE, len(pages))
        out += b"/Kids [%s] >>\nendobj\n" % kids
        out += b"%d 0 obj\n<< /Type /Catalog /Pages %d 0 R >>\nendobj\n" % (_FREE + 1, _FREE)
        root = b"%d 0 R" % (_FREE + 1)
    out += b"\ntrailer\n<< /Root %s /Size %d >>\n%%%%EOF\n" % (root, _FREE + 2)
    return bytes(out)
