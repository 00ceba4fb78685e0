"""Text out of pictures, by the optional part `ocr` (models in its wheels, nothing downloaded)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scanner.extract.base import Budget
from scanner.model.content import Gap, Layout, Piece, Segment

SMALLEST = 32  # pictures with a side below this are icons
INSTALL = "pip install 'leakscan[ocr]'"


class _Engine:
    """The one recogniser of a process, made at its first use."""

    made: Any = None
    missing: str = ""


def engine() -> Any:
    """The recogniser; None where it is not installed."""
    if _Engine.made is None and not _Engine.missing:
        try:
            _Engine.made = _make()
        except ImportError as error:
            _Engine.missing = (error.name or "rapidocr").partition(".")[0]
    return _Engine.made


def _make() -> Any:
    import logging

    from rapidocr import RapidOCR

    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def read(picture: Any, locator: str, budget: Budget) -> Iterator[Piece]:
    """The text of a Pillow picture as one segment, or the gap it leaves."""
    if min(picture.size) < SMALLEST:
        return
    budget.check_time()
    recogniser = engine()
    if recogniser is None:
        yield Gap("image-not-read", locator, f"{picture.width}x{picture.height}: {INSTALL}")
        return
    rows = _rows(recogniser, picture)
    if rows:
        text = "\n".join("\t".join(" ".join(cell.split()) for cell in row) for row in rows)
        table = sum(len(row) > 1 for row in rows) >= 2
        yield Segment(text, locator, layout=Layout.TABLE if table else Layout.TEXT)


def _rows(recogniser: Any, picture: Any) -> list[list[str]]:
    import numpy

    result = recogniser(numpy.asarray(picture.convert("RGB")))
    if result.boxes is None:
        return []
    boxes = [
        (
            float(box[:, 1].mean()),
            float(box[:, 0].min()),
            float(box[:, 1].max() - box[:, 1].min()),
            str(text),
        )
        for box, text in zip(result.boxes, result.txts, strict=True)
    ]
    boxes.sort()
    rows: list[list[tuple[float, float, float, str]]] = []
    for box in boxes:
        if rows and box[0] - rows[-1][-1][0] < 0.5 * min(box[2], rows[-1][-1][2]):
            rows[-1].append(box)
        else:
            rows.append([box])
    return [[one[3] for one in sorted(row, key=lambda one: one[1])] for row in rows]
