"""Who sends a message to whom, from its own headers."""

from __future__ import annotations

import email.policy
import re
from dataclasses import dataclass
from email.errors import MessageError
from email.parser import BytesHeaderParser

HEADERS = 1 << 20  # more than this of headers is not looked at
_FIELD = re.compile(rb"[!-9;-~]{1,76}:")
_MAIL_FIELDS = re.compile(
    rb"^(from|to|cc|bcc|subject|date|message-id|mime-version|received):",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"(?!@)|\((?:[^()\\]|\\.)*\)')
_ADDRESS = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^\s<>,;:"()\[\]\\@]+)@[^\s<>,;:"()\\@]+')


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of a message as its headers tell them, in order and without doubles."""

    sender: str
    recipients: tuple[str, ...]
    message_id: str


def looks_like_message(head: bytes) -> bool:
    """True where the bytes begin like a mail message: header fields, two of them usual ones."""
    first = head[: 64 << 10].lstrip(b"\r\n")
    if first.startswith(b"From "):
        first = first.partition(b"\n")[2]
    if not _FIELD.match(first):
        return False
    headers = re.split(rb"\r?\n\r?\n", first, maxsplit=1)[0]
    return len({found.lower() for found in _MAIL_FIELDS.findall(headers)}) >= 2


def addresses_of(head: bytes) -> Addresses:
    """Sender and recipients (To, Cc, Bcc and their Resent forms) of a message's first bytes."""
    try:
        parsed = BytesHeaderParser(policy=email.policy.compat32).parsebytes(head[:HEADERS])
    except (MessageError, ValueError, LookupError):
        return Addresses("", (), "")

    def texts(*names: str) -> list[str]:
        return [str(value) for name in names for value in parsed.get_all(name, [])]

    def all_of(*names: str) -> list[str]:
        values = (_QUOTED.sub(" ", text) for text in texts(*names))
        return [found.rstrip(".") for value in values for found in _ADDRESS.findall(value)]

    senders = all_of("resent-from") or all_of("from") or all_of("sender")
    recipients = all_of("to", "cc", "bcc", "resent-to", "resent-cc", "resent-bcc")
    unique = {address.casefold(): address for address in reversed(recipients)}
    ordered = sorted(unique.values(), key=lambda one: recipients.index(one))
    identity = next(iter(texts("message-id")), "").strip()
    return Addresses(senders[0] if senders else "", tuple(ordered), identity)
