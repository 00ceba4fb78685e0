"""The parts of a long text where records may stand: rich in digits, "@" or legal forms."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

_BLOCK = 2048
_RUN = 4
_MOST_BLOCKS = 128
_DIGITS = 16
_SMALL = 16_384
_FORMS = tuple(
    form.encode() for form in ("公司", "客户", "联系", "电话", " Inc", " Ltd", " LLC", "hone")
)


@dataclass(frozen=True, slots=True)
class Part:
    """Whole lines of a text; `line` counts from 0 within the text."""

    text: str = field(repr=False)
    line: int


def hot_parts(text: str) -> tuple[list[Part], float]:
    """The parts to read, and by how much their records stand for more than themselves.

    A short text is one part. Of a long one, blocks without digits, addresses or legal forms are
    left out, and where more than 256 KiB remain, runs of blocks spread over it are read.
    """
    if len(text) <= _SMALL:
        return ([Part(text, 0)], 1.0) if _worth(text) else ([], 1.0)
    raw = text.encode("utf-8", "replace")
    hot = _hot_blocks(raw)
    if not hot.size:
        return [], 1.0
    runs = _runs(hot)
    factor = 1.0
    most = _MOST_BLOCKS // _RUN
    if len(runs) > most:
        step = len(runs) / most
        chosen = [runs[int(place * step)] for place in range(most)]
        factor = sum(end - start for start, end in runs) / sum(end - start for start, end in chosen)
        runs = chosen
    parts = []
    line = position = 0
    for first, last in runs:
        start = raw.rfind(b"\n", 0, first * _BLOCK) + 1
        end = raw.find(b"\n", last * _BLOCK)
        end = len(raw) if end < 0 or end - last * _BLOCK > _BLOCK else end
        if first * _BLOCK - start > _BLOCK:
            start = first * _BLOCK
        start = max(start, position)
        if start >= end:
            continue
        line += raw.count(b"\n", position, start)
        parts.append(Part(raw[start:end].decode("utf-8", "ignore"), line))
        line += raw.count(b"\n", start, end)
        position = end
    return parts, factor


def _worth(text: str) -> bool:
    if "@" in text or sum(map(text.count, "0123456789")) >= _DIGITS:
        return True
    return any(form in text for form in ("公司", "客户", "联系", " Inc", " Ltd", " LLC"))


def _hot_blocks(raw: bytes) -> np.ndarray:
    data = np.frombuffer(raw, dtype=np.uint8)
    count = -(-len(data) // _BLOCK)
    starts = np.arange(0, count * _BLOCK, _BLOCK)
    signs = ((data >= 0x30) & (data <= 0x39)).view(np.uint8).astype(np.uint8)
    digits = np.add.reduceat(signs, starts, dtype=np.int32)
    ats = np.add.reduceat((data == 0x40).view(np.uint8), starts, dtype=np.int32)
    hot = (digits >= _DIGITS) | (ats >= 2)
    for form in _FORMS:
        place = raw.find(form)
        found = 0
        while place >= 0 and found < 4096:
            hot[place // _BLOCK] = True
            found += 1
            place = raw.find(form, (place // _BLOCK + 1) * _BLOCK)
    return np.flatnonzero(hot)


def _runs(hot: np.ndarray) -> list[tuple[int, int]]:
    """(first block, behind the last) of neighbouring hot blocks, at most four to a run."""
    runs: list[tuple[int, int]] = []
    for block in hot.tolist():
        if runs and runs[-1][1] == block and runs[-1][1] - runs[-1][0] < _RUN:
            runs[-1] = (runs[-1][0], block + 1)
        else:
            runs.append((block, block + 1))
    return runs
