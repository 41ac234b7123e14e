"""Convolutions and their transposes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from netloom.formats.caffe.mapping.kinds import Drawers
from netloom.formats.caffe.message import Array, Message
from netloom.formats.caffe.sheet import MAX_NUMBERS, Use, size_of
from netloom.formats.onnx.mapping.state import sides
from netloom.formats.onnx.values import CannotMap, Flow
from netloom.graph.document import ParamValue


def along(settings: Message, stem: str, count: int, default: int, *, whole: str = "") -> list[int]:
    """Return a setting for each direction: `pad`, or `pad_h` and `pad_w`.

    Args:
        whole: Its name where one number or one for each direction is given; the stem without.

    Raises:
        CannotMap: There are more or fewer numbers than directions.
    """
    if count == 2 and (settings.has(f"{stem}_h") or settings.has(f"{stem}_w")):
        return [settings.whole(f"{stem}_h", default), settings.whole(f"{stem}_w", default)]
    given = settings.wholes(whole or stem)
    if len(given) in (0, 1):
        return (given or [default]) * count
    if len(given) != count:
        raise CannotMap(f"{len(given)} numbers for {stem} do not fit {count} directions")
    return given


def _directions(use: Use, settings: Message) -> tuple[Flow, int]:
    flow = use.value
    count = len(flow.sizes) - 2
    if use.axis(settings) != 1 or count not in (1, 2, 3):
        raise CannotMap(f"it slides over {count} directions")
    return flow, count


def _params(settings: Message, count: int, groups: int) -> dict[str, ParamValue]:
    return {
        "out_channels": settings.whole("num_output"),
        "kernel_size": sides(along(settings, "kernel", count, 0, whole="kernel_size"), count),
        "stride": sides(along(settings, "stride", count, 1), count),
        "padding": sides(along(settings, "pad", count, 0), count),
        "dilation": sides(along(settings, "dilation", count, 1), count),
        "groups": groups,
        "bias": settings.flag("bias_term", default=True),
    }


def _convolution(use: Use) -> Sequence[Flow]:
    settings = use.settings("convolution_param")
    flow, count = _directions(use, settings)
    channels, outputs = size_of(flow, 1), settings.whole("num_output")
    is_depthwise = use.layer.kind in ("DepthwiseConvolution", "ConvolutionDepthwise")
    groups = settings.whole("group", channels if is_depthwise else 1)
    if groups < 1 or channels % groups:
        raise CannotMap(f"{channels} channels do not make {groups} groups")
    kernel = along(settings, "kernel", count, 0, whole="kernel_size")
    weights = use.weights(weight=(outputs, channels // groups, *kernel), bias=(outputs,))
    return use.add(
        f"Conv{count}d",
        [use.board.usual(flow)],
        _params(settings, count, groups),
        weights=_with_bias(weights, settings),
        count=2 if settings.flag("bias_term", default=True) else 1,
    )


def _transposed(use: Use) -> Sequence[Flow]:
    settings = use.settings("convolution_param")
    flow, count = _directions(use, settings)
    channels, outputs = size_of(flow, 1), settings.whole("num_output")
    groups = settings.whole("group", 1)
    if groups < 1 or channels % groups or outputs % groups:
        raise CannotMap(f"{channels} and {outputs} channels do not make {groups} groups")
    kernel = along(settings, "kernel", count, 0, whole="kernel_size")
    shape = (channels, outputs // groups, *kernel)
    weights = use.weights(weight=shape, bias=(outputs,))
    has_bias = settings.flag("bias_term", default=True)
    if not weights and settings.inner("weight_filler").text("type") == "bilinear":
        weights = {"weight": bilinear(shape)}
        if has_bias:
            weights["bias"] = np.zeros(outputs, np.float32)
    return use.add(
        f"ConvTranspose{count}d",
        [use.board.usual(flow)],
        _params(settings, count, groups),
        weights=_with_bias(weights, settings),
        count=2 if has_bias else 1,
    )


def _with_bias(weights: dict[str, Array], settings: Message) -> dict[str, Array]:
    if not settings.flag("bias_term", default=True):
        weights.pop("bias", None)
    return weights


def bilinear(shape: tuple[int, ...]) -> Array:
    """Return kernels that interpolate, as Caffe fills them: every plane the same.

    Raises:
        CannotMap: They are no squares.
    """
    is_square = len(shape) == 4 and shape[2] == shape[3] and min(shape) > 0
    if not is_square or math.prod(shape) > MAX_NUMBERS:
        raise CannotMap("a bilinear filler fills squares alone")
    side = shape[2]
    factor = math.ceil(side / 2)
    centre = (2 * factor - 1 - factor % 2) / (2 * factor)
    slope = 1 - np.abs(np.arange(side) / factor - centre)
    return np.broadcast_to(np.outer(slope, slope).astype(np.float32), shape)


DRAWERS: Drawers = {
    "Convolution": _convolution,
    "DepthwiseConvolution": _convolution,
    "ConvolutionDepthwise": _convolution,
    "Deconvolution": _transposed,
}
