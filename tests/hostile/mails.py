"""Hostile mails, built when asked for: floods of parts, nesting, contradictions, old encodings."""

from __future__ import annotations

import base64
import binascii
import struct
import zlib

from tests.hostile.case import Case, reasons

MARK = "王小明 13800138000 wang@example.com"
LINE = (MARK + "\r\n").encode()
HEAD = b"From: a@example.com\r\nTo: b@example.com\r\nSubject: x\r\nMIME-Version: 1.0\r\n"


def multipart(parts: list[bytes], boundary: bytes = b"b0", kind: bytes = b"mixed") -> bytes:
    body = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    return (
        HEAD
        + b"Content-Type: multipart/%s; boundary=%s\r\n\r\n" % (kind, boundary)
        + body
        + b"--"
        + boundary
        + b"--\r\n"
    )


def plain(text: bytes = LINE, charset: bytes = b"utf-8") -> bytes:
    return b"Content-Type: text/plain; charset=%s\r\n\r\n%s" % (charset, text)


def many_parts(count: int = 10_000) -> bytes:
    return multipart([plain(b"%d\r\n" % number) for number in range(count)] + [plain()])


def too_many_parts() -> bytes:
    return multipart([plain()] + [plain(b"x\r\n")] * 30_000)


def nested_messages(depth: int = 1000) -> bytes:
    data = HEAD + plain()
    for _ in range(depth):
        data = HEAD + b"Content-Type: message/rfc822\r\n\r\n" + data
    return HEAD + b"X-First: " + LINE + data[len(HEAD) :]


def nested_multiparts(depth: int = 1000) -> bytes:
    opening = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
        for level in range(depth)
    )
    return HEAD + opening + plain()


def endless_header() -> bytes:
    return HEAD + b"X-Long: " + b"a" * (3 << 20) + b"\r\n\r\n" + LINE


def endless_folding() -> bytes:
    return HEAD + b"X-Long: a\r\n" + b" b\r\n" * 400_000 + b"\r\n" + LINE


def many_headers() -> bytes:
    return HEAD + b"X-A: b\r\n" * 100_000 + b"\r\n" + LINE


def two_content_types() -> bytes:
    return (
        HEAD
        + b"Content-Type: text/plain; charset=utf-8\r\n"
        + b"Content-Type: multipart/mixed; boundary=b0\r\n\r\n--b0\r\n"
        + b"Content-Type: application/zip; name=a.csv\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(LINE)
        + b"--b0--\r\n"
    )


def two_boundaries() -> bytes:
    return (
        HEAD
        + b"Content-Type: multipart/mixed; boundary=one\r\n"
        + b"Content-Type: multipart/mixed; boundary=two\r\n\r\n"
        + b"--one\r\n" + plain(b"first reading\r\n") + b"--one--\r\n"
        + b"--two\r\n" + plain() + b"--two--\r\n"
    )  # fmt: skip


def two_encodings() -> bytes:
    return (
        HEAD
        + b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n"
        + b"Content-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(LINE)
    )


def commented_header() -> bytes:
    return (
        HEAD
        + b'Content-Type: (a "comment; boundary=x) multipart/(b)mixed;\r\n boundary(c)="b0"\r\n\r\n'
        + b"--b0\r\n" + plain() + b"--b0--\r\n"
    )  # fmt: skip


def same_boundary_inside() -> bytes:
    return multipart([multipart([plain()], b"b0")[len(HEAD) :], plain(b"outside\r\n")], b"b0")


def no_boundary() -> bytes:
    return HEAD + b"Content-Type: multipart/mixed\r\n\r\n--b0\r\n" + plain() + b"\r\n--b0--\r\n"


def preamble() -> bytes:
    data = multipart([plain(b"in the part\r\n")])
    return data.replace(b"\r\n\r\n--b0", b"\r\n\r\n" + LINE + b"--b0", 1)


def uuencoded() -> bytes:
    lines = b"".join(binascii.b2a_uu(LINE[at : at + 45]) for at in range(0, len(LINE), 45))
    return HEAD + b"\r\nsee below\r\n\r\nbegin 644 list.csv\r\n" + lines + b"`\r\nend\r\n"


def yencoded() -> bytes:
    out = bytearray()
    for byte in LINE:
        code = (byte + 42) % 256
        out += bytes([0x3D, (code + 64) % 256]) if code in (0, 10, 13, 61) else bytes([code])
    head = b"=ybegin line=128 size=%d name=list.csv\r\n" % len(LINE)
    body = bytes(out)
    return (
        HEAD
        + b"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        + head + body + b"\r\n=yend size=%d crc32=%08x\r\n" % (len(LINE), zlib.crc32(LINE))
    )  # fmt: skip


