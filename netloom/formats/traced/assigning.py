"""Assignments to a part of a tensor, `x[:, 1:] = y`: a new tensor of what stays and what comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from netloom.formats.traced.context import CannotMap, Context, Drawn, whole
from netloom.formats.traced.merging import Cut, Step
from netloom.formats.traced.sketch import Value

_EVERYTHING = Cut(None, None, None)


def _setitem(context: Context, step: Step) -> Drawn:
    changed, index, given = step.args
    flow, part = context.flow(changed), context.flow(given)
    items = list(cast("tuple[object, ...]", index)) if isinstance(index, tuple) else [index]
    if Ellipsis in items:
        at = items.index(Ellipsis)
        items[at : at + 1] = [_EVERYTHING] * (len(flow.sizes) - len(items) + 1)
    return [_replaced(context, step, flow, part, items, 0)]


def _replaced(
    context: Context, step: Step, flow: Value, part: Value, items: Sequence[object], at: int
) -> Value:
    """Draw a tensor with a part in the place that the indices from an axis on leave of it."""
    if at == len(items):
        if flow.sizes != part.sizes:
            raise CannotMap("what is written is repeated over its place")
        return part
    item, size = items[at], flow.sizes[at]
    if not isinstance(item, Cut):
        raise CannotMap("only slices of a tensor can be written to")
    if item == _EVERYTHING:
        return _replaced(context, step, flow, part, items, at + 1)
    if not isinstance(size, int) or item.step not in (None, 1):
        raise CannotMap("what is written to is cut from the batch, or has gaps")
    ends = [None if end is None else whole(end) for end in (item.start, item.stop)]
    begin, end, _ = slice(*ends).indices(size)
    middle = _between(context, step, flow, at, begin, end)
    pieces = [
        _between(context, step, flow, at, 0, begin) if begin > 0 else None,
        _replaced(context, step, middle, part, items, at + 1),
        _between(context, step, flow, at, end, size) if end < size else None,
    ]
    kept = [piece for piece in pieces if piece is not None]
    if len(kept) == 1:
        return kept[0]
    return _one(
        context.sketch.operator(
            "concatenate", kept, [flow.sizes], path=step.path, dim=at, num_inputs=len(kept)
        )
    )


def _between(context: Context, step: Step, flow: Value, at: int, begin: int, end: int) -> Value:
    if end <= begin:
        raise CannotMap("nothing is written")
    wanted = [*flow.sizes[:at], end - begin, *flow.sizes[at + 1 :]]
    if wanted == list(flow.sizes):
        return flow
    return _one(
        context.sketch.operator(
            "slice", [flow], [wanted], path=step.path, dim=at, start=begin, stop=end
        )
    )


def _one(found: Drawn) -> Value:
    if found is None:
        raise CannotMap("the sizes do not follow")
    return found[0]


ASSIGNING: Mapping[str, Callable[[Context, Step], Drawn]] = {"setitem": _setitem}
