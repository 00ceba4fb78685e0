"""Hostile archives, built when asked for: bombs, lies, cuts, loops, odd names."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib

import zstandard

from tests.hostile.case import Case, reasons

MARK = "王小明 13800138000 wang@example.com"
TEXT = (MARK + "\n").encode()


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method, 9)
    return out.getvalue()


def nested(depth: int = 40) -> bytes:
    data = zipped({"list.csv": TEXT})
    for level in range(depth):
        data = zipped({"a.txt": TEXT if level == depth - 1 else b"x", f"{level}.zip": data})
    return data


def forty_two() -> bytes:
    """Each archive holds sixteen of the next, the last ones a large run of zeros."""
    data = zipped({"zeros": bytes(10 << 20)})
    for _ in range(5):
        data = zipped({f"{number}.zip": data for number in range(16)}, zipfile.ZIP_DEFLATED)
    return zipped({"first.txt": TEXT, "bomb.zip": data})


def encrypted_nest() -> bytes:
    return zipped({"first.txt": TEXT, "locked.zip": old_cipher()})


def old_cipher() -> bytes:
    """A member marked as encrypted."""
    data = bytearray(zipped({"secret.txt": TEXT * 20, "open.txt": TEXT}))
    local = data.find(b"PK\x03\x04")
    central = data.find(b"PK\x01\x02")
    data[local + 6] |= 1
    data[central + 8] |= 1
    return bytes(data)


def overlap(copies: int = 2000) -> bytes:
    """Every entry of the directory points at the one large member."""
    kernel = zipped({"list.csv": TEXT, "a": bytes(4 << 20)})
    at = kernel.rfind(b"PK\x01\x02")
    entry = kernel[at : kernel.rfind(b"PK\x05\x06")]
    first = kernel[kernel.find(b"PK\x01\x02") : at]
    names = [f"{number:05d}".encode() for number in range(copies)]
    size = len(names[0])
    entries = b"".join(
        entry[:28] + struct.pack("<H", size) + entry[30:46] + name + entry[47:] for name in names
    )
    directory = first + entries
    begin = kernel.find(b"PK\x01\x02")
    end = struct.pack(
        "<4sHHHHIIH", b"PK\x05\x06", 0, 0, copies + 1, copies + 1, len(directory), begin, 0
    )
    return kernel[:begin] + directory + end


def zip_ratio() -> bytes:
    return zipped({"first.txt": TEXT, "zeros.txt": TEXT + bytes(100 << 20)})


def _stream_of_zeros(pack: object, finish: object, megabytes: int = 80) -> bytes:
    out = [pack(TEXT)]  # type: ignore[operator]
    block = bytes(1 << 20)
    out += [pack(block) for _ in range(megabytes)]  # type: ignore[operator]
    return b"".join([*out, finish()])  # type: ignore[operator]


def gzip_ratio() -> bytes:
    engine = zlib.compressobj(9, zlib.DEFLATED, 31)
    return _stream_of_zeros(engine.compress, engine.flush)


def bzip2_ratio() -> bytes:
    return bz2.compress(TEXT) + bz2.compress(bytes(45 << 20)) * 2


def xz_ratio() -> bytes:
    engine = lzma.LZMACompressor(preset=0)
    return _stream_of_zeros(engine.compress, engine.flush)


def zstd_ratio() -> bytes:
    engine = zstandard.ZstdCompressor(level=1).compressobj()
    return _stream_of_zeros(engine.compress, engine.flush)


def zlib_ratio() -> bytes:
    engine = zlib.compressobj(9)
    return _stream_of_zeros(engine.compress, engine.flush)


def gzip_quine(depth: int = 60) -> bytes:
    """A stream inside a stream, many times over, as one that unpacks to itself would look."""
    data = gzip.compress(TEXT, mtime=0)
    for _ in range(depth):
        data = gzip.compress(data, mtime=0)
    return data


def many_members(count: int = 6000) -> bytes:
    """Very many empty members, written by hand to be quick."""
    locals_, entries = [], []
    at = 0
    for number in range(count):
        name = b"%07d" % number
        local = struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 20, 0, 0, 0, 33, 0, 0, 0, 7, 0) + name
        entries.append(
            struct.pack(
                "<4sHHHHHHIIIHHHHHII",
                b"PK\x01\x02",
                20,
                20,
                0,
                0,
                0,
                33,
                0,
                0,
                0,
                7,
                0,
                0,
                0,
                0,
                0,
                at,
            )
            + name
        )
        locals_.append(local)
        at += len(local)
    body, directory = b"".join(locals_), b"".join(entries)
    wide = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count,
                       len(directory), at)  # fmt: skip
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, at + len(directory), 1)
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(directory), at, 0)
    return body + directory + wide + locator + end


def slip(kind: str) -> bytes:
    """Members whose names lead out of the folder, in every spelling."""
    names = [
        "../../etc/passwd.txt", "/etc/passwd.txt", "..\\..\\windows\\a.txt", "C:\\a.txt",
        "a/../../../b.txt", "．．/．．/c.txt", "CON", "a\n.txt", "\u202etxt.exe", "=cmd()|.csv",
    ]  # fmt: skip
    if kind == "zip":
        return zipped(dict.fromkeys(names, TEXT))
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = len(TEXT)
            archive.addfile(info, io.BytesIO(TEXT))
        for link in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            info = tarfile.TarInfo("link")
            info.type, info.linkname = link, "/etc/passwd"
            archive.addfile(info)
    return out.getvalue()


def zip_size_lies() -> bytes:
    data = bytearray(zipped({"list.csv": TEXT * 3}))
    for place in (data.find(b"PK\x03\x04") + 22, data.find(b"PK\x01\x02") + 24):
        data[place : place + 4] = b"\xff\xff\xff\x7f"
    return bytes(data)


def tar_sizes(size: bytes) -> bytes:
    """A tar whose second member tells an impossible size."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name in ("one.txt", "two.txt", "three.txt"):
            info = tarfile.TarInfo(name)
            info.size = len(TEXT)
            archive.addfile(info, io.BytesIO(TEXT))
    data = bytearray(out.getvalue())
    header = data[1024:1536]
    header[124:136] = size
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    data[1024:1536] = header
    return bytes(data)


