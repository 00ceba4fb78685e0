"""Where in a text gates can fire that need several digits close together.

Most gates find numbers: nothing shorter than five digits, within a few dozen characters. In prose
such places are few, and only they are looked at.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from scanner.detect._entity.classes import DIGIT
from scanner.detect._entity.sets import sre, sre_parser

_DIGITS = frozenset(b"0123456789") | {DIGIT}
_IS_DIGIT = bytes(byte in _DIGITS for byte in range(256))
_LEAST = 5  # digits in everything that a sieved gate finds
_WIDEST = 48  # characters that a sieved gate finds at most, with what it reads beside them
_SPARSE = 0.5  # of a text; where more of it can hold numbers, all of it is looked at


class Sieve:
    """Parts gates into those of numbers and the rest, by their places in the list."""

    def __init__(self, gates: Sequence[bytes]) -> None:
        self.numbers = [at for at, gate in enumerate(gates) if _sieved(gate)]
        self.rest = [at for at in range(len(gates)) if at not in set(self.numbers)]

    def pieces(self, data: bytes) -> list[tuple[int, int]] | None:
        """Start and end of the parts that can hold numbers; None where they are most of it.

        None as well where no gate is one of numbers.
        """
        if not self.numbers:
            return None
        places = np.flatnonzero(np.frombuffer(data.translate(_IS_DIGIT), np.bool_))
        near = places[: 1 - _LEAST][places[_LEAST - 1 :] - places[: 1 - _LEAST] < _WIDEST]
        if not len(near):
            return []
        apart = np.flatnonzero(np.diff(near) > 2 * _WIDEST)
        first = np.maximum(near[np.concatenate(([0], apart + 1))] - _WIDEST, 0)
        last = np.minimum(near[np.concatenate((apart, [len(near) - 1]))] + _WIDEST, len(data))
        if int((last - first).sum()) > _SPARSE * len(data):
            return None
        return list(zip(first.tolist(), last.tolist(), strict=True))


def _sieved(gate: bytes) -> bool:
    """True where everything that a gate finds is narrow and holds several digits."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = sre_parser.parse(gate, re.DOTALL)
    return tree.getwidth()[1] <= _WIDEST and sum(_counted(tree)) >= _LEAST


def _counted(items: Any) -> Iterator[int]:
    """The fewest digits that each of the items takes."""
    for op, argument in items:
        if op is sre.LITERAL:
            yield int(argument in _DIGITS)
        elif op is sre.IN:
            yield int(all(map(_is_digits, argument)))
        elif op is sre.SUBPATTERN:
            yield sum(_counted(argument[3]))
        elif op is sre.BRANCH:
            yield min(sum(_counted(branch)) for branch in argument[1])
        elif op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            yield int(argument[0]) * sum(_counted(argument[2]))


def _is_digits(item: Any) -> bool:
    op, argument = item
    if op is sre.LITERAL:
        return argument in _DIGITS
    return op is sre.RANGE and set(range(argument[0], argument[1] + 1)) <= _DIGITS
