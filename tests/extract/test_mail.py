from __future__ import annotations

import base64
import email.message
import email.policy
import io
import plistlib
import quopri

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.extract import _mailtext, _mapi, _mime, _olebuild
from scanner.extract.base import Limits
from scanner.model.content import Kind
from tests.extract.reading import got
from tests.hostile.mails import HEAD, LINE, MARK, multipart, plain, tnef


def message(**headers: str) -> email.message.EmailMessage:
    made = email.message.EmailMessage()
    made["From"] = "王小明 <wang@example.com>"
    made["To"] = "a@example.com, 李四 <b@example.com>"
    made["Subject"] = "客户名单"
    for name, value in headers.items():
        made[name] = value
    return made


def test_headers_bodies_and_attachments_have_their_places() -> None:
    mail = message(Cc="c@example.com", Date="Tue, 3 Mar 2026 08:00:00 +0800")
    mail.set_content("您好 13800138000\n")
    mail.add_alternative("<p>网页 13900139000</p>", subtype="html")
    mail.add_attachment("赵六,13700137000\n".encode(), maintype="text", subtype="csv",
                        filename="客户 2026.csv")  # fmt: skip
    found = got(mail.as_bytes(policy=email.policy.SMTP), "a.eml")
    assert found.types[""] == "eml"
    assert found.at("header Subject") == ["客户名单"]
    assert found.at("header From") == ["王小明 <wang@example.com>"]
    assert "b@example.com" in found.at("header To")[0]
    assert found.at("header Cc") == ["c@example.com"]
    assert "您好 13800138000" in found.at("body")[0]
    assert "13900139000" in found.text
    assert "13700137000" in found.text
    assert "客户 2026.csv" in found.outcomes
    assert not found.reasons
    kinds = {one.locator: one.kind for _, one in found.segments}
    assert kinds["header Subject"] is Kind.META
    assert kinds["body"] is Kind.BODY


def test_messages_in_messages_are_children() -> None:
    inner = message()
    inner.set_content("inner 13800138000")
    middle = message()
    middle.set_content("middle")
    middle.add_attachment(inner)
    outer = message()
    outer.set_content("outer")
    outer.add_attachment(middle)
    found = got(outer.as_bytes(), "a.eml")
    assert "13800138000" in found.text
    assert len(found.outcomes) == 3
    assert all(kind == "eml" for kind in found.types.values())


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("gb2312", "gb18030"), ("gbk", "base64"), ("big5", "8bit"), ("utf-8", "quoted-printable"),
     ("iso-2022-jp", "7bit"), ("utf-7", "7bit"), ("unknown-8bit", "8bit"), ("us-ascii", "8bit")],
)  # fmt: skip
def test_a_body_is_read_in_its_charset(charset: str, encoding: str) -> None:
    text = {"iso-2022-jp": "東京の顧客"}.get(charset, "客戶王小明的電話")
    codec = {"unknown-8bit": "utf-8", "us-ascii": "utf-8", "gb2312": "gb18030"}.get(
        charset, charset
    )
    raw = (text + " 13800138000\r\n").encode(codec) * 20
    pack = {"base64": base64.encodebytes, "quoted-printable": quopri.encodestring}
    body = pack.get(encoding, bytes)(raw)
    data = (
        HEAD
        + (
            f"Content-Type: text/plain; charset={charset}\r\n"
            f"Content-Transfer-Encoding: {encoding if encoding in pack else '8bit'}\r\n\r\n"
        ).encode()
    )
    assert f"{text} 13800138000" in got(data + body, "a.eml").at("body")[0]


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (b"=?gb2312?B?v827p8P7taU=?=", "客户名单"),
        (b"=?utf-8?q?=E5=AE=A2=E6?=\r\n =?utf-8?q?=88=B7?=", "客户"),
        (b"=?UTF-8?B?5a6i5oi3?= list =?nonsense?Q?caf=E9?=", "客户 list café"),
        (b"=?utf-8*zh?b?5a6i5oi3?= =?utf-8?b?5ZCN5Y2V?=", "客户名单"),
        ("客户名单".encode("gb18030"), "客户名单"),
        (b"plain =?broken", "plain =?broken"),
    ],
)
def test_encoded_words(raw: bytes, wanted: str) -> None:
    assert _mailtext.decode_words(raw) == wanted


@pytest.mark.parametrize(
    ("value", "kind", "wanted"),
    [
        ('text/plain; name="a b.csv"', "text/plain", {"name": "a b.csv"}),
        ("Text/Plain;NAME=a.csv;", "text/plain", {"name": "a.csv"}),
        (
            "attachment; filename*0*=utf-8''%E5%AE%A2; filename*1*=%E6%88%B7; filename*2=.csv",
            "attachment",
            {"filename": "客户.csv"},
        ),
        (r'a/b; name="x\"y;z"', "a/b", {"name": 'x"y;z'}),
        ("a/b (c; name=no); name=(x)yes", "a/b", {"name": "yes"}),
        ('a/b; name="=?utf-8?B?5a6i5oi3?=.csv"', "a/b", {"name": "客户.csv"}),
    ],
)
def test_parameters(value: str, kind: str, wanted: dict[str, str]) -> None:
    assert _mailtext.parameters(value) == (kind, wanted)


