"""Functions that lay numbers out anew, and those that take parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from netloom.formats.traced.calls import Ref
from netloom.formats.traced.context import (
    CannotMap,
    Context,
    Drawn,
    bound,
    sizes_of,
    whole,
    wholes,
)
from netloom.formats.traced.merging import Cut, Held, Step
from netloom.formats.traced.sketch import Value
from netloom.layers.operators.naming import has_batch
from netloom.layers.shapes import axes_of
from netloom.layers.sizes import Expr, Size

Map = Callable[[Context, Step], Drawn]


def _reshape(context: Context, step: Step) -> Drawn:
    flow = context.flow(step.args[0])
    [output] = step.outputs
    if flow.sizes == output.sizes:
        return [flow]
    if len(output.sizes) == 2 and len(flow.shape) > 2 and output.sizes[0] == flow.sizes[0]:
        found = context.layer(step, "Flatten", [flow])
        if found is not None:
            return found
    return reshaped(context, step, flow, output.sizes)


def reshaped(context: Context, step: Step, flow: Value, sizes: Sequence[Size]) -> Drawn:
    """Draw the operator that gives the same numbers other sizes."""
    if sum(isinstance(size, Expr) for size in sizes) > 1:
        raise CannotMap("several sizes depend on the number of samples")
    shape = [-1 if isinstance(size, Expr) else size for size in sizes]
    return context.operator(step, "reshape", [flow], shape=shape)


def _flatten(context: Context, step: Step) -> Drawn:
    given = bound(step, "input", start_dim=0, end_dim=-1)
    flow = context.flow(given["input"])
    if (given["start_dim"], given["end_dim"]) == (1, -1):
        found = context.layer(step, "Flatten", [flow])
        if found is not None:
            return found
    if flow.sizes == step.outputs[0].sizes:
        return [flow]
    return context.operator(
        step, "flatten", [flow], start_dim=whole(given["start_dim"]),
        end_dim=whole(given["end_dim"]),
    )  # fmt: skip


def permuted(context: Context, step: Step, flow: Value, order: Sequence[int]) -> Drawn:
    """Draw another order of axes: the layer where the batch stays first."""
    order = [dim % len(flow.shape) for dim in order]
    if order == list(range(len(order))):
        return [flow]
    if order[0] == 0:
        found = context.layer(step, "Permute", [flow], {"order": [*order]})
        if found is not None:
            return found
    return context.operator(step, "permute", [flow], dims=order)


def _permute(context: Context, step: Step) -> Drawn:
    given = [*step.args[1:], *(step.kwargs[key] for key in ("dims",) if key in step.kwargs)]
    dims = wholes(given[0]) if len(given) == 1 else [whole(each) for each in given]
    return permuted(context, step, context.flow(step.args[0]), dims)


def _transpose(context: Context, step: Step) -> Drawn:
    given = bound(step, "input", "dim0", "dim1")
    flow = context.flow(given["input"])
    order = list(range(len(flow.shape)))
    one, other = whole(given["dim0"]) % len(order), whole(given["dim1"]) % len(order)
    order[one], order[other] = order[other], order[one]
    return permuted(context, step, flow, order)


def _squeeze(context: Context, step: Step) -> Drawn:
    given = bound(step, "input", dim=None)
    flow = context.flow(given["input"])
    if flow.sizes == step.outputs[0].sizes:
        return [flow]
    if given["dim"] is None:
        return reshaped(context, step, flow, step.outputs[0].sizes)
    dims = wholes(given["dim"])
    if len(dims) != 1:
        return reshaped(context, step, flow, step.outputs[0].sizes)
    axis = flow.shape[dims[0] % len(flow.shape)].axis
    found = context.layer(step, "Squeeze", [flow], {"axis": axis}) if axis in "CDHWTF" else None
    return found or context.operator(step, "squeeze", [flow], dim=dims[0])


def _unsqueeze(context: Context, step: Step) -> Drawn:
    given = bound(step, "input", "dim")
    return context.operator(
        step, "unsqueeze", [context.flow(given["input"])], dim=whole(given["dim"])
    )


def _expand(context: Context, step: Step) -> Drawn:
    flow = context.flow(step.args[0])
    wanted = step.outputs[0].sizes
    if flow.sizes == wanted:
        return [flow]
    added = len(wanted) - len(flow.shape)
    shape = [
        -1 if place >= added and flow.sizes[place - added] == size else size
        for place, size in enumerate(wanted)
    ]
    if any(isinstance(size, Expr) for size in shape):
        raise CannotMap("it is repeated as often as there are samples")
    return context.operator(step, "expand", [flow], shape=shape)


def _repeat(context: Context, step: Step) -> Drawn:
    flow = context.flow(step.args[0])
    times = [whole(size) for size in sizes_of(step.args[1:] or [*step.kwargs.values()])]
    if len(times) != len(flow.shape):
        raise CannotMap("axes are added while it is repeated")
    return context.operator(step, "tile", [flow], dims=times)


def _roll(context: Context, step: Step) -> Drawn:
    given = bound(step, "input", "shifts", dims=None)
    flow = context.flow(given["input"])
    return context.operator(
        step, "roll", [flow], shifts=wholes(given["shifts"]), dims=wholes(given["dims"])
    )


def _flip(context: Context, step: Step) -> Drawn:
    flow = context.flow(step.args[0])
    dims = [whole(size) for size in sizes_of(step.args[1:] or [*step.kwargs.values()])]
    return context.operator(step, "flip", [flow], dims=dims)


def _pad(context: Context, step: Step) -> Drawn:
    given = bound(step, "input", "pad", mode="constant", value=None)
    flow, pad = context.flow(given["input"]), wholes(given["pad"])
    if not any(pad):
        return [flow]
    value = given["value"] if given["value"] is not None else 0.0
    return context.operator(
        step, "pad", [flow], padding=pad, mode=None if given["mode"] == "constant" else
        given["mode"], value=value or None,
    )  # fmt: skip


def _joined(op: str) -> Map:
    def draw(context: Context, step: Step) -> Drawn:
        given = bound(step, "tensors", dim=0)
        held = cast("Sequence[object]", given["tensors"])
        if not isinstance(held, list | tuple):
            raise CannotMap("the tensors are no list")
        operands = [context.operand(each, step) for each in held]
        values = [each for each in operands if isinstance(each, Value)]
        if len(values) < len(operands):
            raise CannotMap("a number stands among the tensors")
        if len(values) == 1 and op == "concatenate":
            return values
        dim = whole(given["dim"])
        if op == "concatenate":
            axis = values[0].shape[dim % len(values[0].shape)].axis
            if axis in "CDHWTF" and 2 <= len(values) <= 64:
                found = context.layer(
                    step, "Concatenate", values, {"axis": axis, "num_inputs": len(values)}
                )
                if found is not None:
                    return found
        return context.operator(step, op, values, dim=dim, num_inputs=len(values))

    return draw


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
    return selected(context, step, flow, whole(given["dim"]), whole(given["index"]))


def selected(context: Context, step: Step, flow: Value, dim: int, index: int) -> Drawn:
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
            return _one(selected(context, step, flow, at, item)), 0
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


def _meant_transposed(context: Context, step: Step) -> Drawn:
    flow = context.flow(step.args[0])
    order = [*range(len(flow.shape) - 2), len(flow.shape) - 1, len(flow.shape) - 2]
    return permuted(context, step, flow, order)


RESHAPING: Mapping[str, Map] = {
    **dict.fromkeys(("view", "reshape", "unflatten", "view_as", "reshape_as"), _reshape),
    "flatten": _flatten,
    "permute": _permute,
    **dict.fromkeys(("transpose", "swapaxes", "swapdims"), _transpose),
    "t": _meant_transposed,
    "squeeze": _squeeze,
    "unsqueeze": _unsqueeze,
    **dict.fromkeys(("expand", "expand_as", "broadcast_to"), _expand),
    **dict.fromkeys(("repeat", "tile"), _repeat),
    "roll": _roll,
    "flip": _flip,
    "pad": _pad,
    **dict.fromkeys(("cat", "concat", "concatenate"), _joined("concatenate")),
    "stack": _joined("stack"),
    **dict.fromkeys(("chunk", "split", "split_with_sizes", "unbind", "tensor_split"), _pieces),
    "select": _select,
    "narrow": _narrow,
    "getitem": _getitem,
    **dict.fromkeys(("index_select", "gather"), _index_select),
}
