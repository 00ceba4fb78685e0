"""Hostile PDFs, built when asked for: loops, bombs, trees of pages, passwords."""

from __future__ import annotations

import io
import zlib

from tests.hostile.case import Case, reasons

MARK = "13800138000 wang@example.com"


def pdf(objects: list[bytes], root: int = 1, trailer: bytes = b"") -> bytes:
    """A file of these objects, numbered from 1, with a right cross-reference table."""
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root %d 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        root,
        trailer,
        start,
    )
    return bytes(out)


def stream(data: bytes, extra: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), extra, data)


FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def shown(text: str) -> bytes:
    return b"BT /F1 12 Tf 50 700 Td (%s) Tj ET" % text.encode("latin-1")


def page(contents: int, resources: bytes = b"", parent: int = 2) -> bytes:
    return (
        b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 612 792] /Contents %d 0 R "
        b"/Resources << /Font << /F1 5 0 R >> %s >> >>" % (parent, contents, resources)
    )


def simple(content: bytes = b"", resources: bytes = b"", more: list[bytes] | None = None) -> bytes:
    return pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            page(4, resources),
            content or stream(shown(MARK)),
            FONT,
            *(more or []),
        ]
    )


def xref_loop() -> bytes:
    """The cross-reference table says that the one before it is itself."""
    data = simple()
    start = data.rindex(b"startxref\n") + 10
    place = data[start : data.index(b"\n", start)]
    return data.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev " + place)


def prev_circle() -> bytes:
    """Two tables that point at each other."""
    data = simple()
    first = data.rindex(b"xref\n0")
    second = len(data)
    data = data.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev %d" % (second + len(b" /Prev 0000")))
    second = len(data)
    tail = b"xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 6 /Root 1 0 R /Prev %d >>\n" % first
    return data + tail + b"startxref\n%d\n%%%%EOF\n" % second


def own_form() -> bytes:
    """A form that draws itself."""
    form = stream(b"/X0 Do", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] "
                  b"/Resources << /XObject << /X0 6 0 R >> >>")  # fmt: skip
    return simple(stream(shown(MARK) + b" /X0 Do"), b"/XObject << /X0 6 0 R >>", [form])


def form_bomb(levels: int = 10) -> bytes:
    """Forms that each draw the next one ten times."""
    forms = []
    for level in range(levels):
        last = level == levels - 1
        inside = b"/Font << /F1 5 0 R >>" if last else b"/XObject << /X0 %d 0 R >>" % (7 + level)
        content = shown(MARK) if last else b"/X0 Do " * 10
        forms.append(
            stream(
                content,
                b"/Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources << %s >>" % inside,
            )
        )
    return simple(stream(b"/X0 Do " * 10), b"/XObject << /X0 6 0 R >>", forms)


def flate_bomb(size: int = 300 << 20) -> bytes:
    engine = zlib.compressobj(9)
    text = engine.compress(shown(MARK) + b"\n")
    block = b" " * (1 << 20)
    data = text + b"".join(engine.compress(block) for _ in range(size >> 20)) + engine.flush()
    return simple(stream(data, b"/Filter /FlateDecode"))


def double_flate() -> bytes:
    data = zlib.compress(zlib.compress(bytes(200 << 20), 9), 9)
    return simple(stream(data, b"/Filter [/FlateDecode /FlateDecode]"))


def run_length() -> bytes:
    return simple(stream(b"\x81 " * 200_000 + b"\x80", b"/Filter /RunLengthDecode"))


def xmp_bomb() -> bytes:
    entities = b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 10))
    xmp = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "x">' + entities
    xmp += b']><x:xmpmeta xmlns:x="adobe:ns:meta/"><a>&e9;</a></x:xmpmeta>'
    data = simple(more=[stream(xmp, b"/Type /Metadata /Subtype /XML")])
    return data.replace(b"/Type /Catalog", b"/Type /Catalog /Metadata 6 0 R")


def page_tree(depth: int = 20) -> bytes:
    """A tree of pages that claims a million and holds itself over and over."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R %s] /Count 1000000 >>" % (b"6 0 R " * 10),
        page(4),
        stream(shown(MARK)),
        FONT,
    ]
    objects += [
        b"<< /Type /Pages /Parent %d 0 R /Kids [%s] /Count 100000 >>"
        % (max(2, number - 1), b"%d 0 R " % (number + 1 if number < 5 + depth else 6) * 10)
        for number in range(6, 6 + depth)
    ]
    return pdf(objects)


def deep_array() -> bytes:
    return simple(more=[b"[" * 100_000 + b"]" * 100_000]).replace(
        b"/Type /Catalog", b"/Type /Catalog /Deep 6 0 R"
    )


def bookmark_loop() -> bytes:
    data = simple(
        more=[
            b"<< /Type /Outlines /First 7 0 R /Last 7 0 R /Count 1 >>",
            b"<< /Title (loop) /Parent 6 0 R /Next 7 0 R /First 7 0 R >>",
        ]
    )
    return data.replace(b"/Type /Catalog", b"/Type /Catalog /Outlines 6 0 R")


def locked(user: str, owner: str = "owner") -> bytes:
    import pypdf

    writer = pypdf.PdfWriter(io.BytesIO(simple()))
    writer.encrypt(user, owner, algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def cut_short() -> bytes:
    """Without its cross-reference table."""
    data = simple()
    return data[: data.rindex(b"xref\n0")]


ANY_END = reasons("timeout", "memory", "crash:", "damaged", "bomb:ratio", "limit:bytes")

CASES: list[Case] = [
    Case(22, "xref-loop", "a.pdf", xref_loop, texts=(MARK,)),
    Case(22, "prev-circle", "a.pdf", prev_circle, texts=(MARK,)),
    Case(22, "own-form", "a.pdf", own_form, texts=(MARK,)),
    Case(22, "form-bomb", "a.pdf", form_bomb, ANY_END, safe=False),
    Case(22, "flate-bomb", "a.pdf", flate_bomb, safe=False),
    Case(22, "double-flate", "a.pdf", double_flate, safe=False),
    Case(22, "run-length", "a.pdf", run_length),
    Case(22, "xmp-bomb", "a.pdf", xmp_bomb, texts=(MARK,)),
    Case(22, "page-tree", "a.pdf", page_tree, reasons("damaged", "timeout"), (MARK,), safe=False),
    Case(22, "deep-array", "a.pdf", deep_array, texts=(MARK,)),
    Case(22, "bookmark-loop", "a.pdf", bookmark_loop, texts=(MARK, "loop")),
    Case(22, "cut", "a.pdf", cut_short, reasons("damaged"), (MARK,)),
    Case(24, "password", "a.pdf", lambda: locked("secret"), reasons("encrypted")),
    Case(24, "owner-only", "a.pdf", lambda: locked(""), texts=(MARK,)),
    Case(
        24, "known-password", "a.pdf", lambda: locked("secret"), texts=(MARK,),
        limits={"passwords": ("wrong", "secret")},
    ),
]  # fmt: skip