@given(st.binary(max_size=200), st.integers(1, 60))
def test_base64_is_read_through_any_junk(data: bytes, width: int) -> None:
    packed = base64.b64encode(data)
    lines = [packed[at : at + width] for at in range(0, len(packed), width)]
    assert _mailtext.base64(b"\r\n! ".join(lines)) == data


def test_base64_of_two_files_one_behind_the_other() -> None:
    assert _mailtext.base64(base64.b64encode(b"one!") + base64.b64encode(b"two")) == b"one!two"


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_break_the_parts(data: bytes) -> None:
    mail = multipart([plain(data), plain()])
    assert MARK.encode() in b"".join(mail[part.start : part.end] for part in _mime.parts(mail))
    for part in _mime.parts(data):
        assert 0 <= part.start <= part.end <= len(data)


def test_a_message_behind_its_length() -> None:
    found = got(b"312       \n" + HEAD + plain(), "1.emlx")
    assert found.types[""] == "eml"
    assert MARK in found.at("body")[0]


def test_every_message_of_a_mailbox_is_a_child() -> None:
    mails = []
    for number in range(3):
        made = message()
        made.set_content(f"mail {number}\nFrom the start 1380013800{number}\n")
        mails.append(b"From a@example.com Tue Mar  3 08:00:00 2026\n" + made.as_bytes() + b"\n")
    found = got(b"".join(mails).replace(b"\nFrom the", b"\n>From the"), "box")
    assert found.types[""] == "mbox"
    assert [f"message {number}.eml" in found.outcomes for number in (1, 2, 3)] == [True] * 3
    assert "\nFrom the start 13800138002" in found.text


def test_a_large_mailbox_inside_a_gzip_is_streamed() -> None:
    import gzip

    made = message()
    made.set_content("13800138000\n" + "line of text\n" * 3000)
    one = b"From a@example.com Tue Mar  3 08:00:00 2026\n" + made.as_bytes() + b"\n"
    limits = Limits(member_bytes=1 << 20)
    found = got(gzip.compress(one * 60), "box.gz", limits)
    assert "box!message 60.eml" in found.outcomes
    assert not found.reasons


def test_tnef_gives_its_attachment_and_subject() -> None:
    found = got(tnef(), "winmail.dat")
    assert found.types[""] == "tnef"
    assert found.at("header Subject") == ["客户名单"]
    assert "list.csv" in found.outcomes
    assert MARK in found.text


def test_a_cut_tnef_is_damaged() -> None:
    assert "damaged" in got(tnef(LINE * 50)[:-700], "winmail.dat").reasons


VCARD = """BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E7=8E=8B;=E5=B0=8F=
=E6=98=8E
TEL;CELL:13800138000
EMAIL:wang@example.com
END:VCARD
BEGIN:VCARD
VERSION:3.0
FN:李四
TEL;TYPE=cell:139
 00139000
NOTE:one\\, two\\nthree
END:VCARD
"""


def test_every_card_is_one_row() -> None:
    found = got(VCARD.encode(), "a.vcf")
    assert found.types[""] == "vcard"
    rows = found.text.split("\n")
    assert rows[0] == "王; 小明\t13800138000\twang@example.com"
    assert rows[1] == "李四\t13900139000\tone, two three"


def test_a_calendar_names_its_people() -> None:
    text = ("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:拜访客户\r\n"
            "ATTENDEE;CN=\"王小明\";ROLE=REQ:mailto:wang@example.com\r\n"
            "END:VEVENT\r\nEND:VCALENDAR\r\n")  # fmt: skip
    line = got(text.encode(), "a.ics").text
    assert "拜访客户" in line
    assert "王小明" in line
    assert "wang@example.com" in line


def test_a_web_archive_gives_its_pages() -> None:
    tree = {
        "WebMainResource": {
            "WebResourceURL": "https://example.com/客户",
            "WebResourceMIMEType": "text/html",
            "WebResourceData": "<html><body>王小明 13800138000</body></html>".encode(),
        }
    }
    found = got(plistlib.dumps(tree, fmt=plistlib.FMT_BINARY), "a.webarchive")
    assert "王小明 13800138000" in found.text
    assert "客户.html" in found.outcomes


def _der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = bytes([len(body)]) if len(body) < 128 else b"\x82" + len(body).to_bytes(2, "big")
    return bytes([tag]) + size + body