def binhexed() -> bytes:
    letters = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"
    name = b"list.csv"
    header = bytes([len(name)]) + name + b"\0TEXTttxt\0\0" + struct.pack(">II", len(LINE), 0)
    data = (header + b"\0\0" + LINE + b"\0\0\0\0").replace(b"\x90", b"\x90\0")
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 6)
    text = bytes(letters[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6))
    lines = b"\r\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return HEAD + b"\r\n(This file must be converted with BinHex 4.0)\r\n\r\n:" + lines + b":\r\n"


def attribute(level: int, number: int, data: bytes) -> bytes:
    check = sum(data) & 0xFFFF
    return struct.pack("<BHHI", level, number, 0, len(data)) + data + struct.pack("<H", check)


def tnef(attachment: bytes = LINE, name: bytes = b"list.csv") -> bytes:
    return (
        b"\x78\x9f\x3e\x22\x01\x00"
        + attribute(1, 0x9007, struct.pack("<II", 936, 0))
        + attribute(1, 0x8004, "客户名单".encode("gb18030") + b"\0")
        + attribute(2, 0x9002, bytes(14))
        + attribute(2, 0x8010, name + b"\0")
        + attribute(2, 0x800F, attachment)
    )


def mail_with_tnef() -> bytes:
    part = (
        b"Content-Type: application/ms-tnef; name=winmail.dat\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(tnef())
    )
    return multipart([plain(b"hello\r\n"), part])


def enveloped() -> bytes:
    body = bytes.fromhex("3080060 92a864886f70d010703a080".replace(" ", "")) + bytes(64)
    part = (
        b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(body)
    )
    return HEAD + part


def pgp_mime() -> bytes:
    return multipart(
        [
            b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n",
            b"Content-Type: application/octet-stream; name=encrypted.asc\r\n\r\n"
            b"-----BEGIN PGP MESSAGE-----\r\n\r\nhQEMA\r\n-----END PGP MESSAGE-----\r\n",
        ],
        kind=b"encrypted; protocol=application/pgp-encrypted",
    )


def pgp_inline() -> bytes:
    return HEAD + b"\r\n" + LINE + b"-----BEGIN PGP MESSAGE-----\r\n\r\nhQEMA\r\n"


DEPTH = reasons("limit:depth")
TWO = reasons("ambiguous")
LOCKED = reasons("encrypted")

CASES: list[Case] = [
    Case(33, "parts", "a.eml", many_parts, texts=(MARK,)),
    Case(33, "too-many-parts", "a.eml", too_many_parts, reasons("limit:members"), (MARK,)),
    Case(33, "nested-messages", "a.eml", nested_messages, DEPTH, (MARK,)),
    Case(33, "nested-multiparts", "a.eml", nested_multiparts, DEPTH, (MARK,)),
    Case(33, "endless-header", "a.eml", endless_header, reasons("limit:bytes"), (MARK,)),
    Case(33, "endless-folding", "a.eml", endless_folding, reasons("limit:bytes"), (MARK,)),
    Case(33, "many-headers", "a.eml", many_headers, texts=(MARK,)),
    Case(34, "two-content-types", "a.eml", two_content_types, TWO, (MARK,)),
    Case(34, "two-boundaries", "a.eml", two_boundaries, TWO, (MARK, "first reading")),
    Case(34, "two-encodings", "a.eml", two_encodings, TWO, (MARK,)),
    Case(34, "comments", "a.eml", commented_header, texts=(MARK,)),
    Case(34, "same-boundary", "a.eml", same_boundary_inside, reasons("damaged"), (MARK, "outside")),
    Case(34, "no-boundary", "a.eml", no_boundary, texts=(MARK,)),
    Case(34, "preamble", "a.eml", preamble, texts=(MARK, "in the part")),
    Case(35, "uuencode", "a.eml", uuencoded, texts=(MARK, "list.csv")),
    Case(35, "yenc", "a.eml", yencoded, texts=(MARK, "list.csv")),
    Case(35, "binhex", "a.eml", binhexed, texts=(MARK, "list.csv")),
    Case(35, "tnef", "a.eml", mail_with_tnef, texts=(MARK, "list.csv", "客户名单")),
    Case(36, "smime", "a.eml", enveloped, LOCKED),
    Case(36, "pgp-mime", "a.eml", pgp_mime, LOCKED),
    Case(36, "pgp-inline", "a.eml", pgp_inline, LOCKED, (MARK,)),
]
