"""A storage written out as a compound file of its own holds the same streams."""

from __future__ import annotations

import io
import random

import olefile
import pytest

from scanner.extract import _olebuild


class _Streams:
    def __init__(self, streams: dict[tuple[str, ...], bytes]) -> None:
        self._streams = streams

    def listdir(self, streams: bool, storages: bool) -> list[list[str]]:
        return [list(path) for path in self._streams]

    def openstream(self, path: list[str]) -> io.BytesIO:
        return io.BytesIO(self._streams[tuple(path)])


@pytest.mark.parametrize("scale", [1, 40, 9000])
def test_the_same_streams(scale: int) -> None:
    pick = random.Random(scale)
    streams = {
        ("Inner", "Workbook"): pick.randbytes(1000 * scale),
        ("Inner", "Small"): b"x",
        ("Inner", "Deep", "\x01Ole"): pick.randbytes(300),
        ("Inner", "Empty"): b"",
        ("Inner", "Edge"): pick.randbytes(4096),
        ("Other",): b"outside",
    }

    built = _olebuild.build(_Streams(streams), ["Inner"])  # type: ignore[arg-type]
    with olefile.OleFileIO(io.BytesIO(built)) as ole:
        found = {tuple(path): ole.openstream(path).read() for path in ole.listdir()}
    assert found == {path[1:]: data for path, data in streams.items() if path[0] == "Inner"}
