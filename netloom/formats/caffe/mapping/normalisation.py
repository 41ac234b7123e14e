"""Normalisation; BatchNorm and the Scale behind it are one layer."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod, sqrt

import numpy as np

from netloom.formats.caffe.mapping.kinds import Drawers
from netloom.formats.caffe.message import Array, Message
from netloom.formats.caffe.net import CaffeLayer
from netloom.formats.caffe.sheet import MAX_NUMBERS, Use, size_of
from netloom.formats.onnx.mapping.shaping import reshaped
from netloom.formats.onnx.values import CannotMap, Flow
from netloom.graph.document import ParamValue
from netloom.layers.sizes import Size


def _batch(use: Use) -> Sequence[Flow]:
    settings = use.settings("batch_norm_param")
    flow = use.board.usual(use.value)
    rank, channels = len(flow.sizes), size_of(flow, 1)
    if settings.has("use_global_stats") and not settings.flag("use_global_stats"):
        use.remarks.append(
            "The file says that it follows the batch; here it uses what training collected."
        )
    params: dict[str, ParamValue] = {
        "eps": settings.number("eps", 1e-5),
        "momentum": round(1 - settings.number("moving_average_fraction", 0.999), 6),
    }
    weights = _statistics(use, channels)
    scale = use.follower
    if scale is not None and scale.kind == "Scale" and _is_by_channel(scale):
        use.took = True
        own = Use(use.sheet, scale, use.inputs)
        found = own.weights(weight=(channels,), bias=(channels,))
        use.remarks += own.remarks
        if found:
            weights |= {"bias": np.zeros(channels, np.float32), **found}
    else:
        params["affine"] = False
    return use.add(f"BatchNorm{max(1, rank - 2)}d", [flow], params, weights=weights)


def _statistics(use: Use, channels: int) -> dict[str, Array]:
    """Return mean and variance, which the file keeps times a factor of their own."""
    found = use.weights(running_mean=(channels,), running_var=(channels,), factor=(1,))
    factor = float(found.pop("factor", np.ones(1))[0])
    return {name: array * np.float32(1 / factor if factor else 0) for name, array in found.items()}


def _is_by_channel(layer: CaffeLayer) -> bool:
    settings = layer.settings.inner("scale_param")
    return (
        len(layer.bottoms) == 1
        and settings.whole("axis", 1) == 1
        and settings.whole("num_axes", 1) == 1
    )


def _scale(use: Use) -> Sequence[Flow]:
    settings = use.settings("scale_param")
    flow = use.inputs[0]
    if len(use.inputs) == 2:
        with use.sheet.named("sizes"):
            factor = _spread(use, settings, use.inputs[1])
        found = use.board.operator("multiply", [flow, factor])
        shape = _covered(use, settings, len(use.inputs[1].sizes))
        biases = use.weights(bias=shape)
    else:
        shape = _covered(use, settings, settings.whole("num_axes", 1))
        arrays = use.weights(weight=shape, bias=shape)
        weight = arrays.get("weight")
        if weight is None:
            weight = np.full(shape, settings.inner("filler").number("value", 1.0), np.float32)
        biases = {name: array for name, array in arrays.items() if name == "bias"}
        with use.sheet.named("weight"):
            factor = use.board.constant(_outward(use, settings, weight), is_learned=True,
                                        name=use.board.name)  # fmt: skip
        found = use.board.operator("multiply", [flow, factor])
    if not settings.flag("bias_term"):
        return found
    return _shifted(use, settings, found[0], biases.get("bias", np.zeros(shape, np.float32)))


def _bias(use: Use) -> Sequence[Flow]:
    settings = use.settings("bias_param")
    flow = use.inputs[0]
    if len(use.inputs) == 2:
        with use.sheet.named("sizes"):
            added = _spread(use, settings, use.inputs[1])
        return use.board.operator("add", [flow, added])
    shape = _covered(use, settings, settings.whole("num_axes", 1))
    value = settings.inner("filler").number("value", 0.0)
    bias = use.weights(bias=shape).get("bias", np.full(shape, value, np.float32))
    return _shifted(use, settings, flow, bias)


def _shifted(use: Use, settings: Message, flow: Flow, bias: Array) -> Sequence[Flow]:
    with use.sheet.named("bias"):
        added = use.board.constant(_outward(use, settings, bias), is_learned=True,
                                   name=use.board.name)  # fmt: skip
    return use.board.operator("add", [flow, added])


def _covered(use: Use, settings: Message, num_axes: int) -> tuple[int, ...]:
    """Return the sizes of the axes that get a factor each."""
    rank, axis = len(use.inputs[0].sizes), use.axis(settings)
    end = rank if num_axes == -1 else axis + num_axes
    if not axis <= end <= rank:
        raise CannotMap(f"it covers {num_axes} axes from {axis}")
    sizes = tuple(size_of(use.inputs[0], at) for at in range(axis, end))
    if prod(sizes) > MAX_NUMBERS:
        raise CannotMap("it has too many factors")
    return sizes


def _outward(use: Use, settings: Message, array: Array) -> Array:
    """Return factors with as many axes behind them as the tensor has."""
    behind = len(use.inputs[0].sizes) - use.axis(settings) - array.ndim
    return array.reshape(array.shape + (1,) * behind) if behind else array


def _spread(use: Use, settings: Message, flow: Flow) -> Flow:
    """Return the second tensor in axes that fit those of the first."""
    rank, axis = len(use.inputs[0].sizes), use.axis(settings)
    behind = rank - axis - len(flow.sizes)
    if behind < 0:
        raise CannotMap("the second tensor has more axes than the first")
    sizes: list[Size] = [*[1] * axis, *flow.sizes, *[1] * behind]
    return reshaped(use.sheet, flow, sizes if axis else [*flow.sizes, *[1] * behind])


def _local_response(use: Use) -> Sequence[Flow]:
    settings = use.settings("lrn_param")
    size, k = settings.whole("local_size", 5), settings.number("k", 1.0)
    alpha, beta = settings.number("alpha", 1.0), settings.number("beta", 0.75)
    flow, board = use.board.usual(use.value), use.board
    if settings.text("norm_region", "ACROSS_CHANNELS") == "ACROSS_CHANNELS":
        params: dict[str, ParamValue] = {"size": size, "alpha": alpha, "beta": beta, "k": k}
        return use.add("LocalResponseNorm", [flow], params)
    window: dict[str, ParamValue] = {
        "kernel_size": [size, size], "stride": [1, 1], "padding": [size // 2, size // 2],
    }  # fmt: skip
    [squares] = board.operator("square", [flow])
    [means] = use.add("AvgPool2d", [squares], window)
    [scaled] = board.operator("multiply", [means], other=alpha)
    [moved] = board.operator("add", [scaled], other=1.0)
    [factor] = board.operator("pow", [moved], exponent=-beta)
    return board.operator("multiply", [flow, factor])


def _to_length_one(use: Use) -> Sequence[Flow]:
    """Draw the Normalize of SSD: vectors over channels of length 1, times a learned factor."""
    settings = use.settings("norm_param")
    flow, channels = use.value, size_of(use.value, 1)
    dims = list(range(1, len(flow.sizes)))
    if channels > MAX_NUMBERS:
        raise CannotMap("it has too many factors")
    eps = sqrt(max(settings.number("eps", 1e-10), 0.0))
    if settings.flag("across_spatial", default=True):
        [length] = use.board.operator("norm", [flow], dim=dims, keepdim=True, p=2.0)
        [length] = use.board.operator("clamp", [length], min=eps)
        [found] = use.board.operator("divide", [flow, length])
    else:
        [found] = use.board.operator("normalize", [flow], p=2.0, dim=1, eps=eps)
    count = 1 if settings.flag("channel_shared", default=True) else channels
    value = settings.inner("scale_filler").number("value", 1.0)
    scale = use.weights(weight=(count,)).get("weight", np.full(count, value, np.float32))
    with use.sheet.named("weight"):
        shaped = scale.reshape(count, *[1] * (len(flow.sizes) - 2))
        factor = use.board.constant(shaped, is_learned=True, name=use.board.name)
    return use.board.operator("multiply", [found, factor])


def _mean_and_variance(use: Use) -> Sequence[Flow]:
    settings = use.settings("mvn_param")
    flow, board = use.value, use.board
    rank = len(flow.sizes)
    dims = list(range(1 if settings.flag("across_channels") or rank == 2 else 2, rank))
    [mean] = board.operator("mean", [flow], dim=dims, keepdim=True)
    [centred] = board.operator("subtract", [flow, mean])
    if not settings.flag("normalize_variance", default=True):
        return [centred]
    [spread] = board.operator("std", [flow], dim=dims, keepdim=True, correction=0)
    [divisor] = board.operator("add", [spread], other=settings.number("eps", 1e-9))
    return board.operator("divide", [centred, divisor])


DRAWERS: Drawers = {
    "BatchNorm": _batch,
    "Scale": _scale,
    "Bias": _bias,
    "LRN": _local_response,
    "Normalize": _to_length_one,
    "MVN": _mean_and_variance,
}
