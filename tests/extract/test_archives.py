from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zlib

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.extract import archive as archive_format
from scanner.extract.base import Blob, Budget, Limits
from scanner.extract.unix_compress import FORMAT as COMPRESS
from scanner.model.content import Child, Gap
from tests.extract.reading import got

LINE = "王小明 13800138000 wang@example.com\n"
DATA = LINE.encode() * 3000 + "末尾 李四\n".encode()

PACKERS = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "zst": zstandard.compress,
    "zlib": zlib.compress,
}


@pytest.mark.parametrize("ending", PACKERS)
def test_a_compressed_file_is_read_whole_and_named(ending: str) -> None:
    found = got(PACKERS[ending](DATA), f"folder/list.txt.{ending}")
    assert "末尾 李四" in found.text
    assert not found.reasons
    assert "list.txt" in found.outcomes


@pytest.mark.parametrize("ending", ["gz", "bz2", "xz", "zst"])
def test_all_streams_of_a_file_are_read(ending: str) -> None:
    pack = PACKERS[ending]
    found = got(pack(b"first part\n") + pack(DATA), f"a.{ending}")
    assert "first part" in found.text
    assert "末尾 李四" in found.text
    assert not found.reasons


@pytest.mark.parametrize("ending", ["gz", "xz", "zst", "zlib", "lzma"])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_truncated_stream_gives_what_stood_before(ending: str, share: float) -> None:
    mixed = b"".join(LINE.encode() + bytes([65 + n * n % 26]) * (n % 97) for n in range(9000))
    packed = PACKERS[ending](mixed)
    found = got(packed[: int(len(packed) * share)], f"a.{ending}")
    assert LINE.strip() in found.text
    assert found.reasons == {"damaged"}


def test_a_name_inside_a_gzip_header_is_used() -> None:
    packed = gzip.compress(DATA, mtime=0)
    head = packed[:3] + b"\x08" + packed[4:10] + "客户名单.csv".encode("gb18030") + b"\0"
    assert "客户名单.csv" in got(head + packed[10:], "1.gz").outcomes


def test_bytes_behind_a_gzip_stream_are_read_too() -> None:
    found = got(gzip.compress(b"seen\n") + b"\0" * 512 + LINE.encode(), "a.gz")
    assert LINE.strip() in found.text
    assert "ambiguous" in found.reasons


def _compressed(data: bytes, most: int = 12) -> bytes:
    """The bytes as Unix compress writes them, in blocks of eight codes."""
    table = {bytes([one]): one for one in range(256)}
    codes: list[int] = []
    held = b""
    following = 257
    for byte in data:
        step = held + bytes([byte])
        if step in table:
            held = step
            continue
        codes.append(table[held])
        if following < 1 << most:
            table[step] = following
            following += 1
        held = step[-1:]
    codes.append(table[held])
    out, bits, count, width, size, group = bytearray(), 0, 0, 9, 257, 0
    for number, code in enumerate(codes):
        bits |= code << count
        count += width
        group = (group + 1) % 8
        if number and size < 1 << most:
            size += 1
        if size >= 1 << width and width < most:
            while group:
                count += width
                group = (group + 1) % 8
            width += 1
        while count >= 8:
            out.append(bits & 0xFF)
            bits >>= 8
            count -= 8
    if count:
        out.append(bits & 0xFF)
    return b"\x1f\x9d" + bytes([0x80 | most]) + bytes(out)


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=1, max_size=3000) | st.text("ab \n", min_size=1).map(str.encode))
def test_unix_compress_gives_back_what_was_packed(data: bytes) -> None:
    pieces = list(COMPRESS.read(Blob.of(_compressed(data)), "a.Z", Budget()))
    child = pieces[0]
    assert isinstance(child, Child)
    assert child.open().read() == data