def pax_huge() -> bytes:
    """A pax header that tells 8 GB of itself, then a member."""
    info = tarfile.TarInfo("one.txt")
    info.size = len(TEXT)
    huge = tarfile.TarInfo("pax")
    huge.type, huge.size = b"x", 8 << 30
    member = info.tobuf(tarfile.GNU_FORMAT) + TEXT.ljust(512, b"\0")
    return member + huge.tobuf(tarfile.GNU_FORMAT) + bytes(1024)


def sparse() -> bytes:
    """A sparse member that claims a terabyte and stores one line."""
    info = tarfile.TarInfo("holes.csv")
    info.type, info.size = tarfile.GNUTYPE_SPARSE, len(TEXT)
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[386:398] = b"%011o\0" % 0
    header[398:410] = b"%011o\0" % len(TEXT)
    header[483:495] = b"\x80" + (1 << 40).to_bytes(11, "big")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + TEXT.ljust(512, b"\0") + bytes(1024)


def local_against_central() -> bytes:
    """The directory shows a harmless member; the member's own header has another length."""
    data = bytearray(zipped({"a.txt": TEXT * 40}, zipfile.ZIP_STORED))
    central = data.find(b"PK\x01\x02")
    data[central + 20 : central + 28] = struct.pack("<II", 5, 5)
    return bytes(data)


def hidden_member() -> bytes:
    """A member that the directory leaves out."""
    data = zipped({"seen.txt": b"nothing", "hidden.csv": TEXT})
    first = data.find(b"PK\x01\x02")
    second = data.find(b"PK\x01\x02", first + 4)
    end = data.rfind(b"PK\x05\x06")
    directory = data[first:second]
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), first, 0)
    return data[:first] + directory + tail + data[end + 22 :]


