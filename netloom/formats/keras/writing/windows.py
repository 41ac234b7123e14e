"""Convolutions in Keras: borders as “same” where that is exact, as a layer of zeros elsewhere.

Legend for shapes: C channels, K filters, S sizes of the kernel, M filters for each channel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from netloom.formats.keras.writing.tensor import Tensor
from netloom.formats.keras.writing.use import Use, wants
from netloom.layers.conv_params import ConvParams
from netloom.layers.convolution import borders_of, padding_mode
from netloom.layers.shapes import Dim, Shape
from netloom.layers.sizes import Size
from netloom.layers.sliding import DIRECTIONS, directions_of
from netloom.layers.transposed import ConvTransposeParams

if TYPE_CHECKING:
    from netloom.formats.keras.writing.use import Array

Borders = Sequence[tuple[int, int]]


def same_borders(size: int | None, span: int, stride: int) -> tuple[int, int] | None:
    """Return what “same” of Keras pads before and behind; None where that depends on the data."""
    if stride == 1:
        total = span - 1
    elif size is None:
        return None
    else:
        total = max((-(-size // stride) - 1) * stride + span - size, 0)
    return total // 2, total - total // 2


def zeros_around(use: Use, value: Tensor, borders: Borders, suffix: str = "pad") -> Tensor:
    """Put zeros around the positions of a tensor (B, C, ...)."""
    if not any(any(pair) for pair in borders):
        return value
    count = len(borders)
    padding: object = [list(pair) for pair in borders] if count > 1 else list(borders[0])
    shape = resized(value.shape, [before + behind for before, behind in borders])
    return use.add(f"ZeroPadding{count}D", value, shape=shape, suffix=suffix, padding=padding)


def resized(shape: Shape, more: Sequence[int]) -> Shape:
    """Return a shape (B, C, ...) whose positions are more, or with negative numbers fewer."""
    axes = DIRECTIONS[len(more)]
    by_axis = dict(zip(axes, more, strict=True))
    return tuple(
        Dim(dim.axis, _more(dim.size, by_axis[dim.axis])) if dim.axis in by_axis else dim
        for dim in shape
    )


def _more(size: Size, number: int) -> Size:
    return size + number if isinstance(size, int) else size


def padded(
    use: Use, value: Tensor, borders: Borders, spans: Sequence[int], strides: Sequence[int]
) -> tuple[Tensor, str]:
    """Return what goes into a convolution, and the word for its padding."""
    axes = DIRECTIONS[len(borders)]
    if not any(any(pair) for pair in borders):
        return value, "valid"
    same = [
        same_borders(value.open_size(axis), span, stride)
        for axis, span, stride in zip(axes, spans, strides, strict=True)
    ]
    if same == [tuple(pair) for pair in borders]:
        return value, "same"
    return zeros_around(use, value, borders), "valid"


def convolution(use: Use) -> Tensor:
    """Say Conv1d, Conv2d or Conv3d; one group for each channel becomes a depthwise layer."""
    params = cast("ConvParams", use.step.params)
    value = use.value
    count = value.rank - 2
    kernel, stride = directions_of(params.kernel_size, count), directions_of(params.stride, count)
    dilation = directions_of(params.dilation, count)
    wants(padding_mode(params) == "zeros", f"Keras has no “{padding_mode(params)}” border.")
    wants(
        max(stride) == 1 or max(dilation) == 1,
        "Keras has no convolution with both a stride and a dilation.",
    )
    spans = [1 + (size - 1) * step for size, step in zip(kernel, dilation, strict=True)]
    value, padding = padded(use, value, borders_of(params, count), spans, stride)
    common = {
        "kernel_size": list(kernel),
        "strides": list(stride),
        "padding": padding,
        "dilation_rate": list(dilation),
        "use_bias": params.bias,
    }
    channels = value.size("C")
    is_square = len(set(stride)) == 1
    if params.groups == channels > 1 and count < 3 and is_square:
        multiplier = params.out_channels // channels
        return use.add(
            f"DepthwiseConv{count}D",
            value,
            arrays=lambda: _arrays(
                depthwise_kernel(use.array("weight"), channels), use, has_bias=params.bias
            ),
            depth_multiplier=multiplier,
            more=common,
        )
    return use.add(
        f"Conv{count}D",
        value,
        arrays=lambda: _arrays(kernel_last(use.array("weight")), use, has_bias=params.bias),
        filters=params.out_channels,
        groups=params.groups,
        more=common,
    )


def _arrays(kernel: Array, use: Use, *, has_bias: bool) -> dict[str, Array]:
    arrays = {"vars/0": kernel}
    return {**arrays, "vars/1": use.array("bias")} if has_bias else arrays


def kernel_last(weight: Array) -> Array:
    """Turn (K, C, S...) into (S..., C, K)."""
    return np.moveaxis(weight, (1, 0), (-2, -1))


def depthwise_kernel(weight: Array, channels: int) -> Array:
    """Turn (C · M, 1, S...) into (S..., C, M)."""
    apart = weight.reshape(channels, -1, *weight.shape[2:])
    return np.moveaxis(apart, (0, 1), (-2, -1))


def separable(use: Use) -> Tensor:
    """Say SeparableConv2d."""
    params = cast("ConvParams", use.step.params)
    value = use.value
    kernel, stride = directions_of(params.kernel_size, 2), directions_of(params.stride, 2)
    dilation = directions_of(params.dilation, 2)
    wants(params.groups == 1, "Keras mixes the channels of such a convolution all together.")
    wants(len(set(stride)) == 1, "Keras has no depthwise convolution of two different strides.")
    wants(
        max(stride) == 1 or max(dilation) == 1,
        "Keras has no convolution with both a stride and a dilation.",
    )
    spans = [1 + (size - 1) * step for size, step in zip(kernel, dilation, strict=True)]
    value, padding = padded(use, value, borders_of(params, 2), spans, stride)
    channels = value.size("C")

    def arrays() -> dict[str, Array]:
        found = {
            "vars/0": depthwise_kernel(use.array("depthwise.weight"), channels),
            "vars/1": kernel_last(use.array("pointwise.weight")),
        }
        return {**found, "vars/2": use.array("pointwise.bias")} if params.bias else found

    return use.add(
        "SeparableConv2D",
        value,
        arrays=arrays,
        filters=params.out_channels,
        kernel_size=list(kernel),
        strides=list(stride),
        padding=padding,
        dilation_rate=list(dilation),
        depth_multiplier=1,
        use_bias=params.bias,
    )


def transposed(use: Use) -> Tensor:
    """Say ConvTranspose1d, 2d or 3d: all that comes out, and then what is to stay of it."""
    params = cast("ConvTransposeParams", use.step.params)
    value = use.value
    count = value.rank - 2
    kernel, stride = directions_of(params.kernel_size, count), directions_of(params.stride, count)
    dilation = directions_of(params.dilation, count)
    padding = directions_of(params.padding, count)
    longer = directions_of(params.output_padding, count)
    wants(params.groups == 1, "Keras has no transposed convolution in groups.")
    wants(
        max(stride) == 1 or max(dilation) == 1,
        "Keras has no transposed convolution with both a stride and a dilation.",
    )
    cuts: list[tuple[int, int]] = []
    for size, step, apart, cut, more in zip(kernel, stride, dilation, padding, longer, strict=True):
        extra = max(step - (1 + (size - 1) * apart), 0)
        behind = extra + cut - more
        wants(behind >= 0, "Keras gives fewer positions than its output padding asks for.")
        cuts.append((cut, behind))
    whole = resized(use.shape, [before + behind for before, behind in cuts])
    drawn = use.add(
        f"Conv{count}DTranspose",
        value,
        shape=whole,
        arrays=lambda: _arrays(kernel_last(use.array("weight")), use, has_bias=params.bias),
        filters=params.out_channels,
        kernel_size=list(kernel),
        strides=list(stride),
        padding="valid",
        dilation_rate=list(dilation),
        use_bias=params.bias,
    )
    return cropped(use, drawn, cuts)


def cropped(use: Use, value: Tensor, cuts: Borders, suffix: str = "cut") -> Tensor:
    """Take positions away before and behind in each direction of a tensor (B, C, ...)."""
    if not any(any(pair) for pair in cuts):
        return value
    count = len(cuts)
    cropping: object = [list(pair) for pair in cuts] if count > 1 else list(cuts[0])
    shape = resized(value.shape, [-before - behind for before, behind in cuts])
    return use.add(f"Cropping{count}D", value, shape=shape, suffix=suffix, cropping=cropping)
