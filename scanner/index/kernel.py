"""The native kernel: which of its objects is loaded, and its functions with their types."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanner.text.fold import raw_table

VERSION = 5
FOLDER = Path(__file__).with_name("native")
LEVELS = ("v4vbmi", "v4", "v3", "v2")
_NEEDS = {
    "v2": {"sse4_2", "ssse3", "popcnt"},
    "v3": {"avx2", "bmi1", "bmi2", "fma", "movbe"},
    "v4": {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"},
    "v4vbmi": {"avx512vbmi", "avx512_vbmi2"},
}
_P, _U32, _U64 = ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint64
_SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "version": (ctypes.c_int, []),
    "path": (ctypes.c_char_p, []),
    "tables": (ctypes.c_int, [_P, _U64]),
    "open": (_P, [_P, _U64, _U64, _U32]),
    "add": (None, [_P, _P, _P, _U64] + [_P, _U64] * 5),
    "ready": (None, [_P]),
    "part": (None, [_P, _U32, _P, _U64, _P, _P, _U64, _U64, _U32, _U32, _U32]),
    "close": (None, [_P]),
    "scan": (_P, [_P]),
    "scan_close": (None, [_P]),
    "begin": (None, [_P, _U64, _U64, ctypes.c_int]),
    "feed": (ctypes.c_int, [_P, ctypes.c_char_p, _U64, ctypes.c_int]),
    "matches": (_P, [_P, _P]),
    "counts": (None, [_P, _P]),
    "clear": (None, [_P]),
    "siphash": (None, [_P, _U64, _P]),
    "builder": (_P, [_P, _P, _U32, _P, _P, _U32]),
    "builder_close": (None, [_P]),
    "builder_release": (None, [_P]),
    "builder_told": (None, [_P, _P]),
    "builder_counts": (None, [_P, _P]),
    "builder_anchors": (None, [_P] * 8),
    "cells": (ctypes.c_int64, [_P, _P, _P, _U32, _U64, _U64]),
    "spans": (ctypes.c_int, [ctypes.c_char_p, _U64, _P, _U32, _U64, _P, _U64, _P]),
    "prints_open": (_P, [_P]),
    "prints_feed": (ctypes.c_int, [_P, ctypes.c_char_p, _U64, ctypes.c_int]),
    "prints_told": (_P, [_P, _P]),
    "prints_close": (None, [_P]),
    "seal": (None, [_P, _U64, ctypes.c_char_p, ctypes.c_char_p]),
    "spread": (None, [_P, _P, _U64, _P, _P, _P]),
    "sort": (_P, [_P, _P, _U64]),
    "sorted_close": (None, [_P]),
    "sorted_told": (None, [_P, _P]),
    "fill": (None, [_P, _U32, _U32, _U32, _U64] + [_P] * 6 + [_U32, _U32, _P]),
}


class Kernel:
    """The functions of a loaded object, without the prefix of their names."""

    def __init__(self, library: ctypes.CDLL, level: str) -> None:
        self.level = level
        self._functions = {}
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(library, f"leakscan_{name}")
            function.restype, function.argtypes = result, arguments
            self._functions[name] = function
        self._table = ctypes.create_string_buffer(raw_table(), len(raw_table()))
        if self.call("version") != VERSION or not self.call(
            "tables", ctypes.addressof(self._table), len(raw_table())
        ):
            raise OSError("the object does not fit this version")

    def call(self, name: str, *arguments: object) -> int:
        """The result of a function of the object."""
        told = self._functions[name](*arguments)
        return told if isinstance(told, int) else 0

    def instructions(self) -> str:
        """The vector instructions it was compiled for."""
        told: bytes = self._functions["path"]()
        return told.decode("ascii")


def pointer(array: NDArray[np.generic]) -> int:
    """The address of an array's data."""
    return int(array.ctypes.data)


def _flags() -> set[str]:
    """What the processor can do, as Linux names it; empty where nobody says."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return set()
    for line in text.splitlines():
        if line.startswith("flags"):
            return set(line.partition(":")[2].split())
    return set()


def levels() -> list[str]:
    """The levels that this machine can run, best first; "generic" runs everywhere."""
    told = os.environ.get("LEAKSCAN_KERNEL")
    if told:
        return [told]
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        return ["generic"]
    flags = _flags()
    able: list[str] = []
    needed: set[str] = set()
    for level in reversed(LEVELS):
        needed |= _NEEDS[level]
        if needed <= flags:
            able.insert(0, level)
    return [*able, "generic"]


def file_name(level: str) -> str:
    """The file of a level on this system."""
    ending = {"win32": "dll", "darwin": "dylib"}.get(sys.platform, "so")
    return f"kernel-{level}.{ending}"


@cache
def kernel() -> Kernel | None:
    """The best kernel that loads; None where none does (then plain Python does the work)."""
    for level in levels():
        path = FOLDER / file_name(level)
        if not path.is_file():
            continue
        try:
            return Kernel(ctypes.CDLL(str(path)), level)
        except (OSError, AttributeError):
            continue
    return None


def describe() -> str:
    """Which path runs: "native avx512 (v4)", or "python", which is much slower."""
    loaded = kernel()
    if loaded is None:
        return "python"
    return f"native {loaded.instructions()} ({loaded.level})"