def two_directories() -> bytes:
    """An archive behind another one."""
    return zipped({"one.csv": TEXT}) + zipped({"two.csv": TEXT.replace(b"wang", b"zhao")})


def polyglot(head: bytes) -> bytes:
    """An archive behind something else."""
    return head + zipped({"list.csv": TEXT})


def gif_and_zip() -> bytes:
    gif = bytes.fromhex(
        "47494638396101000100800000000000ffffff21f90401000000002c000000000100010000020144003b"
    )
    return polyglot(gif)


def duplicates() -> bytes:
    data = zipped({"a.csv": b"harmless text here\n", "b.csv": TEXT})
    return data.replace(b"b.csv", b"a.csv")


def method(number: int) -> bytes:
    data = bytearray(zipped({"odd.txt": TEXT * 10, "plain.txt": TEXT}))
    data[data.find(b"PK\x03\x04") + 8] = number
    data[data.find(b"PK\x01\x02") + 10] = number
    return bytes(data)


def split_zip() -> bytes:
    data = bytearray(zipped({"a.csv": TEXT}))
    end = data.rfind(b"PK\x05\x06")
    data[end + 4 : end + 8] = struct.pack("<HH", 2, 2)
    return bytes(data)


def split_rar() -> bytes:
    head = b"Rar!\x1a\x07\x00"
    body = b"\x73" + struct.pack("<HHHI", 0x0101, 13, 0, 0)
    return head + struct.pack("<H", zlib.crc32(body) & 0xFFFF) + body + b"\0" * 64


def cut(data: bytes, share: float = 0.6) -> bytes:
    return data[: int(len(data) * share)]


def _lines(count: int = 4000) -> bytes:
    return TEXT + b"".join(b"line %d %d\n" % (n, n * 7919 % 104729) for n in range(count))


def cut_tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for number in range(4):
            info = tarfile.TarInfo(f"{number}.csv")
            info.size = len(_lines())
            archive.addfile(info, io.BytesIO(_lines()))
    return cut(out.getvalue())


def program_and_zip() -> bytes:
    return b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + bytes(2000) + zipped(
        {"list.csv": TEXT}
    )  # fmt: skip


def mail_in_archive_in_mail() -> bytes:
    """An archive in a mail in an archive in a mail."""
    import base64

    data = zipped({"list.csv": TEXT})
    for _ in range(2):
        mail = (
            b"From: a@example.com\r\nTo: b@example.com\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
            b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
            b'Content-Type: application/zip; name="a.zip"\r\n'
            b"Content-Transfer-Encoding: base64\r\n\r\n"
            + base64.encodebytes(data)
            + b"\r\n--b--\r\n"
        )
        data = zipped({"mail.eml": mail})
    return data


RATIO = reasons("bomb:ratio")
DAMAGED = reasons("damaged")

