"""The guarded zip reader: what it reads of whole, broken and hostile archives."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from types import SimpleNamespace

import pytest

from scanner.extract import _zipcrypt
from scanner.extract._zip import Archive
from scanner.extract.base import Blob, Budget, Limits
from scanner.model.errors import Unread

TEXT = "张三 13800138000\n".encode() * 200


def make(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def archive(data: bytes, **limits: object) -> Archive:
    return Archive(Blob.of(data), Budget(Limits(**limits)))  # type: ignore[arg-type]


def whole(found: Archive, name: str) -> bytes:
    member = found.find(name)
    assert member is not None
    return found.part(member)


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_each_method(method: int) -> None:
    found = archive(make({"a.txt": TEXT, "b/客户.txt": TEXT[::-1]}, method))
    assert (whole(found, "a.txt"), whole(found, "b/客户.txt")) == (TEXT, TEXT[::-1])
    assert found.gaps == []


def test_names_without_a_mark_are_read_as_chinese() -> None:
    name = "客户名单/北京客户资料.txt"
    raw = name.encode("gbk")
    data = make({"x" * len(raw): TEXT}).replace(b"x" * len(raw), raw)
    assert [member.name for member in archive(data).members] == [name]


@pytest.mark.parametrize("cut", [0.3, 0.5, 0.7, 0.9])
def test_truncated_gives_everything_before_the_cut(cut: float) -> None:
    data = make({f"{at}.txt": bytes([at]) * 10 + TEXT for at in range(20)}, zipfile.ZIP_STORED)
    found = archive(data[: int(len(data) * cut)])
    assert [gap.reason for gap in found.gaps] == ["damaged"]
    for member in found.members[:-1]:
        assert found.part(member)[10:] == TEXT
    assert len(found.members) >= 20 * cut - 2


def test_a_member_cut_off_gives_its_beginning_then_says_so() -> None:
    rows = b"".join(str(number).encode() + b" 13800138000\n" for number in range(100_000))
    data = make({"big.txt": rows})
    found = archive(data[: len(data) // 2])
    read = b""
    with pytest.raises(Unread, match="damaged"):
        for chunk in found.chunks(found.members[0]):
            read += chunk
    assert len(read) > len(rows) // 3 and rows.startswith(read)


def test_a_wrong_checksum_is_damage_after_the_bytes() -> None:
    data = bytearray(make({"a.txt": TEXT}, zipfile.ZIP_STORED))
    data[40] ^= 1
    found = archive(bytes(data))
    read: list[bytes] = []
    with pytest.raises(Unread, match="checksum"):
        read.extend(found.chunks(found.members[0]))


def test_overlapping_members_are_refused_before_unpacking() -> None:
    kernel = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = kernel.compress(bytes(1 << 20)) + kernel.flush()
    local = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 8, 0, 0, 0, len(packed), 1 << 20, 1, 0)
    central = b"".join(
        struct.pack(
            "<4sHHHHHHIIIHHHHHII",
            b"PK\1\2",
            20,
            20,
            0,
            8,
            0,
            0,
            0,
            len(packed),
            1 << 20,
            1,
            0,
            0,
            0,
            0,
            0,
            0,
        )
        + bytes([97 + at])
        for at in range(20)
    )
    body = local + b"a" + packed
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 20, 20, len(central), len(body), 0)
    found = archive(body + central + end)
    assert ([gap.reason for gap in found.gaps], len(found.members)) == (["bomb:overlap"], 1)


@pytest.mark.parametrize(("ratio", "stopped"), [(10, True), (100_000, False)])
def test_ratio(ratio: int, stopped: bool) -> None:
    found = archive(make({"zeros": bytes(4 << 20)}), ratio=ratio, ratio_floor=1 << 20)
    if stopped:
        with pytest.raises(Unread, match="bomb:ratio"):
            whole(found, "zeros")
    else:
        assert len(whole(found, "zeros")) == 4 << 20


def test_declared_sizes_are_not_trusted() -> None:
    data = make({"a.txt": TEXT})
    lie = struct.pack("<I", 0x7FFFFFFF)
    found = archive(data.replace(struct.pack("<I", len(TEXT)), lie))
    assert whole(found, "a.txt") == TEXT


def test_members_outside_the_directory_are_read_and_told() -> None:
    hidden = make({"hidden.txt": TEXT})
    cut = hidden[: hidden.index(b"PK\1\2")]
    shown = make({"shown.txt": b"nothing"})
    found = archive(cut + shown)
    assert {member.name for member in found.members} == {"shown.txt", "hidden.txt"}
    assert [gap.reason for gap in found.gaps] == ["ambiguous"]


def test_too_many_members() -> None:
    data = make({str(number): b"" for number in range(30)})
    found = archive(data, members=20)
    assert [gap.reason for gap in found.gaps][:1] == ["limit:members"]
    assert len(archive(data, members=30).members) == 30


def test_an_unknown_method() -> None:
    data = make({"a.txt": TEXT}).replace(b"\x08\x00", b"\x06\x00")
    with pytest.raises(Unread, match="unsupported:method"):
        whole(archive(data), "a.txt")


def test_encrypted_needs_a_password() -> None:
    data = bytearray(make({"a.txt": TEXT}))
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    with pytest.raises(Unread, match="encrypted"):
        whole(archive(bytes(data), passwords=("wrong",)), "a.txt")


def locked(cipher: str, text: bytes) -> bytes:
    """A zip archive with one member under the password 口令."""
    import libarchive

    out = bytearray()

    def take(piece: bytes) -> int:
        out.extend(piece)
        return len(piece)

    options = f"encryption={cipher}"
    with libarchive.custom_writer(take, "zip", options=options, passphrase="口令") as writer:
        writer.add_file_from_memory("a.txt", len(text), text)
    return bytes(out)


@pytest.mark.parametrize("cipher", ["aes128", "aes256", "zipcrypt"])
@pytest.mark.parametrize("size", [3, 300])
def test_passwords_are_tried(cipher: str, size: int) -> None:
    data = locked(cipher, TEXT * size)
    assert whole(archive(data, passwords=("other", "口令")), "a.txt") == TEXT * size


def test_wrong_passwords_that_fit_the_check_byte_are_not_believed() -> None:
    """Of 2,000 wrong ones about eight fit it; the right one, told last, opens the member."""
    wrong = tuple(f"wrong {number}" for number in range(2000))
    data = locked("zipcrypt", TEXT * 30)
    assert whole(archive(data, passwords=(*wrong, "口令")), "a.txt") == TEXT * 30


@pytest.mark.parametrize(
    ("packed", "size", "fits"),
    [(b"\x03\x00", 0, True), (b"\x03\x00", 9, False), (b"\x03\x00" + bytes(5000), 0, False)],
)
def test_data_that_ends_before_its_member_is_not_the_members(
    packed: bytes, size: int, fits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_zipcrypt._Old, "decrypt", lambda self, data: data)
    data = bytes(12) + packed
    source = SimpleNamespace(blob=Blob.of(data), start=0, length=len(data))
    told = _zipcrypt._inflates(source, SimpleNamespace(size=size), b"any")  # type: ignore[arg-type]
    assert told is fits
