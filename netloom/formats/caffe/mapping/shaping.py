"""Other axes, other order, parts and pieces; and weighted sums, which flatten what arrives."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from math import prod

import numpy as np

from netloom.formats.caffe.mapping.kinds import Drawers
from netloom.formats.caffe.message import Message
from netloom.formats.caffe.sheet import MAX_NUMBERS, Use, size_of
from netloom.formats.onnx.mapping.pieces import sliced
from netloom.formats.onnx.mapping.shaping import reshaped, solved
from netloom.formats.onnx.values import CannotMap, Flow
from netloom.layers.shapes import axes_of
from netloom.layers.sizes import Size, product

_FEATURES_LAST = {2: "BF", 3: "BTF", 4: "BHWF", 5: "BDHWF"}


def _inner_product(use: Use) -> Sequence[Flow]:
    settings = use.settings("inner_product_param")
    flow, axis = use.value, use.axis(settings)
    outputs, has_bias = settings.whole("num_output"), settings.flag("bias_term", default=True)
    if axis == 0:
        raise CannotMap("it adds up over samples")
    with use.sheet.named("flatten"):
        flat = reshaped(use.sheet, flow, [*flow.sizes[:axis], product(flow.sizes[axis:])])
    features = size_of(flat, axis)
    is_turned = settings.flag("transpose")
    shape = (features, outputs) if is_turned else (outputs, features)
    weights = use.weights(weight=shape, bias=(outputs,))
    if is_turned and weights:
        weights["weight"] = np.ascontiguousarray(weights["weight"].T)
    if not has_bias:
        weights.pop("bias", None)
    axes = _FEATURES_LAST.get(axis + 1)
    if axes is None:
        raise CannotMap(f"a weighted sum over {axis + 1} axes")
    if flat.shape is not None and axes_of(flat.shape)[-1] != "F":
        with use.sheet.named("axes"):
            flat = use.board.declared(flat, axes, "number")
    return use.add(
        "Linear",
        [flat],
        {"out_features": outputs, "bias": has_bias},
        weights=weights,
        count=2 if has_bias else 1,
    )


def _flatten(use: Use) -> Sequence[Flow]:
    settings = use.settings("flatten_param")
    flow = use.value
    first, last = use.axis(settings), use.axis(settings, "end_axis", -1)
    if first > last:
        raise CannotMap(f"there is nothing from axis {first} to {last}")
    sizes = [*flow.sizes[:first], product(flow.sizes[first : last + 1]), *flow.sizes[last + 1 :]]
    return [_made(use, reshaped(use.sheet, flow, sizes))]


def _reshape(use: Use) -> Sequence[Flow]:
    settings, flow = use.settings("reshape_param"), use.value
    rank, start = len(flow.sizes), settings.whole("axis", 0)
    begin = start if start >= 0 else rank + start + 1
    count = settings.whole("num_axes", -1)
    end = rank if count == -1 else begin + count
    if not 0 <= begin <= end <= rank:
        raise CannotMap("it reshapes axes that are not there")
    target: list[Size] = []
    for at, size in enumerate(settings.inner("shape").wholes("dim")):
        if size == 0 and begin + at >= rank:
            raise CannotMap("a size is taken over from an axis that is not there")
        target.append(flow.sizes[begin + at] if size == 0 else size)
    whole = [*flow.sizes[:begin], *target, *flow.sizes[end:]]
    sizes = solved(flow, whole, use.sheet.file_batch)
    return [_made(use, reshaped(use.sheet, flow, sizes))]


def _made(use: Use, flow: Flow) -> Flow:
    """Keep a layer that changes nothing, so that it can be found where the file has it."""
    return use.board.operator("identity", [flow])[0] if flow is use.inputs[0] else flow


def _permute(use: Use) -> Sequence[Flow]:
    flow = use.value
    order = use.settings("permute_param").wholes("order")
    rank = len(flow.sizes)
    order += [at for at in range(rank) if at not in order]
    if sorted(order) != list(range(rank)):
        raise CannotMap("an axis is missing or named twice")
    return use.board.operator("permute", [flow], dims=order)


def _concatenated(use: Use) -> Sequence[Flow]:
    settings, flows = use.settings("concat_param"), [*use.inputs]
    name = "concat_dim" if settings.has("concat_dim") else "axis"
    axis = use.axis(settings, name)
    if len(flows) == 1:
        return flows
    shapes = [flow.shape for flow in flows]
    is_usual = all(shape is not None and axes_of(shape) in ("BCHW", "BF") for shape in shapes)
    if axis == 1 and is_usual:
        return use.add("Concatenate", flows, {"num_inputs": len(flows)})
    return use.board.operator("concatenate", flows, dim=axis, num_inputs=len(flows))


def _slice(use: Use) -> Sequence[Flow]:
    settings, flow = use.settings("slice_param"), use.value
    axis = use.axis(settings, "slice_dim" if settings.has("slice_dim") else "axis")
    size, count = size_of(flow, axis), len(use.layer.tops)
    points = settings.wholes("slice_point")
    if not points:
        if count < 1 or size % count:
            raise CannotMap(f"{size} does not make {count} equal parts")
        points = list(range(size // count, size, size // count))
    edges = [0, *points, size]
    sizes = [after - before for before, after in itertools.pairwise(edges)]
    if len(sizes) != count or min(sizes) < 1:
        raise CannotMap(f"{points} does not cut {size} into {count} parts")
    return [flow] if count == 1 else use.board.operator("split", [flow], sizes=sizes, dim=axis)


def _split(use: Use) -> Sequence[Flow]:
    return [use.value] * len(use.layer.tops)


def _crop(use: Use) -> Sequence[Flow]:
    settings = use.settings("crop_param")
    if len(use.inputs) != 2:
        raise CannotMap(f"it takes {len(use.inputs)} tensors")
    flow, like = use.inputs
    axis, offsets = use.axis(settings, default=2), settings.wholes("offset")
    rank = len(flow.sizes)
    if len(like.sizes) != rank or len(offsets) not in (0, 1, rank - axis):
        raise CannotMap("the offsets do not fit the axes")
    for place, at in enumerate(range(axis, rank)):
        offset = 0 if not offsets else offsets[min(place, len(offsets) - 1)]
        end = offset + size_of(like, at)
        if offset < 0 or end > size_of(flow, at):
            raise CannotMap(f"{offset} to {end} lies outside of axis {at}")
        flow = sliced(use.sheet, flow, at, offset, end, 1)
    return [_made(use, flow)]


def _arg_max(use: Use) -> Sequence[Flow]:
    settings, flow = use.settings("argmax_param"), use.value
    if settings.whole("top_k", 1) != 1 or settings.flag("out_max_val"):
        raise CannotMap("it gives more than the place of the largest number")
    if not settings.has("axis"):
        raise CannotMap("it goes over all axes at once")
    axis = use.axis(settings)
    return use.board.operator("argmax", [flow], dim=axis, keepdim=True, kinds=("integer",))


def _reduction(use: Use) -> Sequence[Flow]:
    settings, flow = use.settings("reduction_param"), use.value
    axis = use.axis(settings, default=0)
    if axis == 0:
        raise CannotMap("it adds up over samples")
    dims = list(range(axis, len(flow.sizes)))
    kind = settings.text("operation", "SUM")
    first = {"ASUM": "abs", "SUMSQ": "square"}.get(kind)
    if first is not None:
        [flow] = use.board.operator(first, [flow])
    [found] = use.board.operator("mean" if kind == "MEAN" else "sum", [flow], dim=dims)
    factor = settings.number("coeff", 1.0)
    return [found] if factor == 1 else use.board.operator("multiply", [found], other=factor)


def _tile(use: Use) -> Sequence[Flow]:
    settings, flow = use.settings("tile_param"), use.value
    axis, times = use.axis(settings), settings.whole("tiles", 1)
    if axis == 0 or times < 1:
        raise CannotMap("it repeats samples")
    dims = [times if at == axis else 1 for at in range(len(flow.sizes))]
    return use.board.operator("tile", [flow], dims=dims)


def _shuffled(use: Use) -> Sequence[Flow]:
    groups = use.settings("shuffle_channel_param").whole("group", 1)
    return use.add("ChannelShuffle", [use.board.usual(use.value)], {"groups": groups})


def _learned(use: Use) -> Sequence[Flow]:
    """Draw the layer Parameter: a learned tensor without an input."""
    sizes = _declared_sizes(use.settings("parameter_param"))
    array = use.weights(weight=sizes).get("weight", np.zeros(sizes, np.float32))
    return [use.board.constant(array, is_learned=True, name=use.board.name)]


def _declared_sizes(settings: Message) -> tuple[int, ...]:
    sizes = tuple(settings.inner("shape").wholes("dim"))
    if not sizes or min(sizes) < 1 or prod(sizes) > MAX_NUMBERS:
        raise CannotMap(f"a parameter of {list(sizes)[:8]}")
    return sizes


DRAWERS: Drawers = {
    "InnerProduct": _inner_product,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Permute": _permute,
    "Concat": _concatenated,
    "Slice": _slice,
    "Split": _split,
    "Crop": _crop,
    "ArgMax": _arg_max,
    "Reduction": _reduction,
    "Tile": _tile,
    "ShuffleChannel": _shuffled,
    "Parameter": _learned,
}
