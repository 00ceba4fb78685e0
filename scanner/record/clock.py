"""Where the times in the records come from."""

from __future__ import annotations

import ctypes
import sys

_TIME_ERROR = 5  # adjtimex: the clock is not disciplined by anything
_BUFFER_BYTES = 1024  # larger than struct timex on every system


def clock_source() -> str:
    """The clock and whether the system says that it is set by a time service."""
    if not sys.platform.startswith("linux"):
        return "system clock"
    try:
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError):
        return "system clock"
    state = adjtimex(ctypes.create_string_buffer(_BUFFER_BYTES))
    if state < 0:
        return "system clock"
    return (
        "system clock, not synchronised" if state == _TIME_ERROR else "system clock, synchronised"
    )
