"""Text out of pictures, by the optional part `ocr` (models in its wheels, nothing downloaded)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from scanner.extract._ocr_rows import Box, cells, turned
from scanner.extract.base import Budget
from scanner.model.content import Gap, Layout, Piece, Segment, table_text

SMALLEST = 32  # pictures with a side below this are icons
INSTALL = "pip install 'leakscan[ocr]'"
_SIDE = 2000  # the recogniser shrinks what is larger
_TILE = 1800
_SMALL_LETTERS, _GOOD_LETTERS, _LARGE_LETTERS = 15, 36, 56
_SURE = 0.93
_FEW = 5  # so few pieces cost little to be read again


class _Engine:
    """The one recogniser of a process, made at its first use."""

    made: Any = None
    missing: bool = False


def engine() -> Any:
    """The recogniser; None where it is not installed."""
    if _Engine.made is None and not _Engine.missing:
        try:
            _Engine.made = _make()
        except ImportError:
            _Engine.missing = True
    return _Engine.made


def _make() -> Any:
    import logging

    from rapidocr import RapidOCR

    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.max_side_len": _SIDE,
            "Global.text_score": 0.4,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def missing(locator: str, what: str = "a picture") -> Iterator[Piece]:
    """The gap that a picture leaves where no recogniser is installed; nothing where one is."""
    if engine() is None:
        yield Gap("image-not-read", locator, f"{what}: {INSTALL}")


def read(picture: Any, locator: str, budget: Budget) -> Iterator[Piece]:
    """The text of a Pillow picture as one segment, or the gap it leaves."""
    if min(picture.size) < SMALLEST:
        return
    budget.check_time()
    if engine() is None:
        yield from missing(locator, f"{picture.width}x{picture.height}")
        return
    rows = [row for row in cells(_boxes(picture.convert("RGB"), budget)) if _speaks(row)]
    if rows:
        table = sum(len(row) > 1 for row in rows) >= 2
        yield Segment(table_text(rows), locator, layout=Layout.TABLE if table else Layout.TEXT)


def _speaks(row: list[str]) -> bool:
    """False for rows of single marks, as drawings give them."""
    return any(sum(letter.isalnum() for letter in cell) > 1 for cell in row)


def _boxes(picture: Any, budget: Budget) -> list[Box]:
    """The pieces of text, read again in another size or position where they came out poorly."""
    first = _recognised(picture)
    if not first:
        return first
    shrunk = min(1.0, _SIDE / max(picture.size))
    height = sorted(box.height for box in first)[len(first) // 2]
    found = first
    if turned(first):
        found = _turned(picture, first)
    elif height * shrunk < _SMALL_LETTERS and max(picture.size) > _TILE:
        budget.check_time()
        found = _best(first, _tiles(picture, budget))
    elif height * shrunk > _LARGE_LETTERS or _mean(first) < _SURE or len(first) <= _FEW:
        goals = (28.0, 44.0) if height > _GOOD_LETTERS else (height * 1.6,)
        for goal in goals:
            budget.check_time()
            found = _best(found, _scaled(picture, goal / max(height, 1.0)))
    return found


def _recognised(picture: Any, left: float = 0, top: float = 0, scale: float = 1) -> list[Box]:
    """The pieces of text of a picture, moved to where they stand in the one it was made of."""
    import numpy

    result = engine()(numpy.asarray(picture))
    if result.boxes is None:
        return []
    return [
        Box.of([(x / scale + left, y / scale + top) for x, y in box.tolist()], str(text), score)
        for box, text, score in zip(result.boxes, result.txts, result.scores, strict=True)
    ]


def _mean(boxes: list[Box]) -> float:
    return sum(box.score for box in boxes) / len(boxes) if boxes else 0.0


def _weight(boxes: list[Box]) -> float:
    """How much was read how surely."""
    return sum(box.score**4 * len(box.text) for box in boxes)


def _best(first: list[Box], second: list[Box]) -> list[Box]:
    return second if _weight(second) > _weight(first) else first


def _scaled(picture: Any, scale: float) -> list[Box]:
    scale = min(scale, 3.0, 4000 / max(picture.size))
    if 0.9 < scale < 1.1:
        return []
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return _recognised(picture.resize(size), scale=scale)


def _turned(picture: Any, first: list[Box]) -> list[Box]:
    """A page that lies on its side, read upright."""
    right = _recognised(picture.rotate(90, expand=True))
    if _mean(right) > _SURE and _weight(right) >= _weight(first):
        return right
    return _best(_best(first, right), _recognised(picture.rotate(270, expand=True)))


def _tiles(picture: Any, budget: Budget) -> list[Box]:
    """A large picture read piece by piece, cut where little is painted."""
    import numpy

    grey = numpy.asarray(picture.convert("L"), dtype=numpy.float32)
    across = _cuts(numpy.abs(numpy.diff(grey, axis=1)).sum(axis=1), picture.height)
    found: list[Box] = []
    for top, bottom in itertools.pairwise(across):
        down = _cuts(numpy.abs(numpy.diff(grey[top:bottom], axis=0)).sum(axis=0), picture.width)
        for left, right in itertools.pairwise(down):
            budget.check_time()
            found += _recognised(picture.crop((left, top, right, bottom)), left, top)
    return found


def _cuts(ink: Any, length: int) -> list[int]:
    """Where to cut a side: at most every `_TILE` pixels, at the emptiest place before that."""
    places = [0]
    while length - places[-1] > _TILE:
        low, high = places[-1] + _TILE - _TILE // 4, places[-1] + _TILE
        places.append(low + int(ink[low:high].argmin()))
    return [*places, length]
