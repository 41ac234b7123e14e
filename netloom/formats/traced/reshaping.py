"""Functions that lay numbers out anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from netloom.formats.traced.context import (
    CannotMap,
    Context,
    Drawn,
    bound,
    sizes_of,
    whole,
    wholes,
)
from netloom.formats.traced.merging import Step
from netloom.formats.traced.sketch import Value
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
}
