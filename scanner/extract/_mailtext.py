"""Decoding of what mails are made of: headers, parameters, transfer encodings, charsets."""

from __future__ import annotations

import binascii
import codecs
import quopri
import re
from urllib.parse import unquote_to_bytes

from scanner.extract import _charset

_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN = re.compile(r"(\?=)[ \t\r\n]+(=\?)")
_FOLD = re.compile(r"\r?\n[ \t]*|\r")
_ESCAPE_SETS = ("utf-7", "hz", "iso2022")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")
_HIGH = re.compile(rb"[\x80-\xff]")
_FEW = 8
_MANY = ("gb18030", "big5hkscs", "cp932", "euc_jp", "cp949", "utf-8")
_PADDED = re.compile(rb"[^=]+=*")


def decode(data: bytes, declared: str = "") -> str:
    """Text of any bytes: in the declared charset where they bear it out, else as they look."""
    try:
        name = codecs.lookup(declared.strip()).name if declared else ""
    except (LookupError, ValueError):
        name = ""
    if name.startswith(_ESCAPE_SETS):
        try:
            return data.decode(name)
        except UnicodeDecodeError:
            pass
    sample = data[: _charset.SAMPLE]
    whole = len(sample) == len(data)  # then no character is cut at its end
    found = _charset.guess(sample + b"\n" if whole and sample[:1] != b"\xff" else sample, declared)
    if found is None:
        return data.decode(name or "cp1252", "replace")
    if (
        not found.sure
        and not name
        and len(_HIGH.findall(sample)) < _FEW
        and found.encoding not in _MANY
    ):
        return data.decode("cp1252", "replace")  # too little to tell one Western page from another
    return data.decode(found.encoding, "replace")


def unfold(raw: bytes) -> str:
    """A header value on one line."""
    return " ".join(_FOLD.sub(" ", decode(raw)).split())


def decode_words(raw: bytes) -> str:
    """A header value with its encoded words decoded."""
    value = unfold(raw)
    if "=?" not in value:
        return value
    out: list[str] = []
    held, held_charset, last = b"", "", 0
    value = _BETWEEN.sub(r"\1\2", value)
    for match in _WORD.finditer(value):
        charset = match[1].partition("*")[0].lower()
        between = value[last : match.start()]
        if held and (between or charset != held_charset):
            out.append(decode(held, held_charset))
            held = b""
        out.append(between)
        held_charset, last = charset, match.end()
        held += _word(match[2].lower(), match[3])
    if held:
        out.append(decode(held, held_charset))
    out.append(value[last:])
    return "".join(out)


def _word(kind: str, body: str) -> bytes:
    raw = body.encode("utf-8", "replace")
    return base64(raw) if kind == "b" else quopri.decodestring(raw.replace(b"_", b" "))


def base64(raw: bytes) -> bytes:
    """The bytes of base64 text, with whatever does not belong to it left out."""
    clean = _NOT_BASE64.sub(b"", raw)
    if b"=" in clean.rstrip(b"="):
        return b"".join(base64(one) for one in _PADDED.findall(clean))
    clean = clean.rstrip(b"=")
    clean = clean[: len(clean) - (len(clean) % 4 == 1)]
    return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))


def untransfer(raw: bytes, encoding: str) -> bytes:
    """The bytes of a part's body."""
    if encoding == "base64":
        return base64(raw)
    if encoding == "quoted-printable":
        return quopri.decodestring(raw)
    return raw


def _without_comments(value: str) -> str:
    """A structured header value without (comments) outside of quoted strings."""
    if "(" not in value:
        return value
    out: list[str] = []
    depth, quoted, skip = 0, False, False
    for letter in value:
        if skip:
            skip = False
        elif letter == "\\":
            skip = True
        elif letter == '"' and not depth:
            quoted = not quoted
        elif letter == "(" and not quoted:
            depth += 1
            continue
        elif letter == ")" and depth and not quoted:
            depth -= 1
            continue
        if not depth:
            out.append(letter)
    return "".join(out)


_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;]*))')


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """The first word of a structured header, lower case, and its parameters (RFC 2231 too)."""
    value = _without_comments(value)
    kind = value.partition(";")[0].strip().lower()
    found: dict[str, str] = {}
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for name, quoted, bare in _PARAMETER.findall(";" + value.partition(";")[2]):
        text = re.sub(r"\\(.)", r"\1", quoted) if quoted else bare.strip()
        base, star, rest = name.lower().partition("*")
        if star:
            digits = rest.rstrip("*")
            order = int(digits) if digits.isdigit() and len(digits) < 6 else 0
            pieces.setdefault(base, []).append((order, name.endswith("*"), text))
        elif base not in found:
            found[base] = decode_words(text.encode("utf-8", "surrogateescape"))
    for base, several in pieces.items():
        found[base] = _joined(sorted(several))
    return kind, found


def _joined(several: list[tuple[int, bool, str]]) -> str:
    charset, out = "", b""
    for place, (_, encoded, text) in enumerate(several):
        if encoded and place == 0 and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        out += unquote_to_bytes(text) if encoded else text.encode("utf-8", "surrogateescape")
    return decode(out, charset)