CASES: list[Case] = [
    Case(1, "nested", "a.zip", nested, reasons("limit:depth"), (MARK,)),
    Case(
        1, "42", "42.zip", forty_two, reasons("bomb:ratio", "limit:bytes", "limit:members"), (MARK,)
    ),
    Case(1, "encrypted-nest", "a.zip", encrypted_nest, reasons("encrypted"), (MARK,)),
    Case(2, "overlap", "a.zip", overlap, reasons("bomb:overlap"), (MARK,)),
    Case(3, "zip-ratio", "a.zip", zip_ratio, RATIO, (MARK,)),
    Case(3, "gzip-ratio", "a.gz", gzip_ratio, RATIO, (MARK,)),
    Case(3, "bzip2-ratio", "a.bz2", bzip2_ratio, RATIO, (MARK,)),
    Case(3, "xz-ratio", "a.xz", xz_ratio, RATIO, (MARK,)),
    Case(3, "zstd-ratio", "a.zst", zstd_ratio, RATIO, (MARK,)),
    Case(3, "zlib-ratio", "a.zlib", zlib_ratio, RATIO, (MARK,)),
    Case(4, "gzip-in-gzip", "a.gz", gzip_quine, reasons("limit:depth", "bomb:nesting")),
    Case(5, "members", "a.zip", many_members, reasons("limit:members"), limits={"members": 5000}),
    Case(6, "slip-zip", "a.zip", lambda: slip("zip"), texts=(MARK, "passwd.txt", "=cmd()")),
    Case(6, "slip-tar", "a.tar", lambda: slip("tar"), texts=(MARK, "passwd.txt", "=cmd()")),
    Case(7, "zip-size", "a.zip", zip_size_lies, texts=(MARK,)),
    Case(7, "tar-negative", "a.tar", lambda: tar_sizes(b"\xff" * 12), DAMAGED, (MARK, "three.txt")),
    Case(
        7, "tar-2-63", "a.tar", lambda: tar_sizes(b"\x80" + b"\x7f" * 11), DAMAGED, (MARK, "two.txt")
    ),
    Case(8, "local-central", "a.zip", local_against_central, reasons("ambiguous"), (MARK,)),
    Case(8, "hidden-member", "a.zip", hidden_member, reasons("ambiguous"), (MARK, "hidden.csv")),
    Case(
        8, "two-directories", "a.zip", two_directories, reasons("ambiguous"), (MARK, "zhao@example")
    ),
    Case(8, "behind-text", "a.txt", lambda: polyglot(b"some text\n" * 30), texts=(MARK,)),
    Case(8, "behind-gif", "a.gif", gif_and_zip, reasons("ambiguous"), (MARK,)),
    Case(9, "duplicates", "a.zip", duplicates, texts=(MARK, "harmless text")),
    Case(10, "encrypted-member", "a.zip", old_cipher, reasons("encrypted"), (MARK,)),
    Case(11, "implode", "a.zip", lambda: method(6), reasons("unsupported:method"), (MARK,)),
    Case(11, "ppmd", "a.zip", lambda: method(98), reasons("unsupported:method"), (MARK,)),
    Case(11, "jpeg", "a.zip", lambda: method(96), reasons("unsupported:method"), (MARK,)),
    Case(12, "zip-volume", "a.zip", split_zip, reasons("volume"), (MARK,)),
    Case(12, "rar-volume", "a.part1.rar", split_rar, reasons("volume")),
    Case(12, "further-part", "a.7z.002", lambda: bytes(range(7, 250)) * 9, reasons("volume")),
    Case(13, "cut-gzip", "a.gz", lambda: cut(gzip.compress(_lines())), DAMAGED, (MARK,)),
    Case(13, "cut-bzip2", "a.bz2", lambda: cut(bz2.compress(TEXT) + bz2.compress(_lines())), DAMAGED, (MARK,)),
    Case(13, "cut-xz", "a.xz", lambda: cut(lzma.compress(_lines())), DAMAGED, (MARK,)),
    Case(13, "cut-zlib", "a.zlib", lambda: cut(zlib.compress(_lines())), DAMAGED, (MARK,)),
    Case(13, "cut-zstd", "a.zst", lambda: cut(zstandard.compress(_lines(40_000))), DAMAGED, (MARK,)),
    Case(13, "cut-tar", "a.tar", cut_tar, DAMAGED, (MARK,)),
    Case(13, "cut-zip", "a.zip", lambda: cut(zipped({"a.csv": _lines()})), DAMAGED, (MARK,)),
    Case(14, "program-zip", "setup.exe", program_and_zip, texts=(MARK,)),
    Case(15, "wrong-ending", "a.docx", lambda: gzip.compress(TEXT), texts=(MARK,)),
    Case(15, "no-ending", "a", lambda: zipped({"a": TEXT}), texts=(MARK,)),
    Case(16, "pax-8gb", "a.tar", pax_huge, reasons("limit:bytes", "damaged"), (MARK,)),
    Case(16, "sparse", "a.tar", sparse, texts=(MARK,)),
    Case(17, "mail-archive-mail", "a.zip", mail_in_archive_in_mail, texts=(MARK,)),
]  # fmt: skip