@pytest.mark.parametrize("pieces", [1, 3])
def test_the_payload_of_a_signed_envelope_is_a_child(pieces: int) -> None:
    text = MARK.encode() * 9
    step = -(-len(text) // pieces)
    octets = [_der(4, text[at : at + step]) for at in range(0, len(text), step)]
    inside = octets[0] if pieces == 1 else _der(0x24, *octets)
    data = _der(6, bytes.fromhex("2a864886f70d010701"))
    signed = _der(0x30, _der(2, b"\x01"), _der(0x31), _der(0x30, data, _der(0xA0, inside)))
    envelope = _der(0x30, _der(6, bytes.fromhex("2a864886f70d010702")), _der(0xA0, signed))
    found = got(envelope, "list.csv.p7m")
    assert found.types[""] == "signed"
    assert "list.csv" in found.outcomes
    assert MARK in found.text


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60))
def test_no_envelope_is_read_for_ever(tail: bytes) -> None:
    from scanner.extract import signed

    head = b"\x30\x80\x06\x09" + bytes.fromhex("2a864886f70d010702") + b"\xa0\x80\x30\x80"
    body = head + b"\x02\x01\x01\x31\x00\x30\x80\x06\x01\x01\xa0\x80" + tail
    signed._payload(body)


def test_a_primitive_of_open_length_ends_the_envelope() -> None:
    from scanner.extract import signed

    out = bytearray()
    assert signed._octets(b"\x04\x02ab\x04\x80cd", 0, -1, out) == 8
    assert out == b"ab"


def test_a_signed_mail_made_by_a_library() -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import pkcs7

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    import datetime

    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(9))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    builder = pkcs7.PKCS7SignatureBuilder().set_data(MARK.encode())
    builder = builder.add_signer(made, key, hashes.SHA256())
    for form in (serialization.Encoding.DER, serialization.Encoding.PEM):
        assert MARK in got(builder.sign(form, [pkcs7.PKCS7Options.Binary]), "a.txt.p7m").text


def _packed_rtf(data: bytes) -> bytes:
    """Compressed RTF without any reference into the dictionary."""
    out = bytearray()
    for at in range(0, len(data), 8):
        out += b"\0" + data[at : at + 8]
    return (
        (len(out) + 12).to_bytes(4, "little") + len(data).to_bytes(4, "little") + b"LZFu" + bytes(4)
    ) + bytes(out)


def test_compressed_rtf() -> None:
    data = rb"{\rtf1\ansi 13800138000\par}"
    assert _mapi.rtf_of(_packed_rtf(data)) == data
    # a known short example with references: "{\rtf1\ansi\ansicpg1252\pard hello world}"
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c0900"
        "20627705b06c647d0a800fa0"
    )
    assert _mapi.rtf_of(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


class _Streams:
    """As much of a compound file as its builder asks for."""

    def __init__(self, streams: dict[str, bytes]) -> None:
        self._streams = streams

    def listdir(self, streams: bool, storages: bool) -> list[list[str]]:
        return [path.split("/") for path in self._streams]

    def openstream(self, path: list[str]) -> io.BytesIO:
        return io.BytesIO(self._streams["/".join(path)])


def _outlook(streams: dict[str, bytes | str]) -> bytes:
    whole = {"__properties_version1.0": bytes(32)}
    for path, value in streams.items():
        folder, _, last = path.rpartition("/")
        name = f"{folder}/__substg1.0_{last}" if folder else f"__substg1.0_{last}"
        whole[name] = value.encode("utf-16-le") if isinstance(value, str) else value
    return _olebuild.build(_Streams(whole), [])  # type: ignore[arg-type]


def test_an_outlook_message_is_read() -> None:
    attached = "__attach_version1.0_#00000000"
    found = got(
        _outlook(
            {
                "0037001F": "客户名单",
                "1000001F": "王小明 13800138000",
                "0C1F001F": "wang@example.com",
                "007D001F": "Received: from mx.example.org",
                "3A1C001F": "13300133000",
                "10130102": "<p>网页 13900139000</p>".encode(),
                "__recip_version1.0_#00000000/3001001F": "李四",
                "__recip_version1.0_#00000000/39FE001F": "li@example.com",
                f"{attached}/3707001F": "list.csv",
                f"{attached}/37010102": LINE,
            }
        ),
        "a.msg",
    )
    assert found.types[""] == "msg"
    assert found.at("header Subject") == ["客户名单"]
    assert found.at("header From") == ["wang@example.com"]
    assert found.at("recipients") == ["李四\tli@example.com"]
    assert found.at("headers") == ["Received: from mx.example.org"]
    assert "王小明 13800138000" in found.at("body")[0]
    assert "13900139000" in found.text
    assert "13300133000" in found.text
    assert MARK in found.text
    assert "list.csv" in found.outcomes


def test_a_message_attached_to_an_outlook_message() -> None:
    inner = "__attach_version1.0_#00000000/__substg1.0_3701000D"
    streams = {
        "__properties_version1.0": bytes(32),
        f"{inner}/__properties_version1.0": bytes(24),
        f"{inner}/__substg1.0_0037001E": "内部".encode("gb18030"),
        f"{inner}/__substg1.0_1000001E": "王小明 13800138000".encode("gb18030"),
        f"{inner}/__attach_version1.0_#00000000/__substg1.0_37010102": LINE,
    }
    found = got(_olebuild.build(_Streams(streams), []), "a.msg")  # type: ignore[arg-type]
    assert found.at("attachment 1 header Subject") == ["内部"]
    assert found.at("attachment 1 body") == ["王小明 13800138000"]
    assert MARK in found.text