def _tar(members: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_a_tar_is_read_in_each_of_its_kinds(form: int) -> None:
    name = "d" * 60 + "/" + "e" * 60 + "/list.csv"
    found = got(_tar({"first.txt": b"one\n", name: LINE.encode()}, form), "a.tar")
    assert name in found.outcomes
    assert LINE.strip() in found.text
    assert not found.reasons


def test_a_tar_with_long_chinese_names_inside_a_gzip() -> None:
    name = "客户" * 60 + ".csv"
    found = got(gzip.compress(_tar({name: LINE.encode()})), "a.tgz")
    assert f"a.tar!{name}" in found.outcomes


def test_a_damaged_header_in_the_middle_costs_one_member() -> None:
    data = bytearray(_tar({"a.txt": b"one\n", "b.txt": b"two\n", "c.txt": LINE.encode()},
                          tarfile.USTAR_FORMAT))  # fmt: skip
    data[1024 + 10] ^= 0x55
    found = got(bytes(data), "a.tar")
    assert "one" in found.text
    assert LINE.strip() in found.text
    assert found.reasons == {"damaged"}


def _written(kind: str, members: dict[str, bytes]) -> bytes:
    library = pytest.importorskip("libarchive")
    chunks: list[bytes] = []

    def take(data: bytes) -> int:
        chunks.append(bytes(data))
        return len(data)

    with library.custom_writer(take, kind) as writer:
        for name, data in members.items():
            writer.add_file_from_memory(name, len(data), data)
    return b"".join(chunks)


@pytest.mark.parametrize("kind", ["7zip", "cpio_newc", "ar_bsd", "xar", "iso9660"])
def test_archives_that_the_system_library_reads(kind: str) -> None:
    name = "list.csv" if kind == "ar_bsd" else "folder/客户.csv"
    found = got(_written(kind, {"a.txt": b"one two three\n", name: LINE.encode() * 50}), "a")
    assert LINE.strip() in found.text
    assert not found.reasons
    if kind == "7zip":
        assert "folder/客户.csv" in found.outcomes


@pytest.mark.parametrize("packing", ["lz4", "lzip"])
def test_streams_that_the_system_library_expands(packing: str) -> None:
    library = pytest.importorskip("libarchive")
    chunks: list[bytes] = []
    with library.custom_writer(
        lambda data: chunks.append(bytes(data)) or len(data), "raw", packing
    ) as writer:
        writer.add_file_from_memory("a", len(DATA), DATA)
    data = b"".join(chunks)
    found = got(data, "list.csv.lz4")
    assert found.types[""] == "packed"
    assert "末尾 李四" in found.text
    assert not found.reasons
    assert "damaged" in got(data[: len(data) // 2], "a.lz4").reasons


def test_members_can_be_opened_out_of_turn() -> None:
    data = _written("7zip", {"a.txt": b"one", "b.txt": b"two", "c.txt": b"three"})
    pieces = list(archive_format.FORMAT.read(Blob.of(data), "a.7z", Budget()))
    texts = [piece.open().read() for piece in reversed(pieces) if isinstance(piece, Child)]
    assert texts == [b"three", b"two", b"one"]


def test_a_truncated_7z_is_damaged() -> None:
    data = _written("7zip", {"a.txt": LINE.encode() * 900})
    assert "damaged" in got(data[: len(data) // 2], "a.7z").reasons


def test_without_the_system_library_the_archive_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    data = _written("7zip", {"a.txt": b"one"})
    monkeypatch.setitem(sys.modules, "libarchive", None)
    found = got(data, "a.7z")
    assert found.reasons == {"missing-library:libarchive"}
    assert "apt install" in found.outcomes[""].detail


def test_the_ratio_is_watched_from_its_floor_on() -> None:
    limits = Limits(ratio=10, ratio_floor=100_000)
    below = gzip.compress(b"a" * 100_000)
    above = gzip.compress(b"a" * 900_000)
    assert not got(below, "a.gz", limits).reasons
    assert "bomb:ratio" in got(above, "a.gz", limits).reasons


def test_the_whole_tree_has_one_budget() -> None:
    inner = gzip.compress(b"line of text\n" * 9000)
    data = _tar({f"{number}.gz": inner for number in range(9)})
    limits = Limits(bytes=300_000)
    found = got(data, "a.tar", limits)
    assert "limit:bytes" in found.reasons
    assert "line of text" in found.text


def test_gaps_name_the_member() -> None:
    packed = gzip.compress(DATA)[:-9]
    pieces = list(_read_all(packed))
    assert [piece for piece in pieces if isinstance(piece, Gap)] == [
        Gap("damaged", "list.txt", "the stream breaks off")
    ]


def _read_all(data: bytes):  # type: ignore[no-untyped-def]
    from scanner.extract.gzip import FORMAT
    from scanner.model.errors import Unread

    for piece in FORMAT.read(Blob.of(data), "list.txt.gz", Budget()):
        if isinstance(piece, Child):
            with pytest.raises(Unread):
                while piece.open().read(1 << 24):
                    pass
        yield piece


def test_a_tar_larger_than_memory_inside_a_gzip_is_streamed() -> None:
    members = {f"{number}.csv": LINE.encode() * 9000 for number in range(30)}
    limits = Limits(member_bytes=4 << 20, ratio=10_000)
    packed = gzip.compress(_tar(members))
    found = got(packed, "a.tgz", limits)
    assert "a.tar!29.csv" in found.outcomes
    assert not found.reasons
    cut = got(gzip.compress(_tar(members)[:-600_000]), "a.tgz", limits)
    assert cut.reasons == {"damaged"}
    assert "a.tar!27.csv" in cut.outcomes
