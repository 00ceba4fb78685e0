"""Pieces of text found in a picture, put back into rows of cells."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field

_APART = 1.1  # letters' heights between two cells of one row
_SPACE = 0.25  # letters' heights between two words


@dataclass(frozen=True, slots=True)
class Box:
    """A piece of text: the middle of its left and right side, its height, and how sure it is."""

    text: str = field(repr=False)
    score: float
    left: tuple[float, float]
    right: tuple[float, float]
    height: float

    @staticmethod
    def of(corners: list[tuple[float, float]], text: str, score: float) -> Box:
        """From the four corners, clockwise from the top left."""
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = corners
        height = (math.hypot(dx - ax, dy - ay) + math.hypot(cx - bx, cy - by)) / 2
        left, right = ((ax + dx) / 2, (ay + dy) / 2), ((bx + cx) / 2, (by + cy) / 2)
        return Box(text, float(score), left, right, height)

    @property
    def width(self) -> float:
        """From side to side."""
        return math.hypot(self.right[0] - self.left[0], self.right[1] - self.left[1])


def tilt(boxes: list[Box]) -> float:
    """The angle at which the lines of text run, in radians, told by the longer pieces."""
    long = [box for box in boxes if box.width > box.height * 2]
    angles = sorted(
        math.atan2(box.right[1] - box.left[1], box.right[0] - box.left[0]) for box in long
    )
    return angles[len(angles) // 2] if angles else 0.0


def turned(boxes: list[Box]) -> bool:
    """True where most of the text stands on its side."""
    long = [box for box in boxes if len(box.text) > 2]
    return len(long) > 2 and sum(_upright(box) for box in long) * 2 > len(long)


def _upright(box: Box) -> bool:
    return box.height > box.width * 1.5


@dataclass(slots=True)
class _Flat:
    """A box after the page was turned straight."""

    text: str
    start: float
    end: float
    middle: float
    height: float


def cells(boxes: list[Box]) -> list[list[str]]:
    """The rows of the picture from top to bottom, each with its cells from left to right."""
    angle = tilt(boxes)
    cos, sin = math.cos(-angle), math.sin(-angle)
    flat: list[_Flat] = []
    for box in boxes:
        start = box.left[0] * cos - box.left[1] * sin
        end = box.right[0] * cos - box.right[1] * sin
        middle = sum(x * sin + y * cos for x, y in (box.left, box.right)) / 2
        flat.append(_Flat(box.text, min(start, end), max(start, end), middle, box.height))
    flat.sort(key=lambda one: one.middle)
    rows: list[list[_Flat]] = []
    for one in flat:
        if rows and _same_row(rows[-1], one):
            rows[-1].append(one)
        else:
            rows.append([one])
    return [_joined(sorted(row, key=lambda one: one.start)) for row in rows]


def _same_row(row: list[_Flat], one: _Flat) -> bool:
    middle = sum(other.middle for other in row) / len(row)
    height = min(one.height, sum(other.height for other in row) / len(row))
    return abs(one.middle - middle) < 0.5 * height


def _joined(row: list[_Flat]) -> list[str]:
    found = [row[0].text]
    for before, one in itertools.pairwise(row):
        gap = (one.start - before.end) / max(min(one.height, before.height), 1.0)
        if gap >= _APART:
            found.append(one.text)
        elif gap >= _SPACE or one.text[:1].isascii():
            found[-1] += f" {one.text}"
        else:
            found[-1] += one.text
    return found
