"""The walk over a document and, without recursion, all its children.

    for event in read(blob, name, budget):
        Begin | Segment | End

Events nest like brackets: a child's Begin ... End stands between the events of its parent, at the
place where the parent held it; a Segment belongs to the object begun last and not yet ended. Every
object that begins ends in exactly one outcome, whatever its bytes do to its reader.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import BinaryIO

from scanner.extract._choose import claims
from scanner.extract._events import Begin, End, Event, outcome_of, printable
from scanner.extract._object import UNKNOWN, Object
from scanner.extract._spool import FIRST, Spool
from scanner.extract.base import Blob, Budget
from scanner.model.content import Child, Kind, Segment
from scanner.model.document import MEMBER
from scanner.model.errors import LimitReached

__all__ = ["UNKNOWN", "Begin", "End", "Event", "outcome_of", "printable", "read"]


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Event]:
    """The events of a document called `name` and of everything in it, depth first."""
    stack: list[Object] = []
    budget.root_bytes = budget.root_bytes or max(blob.size, 0)
    first = Object("", name, blob, budget)
    yield from _opened(first)
    stack.append(first)
    while stack:
        top = stack[-1]
        piece = top.step()
        if piece is None:
            stack.pop()
            yield top.end()
        elif isinstance(piece, Segment):
            yield piece
            top.look_inside(piece)
        else:
            child = _child(piece, stack, budget)
            if child is not None:
                yield from _opened(child)
                stack.append(child)


def _opened(top: Object) -> Iterator[Event]:
    yield top.begin()
    if top.inner:  # the name of a member is content too, but no sign that the member was read
        yield Segment(top.name, "name", Kind.META)


def _child(child: Child, stack: list[Object], budget: Budget) -> Object | None:
    """The child as an object ready to be read; None where the limit of members is reached."""
    parent = stack[-1]
    try:
        budget.spend_member()
    except LimitReached as limit:
        parent.stop(limit)
        return None
    shown = printable(child.name)
    inner = f"{parent.inner}{MEMBER}{shown}" if parent.inner else shown
    if inner in budget.skip:  # its parser died or hung when the document was read before
        return Object.closed(inner, shown, child.size, budget.skip[inner], budget)
    if len(stack) > budget.limits.depth:
        return Object.closed(inner, shown, child.size, "limit:depth", budget)
    try:
        stream = child.open()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001
        outcome = outcome_of(error)
        return Object.closed(inner, shown, child.size, outcome[0], budget, outcome[1])
    return _spooled(inner, shown, stream, stack, budget)


def _spooled(
    inner: str, name: str, stream: BinaryIO, stack: list[Object], budget: Budget
) -> Object:
    spool = Spool(stream, budget)
    spool.fill(min(FIRST, budget.limits.member_bytes))
    if spool.stop is None and not spool.at_end():
        found = claims(Blob.of(spool.data()), name)
        if found and found[0][1].streams:
            blob, counted = spool.forward()
            return Object(inner, name, blob, budget, formats=found[:1], counted=counted)
        spool.fill(budget.limits.member_bytes)
    cut = spool.stop
    if cut is None and not spool.at_end():
        cut = LimitReached("limit:bytes", "larger than what is held in memory of one member")
    data = spool.data()[: budget.limits.member_bytes]
    if cut is not None and not data:
        code, detail = outcome_of(cut)
        return Object.closed(inner, name, spool.size, code, budget, detail)
    digest = hashlib.sha256(data).hexdigest()
    if data and any(one.same(len(data), digest) for one in stack):
        return Object.closed(inner, name, len(data), "bomb:nesting", budget, digest=digest)
    return Object(inner, name, Blob.of(data), budget, digest=digest, cut=cut)
