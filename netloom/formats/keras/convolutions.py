"""Convolutions of Keras, with “same” as Keras pads it.

Legend for shapes: C channels, K filters, S sizes of the kernel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from netloom.formats.keras.activations import activate, activation_name
from netloom.formats.keras.settings import Settings
from netloom.formats.keras.sheet import NoLayer, Sheet, Value
from netloom.formats.keras.windows import Window, is_even, pad, per_direction
from netloom.graph.document import ParamValue
from netloom.layers.sliding import DIRECTIONS

if TYPE_CHECKING:
    from netloom.formats.keras.sheet import Array


def convolution(
    sheet: Sheet, value: Value, settings: Settings, arrays: list[Array], count: int
) -> Value:
    """Draw Conv1D, Conv2D or Conv3D."""
    value = sheet.as_signal(value) if count == 1 else value
    window = Window.read(settings, count, size="kernel_size")
    has_bias = settings.flag("use_bias", True)
    filters = settings.whole("filters")
    value, padding = _conv_padding(sheet, value, window)
    weights: dict[str, Array] = {}
    if arrays:
        weights["weight"] = _kernel_first(arrays[0])
        if has_bias and len(arrays) > 1:
            weights["bias"] = arrays[1]
    drawn = sheet.add(
        f"Conv{count}d",
        value,
        weights=weights,
        out_channels=filters,
        kernel_size=per_direction(window.kernel),
        stride=per_direction(window.stride),
        padding=padding,
        dilation=per_direction(window.dilation),
        groups=settings.whole("groups", 1),
        bias=has_bias,
    )
    return activate(sheet, drawn, activation_name(settings))


def _conv_padding(sheet: Sheet, value: Value, window: Window) -> tuple[Value, ParamValue]:
    """Return what goes into a convolution, and its own padding."""
    borders = window.borders(value)
    is_dense = set(window.stride) == {1}
    if window.padding == "same" and (is_dense or is_even(borders)):
        if is_dense:
            return value, "same"
        return value, per_direction([before for before, _ in borders])
    none = per_direction([0] * len(window.kernel))
    return pad(sheet, value, borders), none


def _kernel_first(kernel: Array) -> Array:
    """Turn (S..., C, K) into (K, C, S...)."""
    if kernel.ndim < 3:
        raise NoLayer(f"its kernel has {kernel.ndim} axes")
    return np.moveaxis(kernel, (-1, -2), (0, 1))


def depthwise(
    sheet: Sheet, value: Value, settings: Settings, arrays: list[Array], count: int
) -> Value:
    """Draw DepthwiseConv1D or DepthwiseConv2D: as many groups as channels."""
    value = sheet.as_signal(value) if count == 1 else value
    drawn = _depthwise(sheet, value, settings, arrays, count)
    return activate(sheet, drawn, activation_name(settings))


def _depthwise(
    sheet: Sheet,
    value: Value,
    settings: Settings,
    arrays: list[Array],
    count: int,
    *,
    suffix: str = "",
    has_bias: bool | None = None,
) -> Value:
    window = Window.read(settings, count, size="kernel_size")
    channels = value.size("C")
    multiplier = settings.whole("depth_multiplier", 1)
    value, padding = _conv_padding(sheet, value, window)
    has_bias = settings.flag("use_bias", True) if has_bias is None else has_bias
    weights: dict[str, Array] = {}
    if arrays:
        weights["weight"] = _depthwise_kernel(arrays[0])
        if has_bias and len(arrays) > 1:
            weights["bias"] = arrays[1]
    return sheet.add(
        f"Conv{count}d",
        value,
        suffix=suffix,
        weights=weights,
        out_channels=channels * multiplier,
        kernel_size=per_direction(window.kernel),
        stride=per_direction(window.stride),
        padding=padding,
        dilation=per_direction(window.dilation),
        groups=channels,
        bias=has_bias,
    )


def _depthwise_kernel(kernel: Array) -> Array:
    """Turn (S..., C, M) into (C · M, 1, S...)."""
    if kernel.ndim < 3:
        raise NoLayer(f"its kernel has {kernel.ndim} axes")
    turned = np.moveaxis(kernel, (-2, -1), (0, 1))
    return turned.reshape(-1, 1, *turned.shape[2:])


def separable(
    sheet: Sheet, value: Value, settings: Settings, arrays: list[Array], count: int
) -> Value:
    """Draw SeparableConv1D or SeparableConv2D: one layer where there is one, else two."""
    value = sheet.as_signal(value) if count == 1 else value
    filters, has_bias = settings.whole("filters"), settings.flag("use_bias", True)
    pointwise: dict[str, Array] = {}
    if len(arrays) > 1:
        pointwise["weight"] = _kernel_first(arrays[1])
        if has_bias and len(arrays) > 2:
            pointwise["bias"] = arrays[2]
    if count == 2 and settings.whole("depth_multiplier", 1) == 1:
        window = Window.read(settings, count, size="kernel_size")
        value, padding = _conv_padding(sheet, value, window)
        weights = {f"pointwise.{name}": array for name, array in pointwise.items()}
        if arrays:
            weights["depthwise.weight"] = _depthwise_kernel(arrays[0])
        drawn = sheet.add(
            "SeparableConv2d",
            value,
            weights=weights,
            out_channels=filters,
            kernel_size=list(window.kernel),
            stride=list(window.stride),
            padding=padding,
            dilation=list(window.dilation),
            bias=has_bias,
        )
    else:
        mixed = _depthwise(
            sheet, value, settings, arrays[:1], count, suffix="depthwise", has_bias=False
        )
        drawn = sheet.add(
            f"Conv{count}d",
            mixed,
            suffix="pointwise",
            weights=pointwise,
            out_channels=filters,
            kernel_size=per_direction([1] * count),
            padding=per_direction([0] * count),
            bias=has_bias,
        )
    return activate(sheet, drawn, activation_name(settings))


def transposed(
    sheet: Sheet, value: Value, settings: Settings, arrays: list[Array], count: int
) -> Value:
    """Draw Conv1DTranspose, Conv2DTranspose or Conv3DTranspose."""
    value = sheet.as_signal(value) if count == 1 else value
    window = Window.read(settings, count, size="kernel_size")
    if settings.has("output_padding"):
        raise NoLayer("an output padding given by hand is not read")
    spans = [1 + (k - 1) * d for k, d in zip(window.kernel, window.dilation, strict=True)]
    before, cut, longer = [0] * count, [0] * count, [0] * count
    for at, (span, step) in enumerate(zip(spans, window.stride, strict=True)):
        extra = span - step
        if extra < 0:
            longer[at] = -extra
        elif window.padding == "same":
            before[at], cut[at] = extra // 2, extra - 2 * (extra // 2)
    has_bias = settings.flag("use_bias", True)
    weights: dict[str, Array] = {}
    if arrays:
        # (S..., K, C) becomes (C, K, S...).
        weights["weight"] = _kernel_first(arrays[0])
        if has_bias and len(arrays) > 1:
            weights["bias"] = arrays[1]
    drawn = sheet.add(
        f"ConvTranspose{count}d",
        value,
        weights=weights,
        out_channels=settings.whole("filters"),
        kernel_size=per_direction(window.kernel),
        stride=per_direction(window.stride),
        padding=per_direction(before),
        output_padding=per_direction(longer),
        dilation=per_direction(window.dilation),
        bias=has_bias,
    )
    for axis, num in zip(DIRECTIONS[count], cut, strict=True):
        if num:
            drawn = sheet.add("Slice", drawn, suffix=f"cut_{axis.lower()}", axis=axis, stop=-num)
    return activate(sheet, drawn, activation_name(settings))
