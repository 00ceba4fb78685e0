"""The methods of zip members undone piece by piece, with ratio, length and checksum watched."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from scanner.extract.base import Budget
from scanner.model.errors import Unread

if TYPE_CHECKING:
    from scanner.extract._zip import Member

_PIECE = 1 << 20


class _Undo(Protocol):
    eof: bool

    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


def inflated(
    raw: Iterator[bytes], member: Member, budget: Budget, taken: Callable[[], int]
) -> Iterator[bytes]:
    """The member's own bytes.

    Raises Unread: unsupported:method, bomb:ratio, damaged (after everything that could be read).
    """
    out = crc = 0
    for piece in _pieces(raw, member):
        out += len(piece)
        crc = zlib.crc32(piece, crc)
        limits = budget.limits
        if out > limits.ratio_floor and out > limits.ratio * max(1, taken()):
            raise Unread("bomb:ratio", f"more than {limits.ratio} times its packed size")
        yield piece
    if member.crc >= 0 and crc != member.crc and member.method != 99:
        raise Unread("damaged", "checksum")


def _pieces(raw: Iterator[bytes], member: Member) -> Iterator[bytes]:
    method = member.method
    if method == 99:  # encrypted: the true method stands in an extra field
        from scanner.extract._zipcrypt import true_method

        method = true_method(member)
    if method == 0:
        yield from raw
    elif method == 8:
        yield from _deflate(raw)
    elif method in (12, 14, 93):
        yield from _other(raw, method, member.size)
    else:
        raise Unread("unsupported:method", f"method {method}")


def _deflate(raw: Iterator[bytes]) -> Iterator[bytes]:
    undo = zlib.decompressobj(-15)
    try:
        for chunk in raw:
            piece = undo.decompress(chunk, _PIECE)
            while piece or undo.unconsumed_tail:
                if piece:
                    yield piece
                if not undo.unconsumed_tail:
                    break
                piece = undo.decompress(undo.unconsumed_tail, _PIECE)
            if undo.eof:
                return
        rest = undo.flush()
        if rest:
            yield rest
    except zlib.error as error:
        raise Unread("damaged", "compressed data") from error
    if not undo.eof:
        raise Unread("damaged", "compressed data cut off")


def _other(raw: Iterator[bytes], method: int, size: int) -> Iterator[bytes]:
    undo: Any = None
    start = b""
    try:
        for chunk in raw:
            if undo is None:
                start += chunk
                if len(start) < 9 and method == 14:
                    continue
                undo, chunk = _decoder(start, method)
            yield from _drain(undo, chunk)
            if undo.eof:
                return
    except (OSError, ValueError, lzma.LZMAError) as error:
        raise Unread("damaged", "compressed data") from error
    except Exception as error:
        if type(error).__name__ != "ZstdError":
            raise
        raise Unread("damaged", "compressed data") from error


def _drain(undo: Any, chunk: bytes) -> Iterator[bytes]:
    if not hasattr(undo, "needs_input"):
        yield undo.decompress(chunk)
        return
    piece = undo.decompress(chunk, _PIECE)
    while piece:
        yield piece
        if undo.eof or undo.needs_input:
            break
        piece = undo.decompress(b"", _PIECE)


def _decoder(start: bytes, method: int) -> tuple[Any, bytes]:
    if method == 12:
        return bz2.BZ2Decompressor(), start
    if method == 93:
        import zstandard

        return zstandard.ZstdDecompressor(max_window_size=128 << 20).decompressobj(), start
    length = int.from_bytes(start[2:4], "little")
    if length != 5 or int.from_bytes(start[5:9], "little") > 128 << 20:
        raise Unread("unsupported:method", "lzma properties")
    filters = lzma._decode_filter_properties(lzma.FILTER_LZMA1, start[4:9])  # type: ignore[attr-defined]
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[filters]), start[9:]
