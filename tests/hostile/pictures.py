"""Hostile pictures, built when asked for."""

from __future__ import annotations

import io
import random
import struct
import zlib

from tests.hostile.case import Case, reasons


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, rows: bytes = b"") -> bytes:
    """A grey picture that claims any size."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + _chunk(b"IDAT", zlib.compress(rows, 9))
        + _chunk(b"IEND", b"")
    )


def huge() -> bytes:
    return png(65_535, 65_535, bytes(1 << 20))


def frames(count: int = 10_000) -> bytes:
    """A moving picture of very many small frames."""
    frame = bytes.fromhex("21f90400010000002c00000000280028000002") + b"\x02\x44\x01\x00"
    head = b"GIF89a" + struct.pack("<HHBBB", 40, 40, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    return head + frame * count + b";"


def noise() -> bytes:
    from PIL import Image

    source = random.Random(7)
    out = io.BytesIO()
    Image.frombytes("L", (400, 300), source.randbytes(400 * 300)).save(out, "PNG")
    return out.getvalue()


def text_bomb() -> bytes:
    """A compressed text property that swells."""
    head = struct.pack(">IIBBBBB", 40, 40, 8, 0, 0, 0, 0)
    text = b"Comment\0\0" + zlib.compress(bytes(100 << 20), 9)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + _chunk(b"zTXt", text)
        + _chunk(b"IDAT", zlib.compress(bytes(41 * 40)))
        + _chunk(b"IEND", b"")
    )


def directory_loop() -> bytes:
    """A TIFF whose directory of pages leads back to itself."""
    entries = [(256, 4, 1, 64), (257, 4, 1, 64), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
               (273, 4, 1, 300), (278, 4, 1, 64), (279, 4, 1, 4096)]  # fmt: skip
    body = struct.pack("<H", len(entries))
    body += b"".join(struct.pack("<HHII", *entry) for entry in entries)
    body += struct.pack("<I", 8)
    return (b"II*\0" + struct.pack("<I", 8) + body).ljust(300, b"\0") + bytes([255]) * 4096


def cut() -> bytes:
    data = noise()
    return data[: len(data) // 2]


CASES: list[Case] = [
    Case(27, "pixels", "a.png", huge, reasons("limit:pixels")),
    Case(27, "frames", "a.gif", frames, reasons("damaged")),
    Case(27, "text-bomb", "a.png", text_bomb, reasons("damaged")),
    Case(27, "directory-loop", "a.tif", directory_loop),
    Case(27, "cut", "a.png", cut, reasons("damaged")),
    Case(28, "noise", "a.png", noise),
]
