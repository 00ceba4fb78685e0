"""Outlook data files (.pst, .ost), by the optional part `pst`; without it only their strings."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from typing import Any

from scanner.extract import _mapi
from scanner.extract._inline import child_of
from scanner.extract._raw import raw_strings
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Gap, Piece
from scanner.model.errors import Unread

MAGIC = b"!BDN"
INSTALL = "pip install 'leakscan[pst]'"
_DEEPEST = 64
_METHOD, _SIZE = 0x3705, 0x0E20  # how something is attached, how many bytes it takes
_EMBEDDED = 5


def _claims(head: bytes, blob: Blob, name: str) -> int:
    return 96 if head.startswith(MAGIC) and head[8:10] in (b"SM", b"SO", b"AB") else 0


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    try:
        import pypff
    except ImportError:
        yield from raw_strings(blob)
        raise Unread("missing-library:libpff", INSTALL) from None
    file = pypff.file()
    try:
        file.open_file_object(io.BytesIO(blob.all(budget)))
        yield from _folders(file.get_root_folder(), budget)
    except OSError:
        raise Unread("damaged", "the data file breaks off") from None
    finally:
        with contextlib.suppress(OSError):
            file.close()


def _folders(root: Any, budget: Budget) -> Iterator[Piece]:
    stack: list[tuple[Any, str, int]] = [(root, "", 0)]
    while stack:
        folder, path, depth = stack.pop()
        budget.check_time()
        inner: list[tuple[Any, str, int]] = []
        try:
            for index in range(folder.number_of_sub_messages):
                yield from _item(
                    folder.get_sub_message(index), f"{path}message {index + 1}", budget
                )
            for index in range(folder.number_of_sub_folders):
                child = folder.get_sub_folder(index)
                inner.append((child, f"{path}{child.name or f'folder {index + 1}'}/", depth + 1))
        except OSError as error:
            yield Gap("damaged", path, type(error).__name__)
        if depth < _DEEPEST:
            stack.extend(reversed(inner))
        elif inner:
            yield Gap("limit:depth", path)


def _bag(item: Any) -> _mapi.Bag:
    """The properties of an item."""
    values: dict[int, tuple[int, bytes]] = {}
    numbers: dict[int, int] = {}
    for one in range(item.number_of_record_sets):
        record = item.get_record_set(one)
        for index in range(record.number_of_entries):
            entry = record.get_entry(index)
            number, kind = entry.entry_type, entry.value_type
            if number is None or kind is None:
                continue
            try:
                data = entry.data or b""
            except OSError:
                continue
            if kind in (2, 3, 0xB) and len(data) >= 4:
                numbers[number] = int.from_bytes(data[:4], "little")
            elif kind in (_mapi.STRING8, _mapi.UNICODE, _mapi.BINARY):
                values.setdefault(number, (kind, data))
    return _mapi.Bag(values, numbers)


def _item(item: Any, where: str, budget: Budget) -> Iterator[Piece]:
    budget.check_time()
    try:
        bag = _bag(item)
        people = _people(item, bag.codepage)
    except OSError as error:
        yield Gap("damaged", where, type(error).__name__)
        return
    yield from _mapi.pieces(bag, people, where, budget)
    try:
        count = item.number_of_attachments
    except (OSError, AttributeError):
        count = 0
    for index in range(count):
        try:
            attachment = item.get_attachment(index)
            size = attachment.get_size()
            data = attachment.read_buffer(size) if size else b""
            name = _bag(attachment)
        except (OSError, AttributeError) as error:
            yield Gap("damaged", f"{where} attachment {index + 1}", type(error).__name__)
            continue
        told = name.text(0x3707) or name.text(0x3704) or name.text(0x3001)
        label = f"{where}/{told or f'attachment {index + 1}'}"
        if name.numbers.get(_METHOD) == _EMBEDDED:
            yield Gap("unsupported", label, "a message attached to a message: its strings only")
        elif not data and name.numbers.get(_SIZE):
            yield Gap("damaged", label, "an attachment without its bytes")
        if data:
            yield child_of(data, label)


def _people(item: Any, codepage: str) -> list[_mapi.Bag]:
    recipients = item.get_recipients() if hasattr(item, "get_recipients") else None
    if recipients is None:
        return []
    found = []
    for one in range(recipients.number_of_record_sets):
        record = recipients.get_record_set(one)
        values: dict[int, tuple[int, bytes]] = {}
        for index in range(record.number_of_entries):
            entry = record.get_entry(index)
            if entry.value_type in (_mapi.STRING8, _mapi.UNICODE):
                values[entry.entry_type] = (entry.value_type, entry.data or b"")
        found.append(_mapi.Bag(values, {}, codepage))
    return found


FORMAT = Format("pst", _claims, _read, ("pst", "ost"))
