"""Functions that take parts: pieces, positions, ranges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from netloom.formats.traced.calls import Ref
from netloom.formats.traced.context import CannotMap, Context, Drawn, bound, whole
from netloom.formats.traced.merging import Cut, Held, Step
from netloom.formats.traced.sketch import Value
from netloom.layers.operators.naming import has_batch
from netloom.layers.shapes import axes_of
from netloom.layers.sizes import Size

Map = Callable[[Context, Step], Drawn]


def _pieces(context: Context, step: Step) -> Drawn:
    """Map `chunk`, `split`, `tensor_split` and `unbind` by the sizes that came out."""
    flow = context.flow(step.args[0])
    place = 1 if step.name == "unbind" else 2
    dim = step.kwargs.get("dim", step.args[place] if len(step.args) > place else 0)
    at = whole(dim) % len(flow.shape)
    if step.name == "unbind":
        count = len(step.outputs)
        if count == 1:
            return context.operator(step, "select", [flow], dim=at, index=0)
        return context.operator(step, "unbind", [flow], dim=at, count=count)
    sizes = [whole(output.sizes[at]) for output in step.outputs]
    if len(sizes) == 1:
        return [flow]
    if step.name == "chunk":
        found = context.operator(step, "chunk", [flow], dim=at, chunks=len(sizes))
        if found is not None:
            return found
    return context.operator(step, "split", [flow], dim=at, sizes=sizes)


def _select(context: Context, step: Step) -> Drawn:
    given = bound(step, "input", "dim", "index")
    flow = context.flow(given["input"])
    return _selected(context, step, flow, whole(given["dim"]), whole(given["index"]))


def _selected(context: Context, step: Step, flow: Value, dim: int, index: int) -> Drawn:
    """Draw one position of an axis."""
    if axes_of(flow.shape) == "BTF" and dim == 1:
        found = context.layer(step, "TakeStep", [flow], {"step": index})
        if found is not None:
            return found
    return context.operator(step, "select", [flow], dim=dim, index=index)


def _narrow(context: Context, step: Step) -> Drawn:
    given = bound(step, "input", "dim", "start", "length")
    start = whole(given["start"])
    stop = start + whole(given["length"])
    flow = context.flow(given["input"])
    return context.operator(step, "slice", [flow], dim=whole(given["dim"]), start=start, stop=stop)


def _getitem(context: Context, step: Step) -> Drawn:
    """Map `x[:, 0]`, `x[..., 1:3]`, `x[None]`: index by index, from the left."""
    flow = context.flow(step.args[0])
    index = step.args[1]
    items = list(cast("tuple[object, ...]", index)) if isinstance(index, tuple) else [index]
    taken = sum(item is not None and item is not Ellipsis for item in items)
    filled: list[object] = []
    for item in items:
        if item is Ellipsis:
            filled += [Cut(None, None, None)] * (len(flow.shape) - taken)
        else:
            filled.append(item)
    at = 0
    for item in filled:
        flow, moved = _indexed(context, step, flow, at, item)
        at += moved
    return [flow] if flow.sizes == step.outputs[0].sizes else None


def _indexed(context: Context, step: Step, flow: Value, at: int, item: object) -> tuple[Value, int]:
    """Draw one index; returns how many axes further the next one stands."""
    sizes = list(flow.sizes)
    if isinstance(item, Cut):
        if (item.start, item.stop, item.step) == (None, None, None):
            return flow, 1
        return _cut(context, step, flow, at, item), 1
    if item is None:
        wanted = [*sizes[:at], 1, *sizes[at:]]
        return _one(
            context.sketch.operator("unsqueeze", [flow], [wanted], path=step.path, dim=at)
        ), 1
    if isinstance(item, bool):
        raise CannotMap("a yes or no is used as an index")
    if isinstance(item, int):
        wanted = [*sizes[:at], *sizes[at + 1 :]]
        if wanted == list(step.outputs[0].sizes):
            return _one(_selected(context, step, flow, at, item)), 0
        return _one(
            context.sketch.operator("select", [flow], [wanted], path=step.path, dim=at, index=item)
        ), 0
    if isinstance(item, Held | Ref):
        return _looked_up(context, step, flow, at, item), 1
    raise CannotMap("an index is not understood")


def _cut(context: Context, step: Step, flow: Value, at: int, item: Cut) -> Value:
    size = flow.sizes[at]
    start, stop = item.start, item.stop
    stride = 1 if item.step is None else whole(item.step)
    begin = 0 if start is None else whole(start)
    if has_batch(size) and stop == size:
        stop = None
    end = None if stop is None else whole(stop)
    if isinstance(size, int):
        left = len(range(size)[begin:end:stride])
        if left == size:
            return flow
        wanted: list[Size] = [*flow.sizes[:at], left, *flow.sizes[at + 1 :]]
    elif begin == 0 and end is None and stride == 1:
        return flow
    else:
        raise CannotMap("the batch is cut")
    axis = flow.shape[at].axis
    if wanted == list(step.outputs[0].sizes) and axis in "CDHWTF" and stride > 0:
        found = context.layer(
            step, "Slice", [flow], {"axis": axis, "start": begin, "stop": end, "step": stride}
        )
        if found is not None:
            return found[0]
    return _one(
        context.sketch.operator(
            "slice", [flow], [wanted], path=step.path, dim=at, start=begin, stop=end, step=stride
        )
    )


def _looked_up(context: Context, step: Step, flow: Value, at: int, item: Held | Ref) -> Value:
    index = context.operand(item, step)
    if not isinstance(index, Value) or len(index.shape) != 1:
        raise CannotMap("an index is no list of positions")
    wanted = [*flow.sizes[:at], index.sizes[0], *flow.sizes[at + 1 :]]
    return _one(
        context.sketch.operator("index_select", [flow, index], [wanted], path=step.path, dim=at)
    )


def _one(found: Drawn) -> Value:
    if found is None:
        raise CannotMap("the sizes do not follow")
    return found[0]


def _index_select(context: Context, step: Step) -> Drawn:
    given = bound(step, "input", "dim", "index")
    flow = context.flow(given["input"])
    index = context.operand(given["index"], step)
    if not isinstance(index, Value):
        raise CannotMap("the positions are no tensor")
    op = "gather" if step.name == "gather" else "index_select"
    return context.operator(step, op, [flow, index], dim=whole(given["dim"]))


TAKING: Mapping[str, Map] = {
    **dict.fromkeys(("chunk", "split", "split_with_sizes", "unbind", "tensor_split"), _pieces),
    "select": _select,
    "narrow": _narrow,
    "getitem": _getitem,
    **dict.fromkeys(("index_select", "gather"), _index_select),
}
