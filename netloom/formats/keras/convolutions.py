"""Convolutions and poolings of Keras, with “same” as Keras pads it.

Legend for shapes: C channels, K filters, S sizes of the kernel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from netloom.formats.keras.activations import activate, activation_name
from netloom.formats.keras.settings import Settings
from netloom.formats.keras.sheet import NoLayer, Sheet, Value
from netloom.graph.document import ParamValue
from netloom.layers.sliding import DIRECTIONS

if TYPE_CHECKING:
    from netloom.formats.keras.sheet import Array

LEAST = -1e9
"""Stands for minus infinity in the border of a max pooling."""


@dataclass(frozen=True, slots=True)
class Window:
    """A window in each direction, and what “same” pads for it."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: str

    @classmethod
    def read(cls, settings: Settings, count: int, *, size: str, stride: str = "strides") -> Window:
        """Read the settings of a layer."""
        kernel = settings.wholes(size, count)
        default = 1 if size == "kernel_size" else None
        strides = (
            settings.wholes(stride, count, default)
            if settings.has(stride) or default is not None
            else kernel
        )
        dilation = settings.wholes("dilation_rate", count, 1)
        if min(*kernel, *strides, *dilation, 1) < 1:
            raise NoLayer("its window has a size below 1")
        return cls(kernel, strides, dilation, settings.text("padding", "valid"))

    def borders(self, value: Value) -> list[tuple[int, int]]:
        """Return how much Keras pads before and behind in each direction."""
        count = len(self.kernel)
        if self.padding == "valid":
            return [(0, 0)] * count
        spans = [1 + (k - 1) * d for k, d in zip(self.kernel, self.dilation, strict=True)]
        if self.padding == "causal" and count == 1:
            return [(spans[0] - 1, 0)]
        if self.padding != "same":
            raise NoLayer(f"the padding “{self.padding}” is not known here")
        borders: list[tuple[int, int]] = []
        for axis, span, step in zip(DIRECTIONS[count], spans, self.stride, strict=True):
            if step == 1:
                total = span - 1
            else:
                size = value.size(axis)
                total = max((-(-size // step) - 1) * step + span - size, 0)
            borders.append((total // 2, total - total // 2))
        return borders


def per_direction(values: Sequence[int]) -> ParamValue:
    """Return sizes as a parameter: one number for one direction."""
    return values[0] if len(values) == 1 else list(values)


def pad(
    sheet: Sheet, value: Value, borders: Sequence[tuple[int, int]], *, fill: float = 0.0
) -> Value:
    """Draw a border; torch counts from the last direction."""
    if not any(any(pair) for pair in borders):
        return value
    flat = [size for pair in reversed(borders) for size in pair]
    return sheet.add("Pad", value, suffix="pad", padding=flat, value=fill)


def _is_even(borders: Sequence[tuple[int, int]]) -> bool:
    return all(before == behind for before, behind in borders)


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
    if window.padding == "same" and (is_dense or _is_even(borders)):
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


def pooling(sheet: Sheet, value: Value, settings: Settings, count: int, *, is_max: bool) -> Value:
    """Draw a max or average pooling; the average counts no padding, as in Keras."""
    value = sheet.as_signal(value) if count == 1 else value
    window = Window.read(settings, count, size="pool_size")
    borders = window.borders(value)
    params: dict[str, ParamValue] = {
        "kernel_size": per_direction(window.kernel),
        "stride": per_direction(window.stride),
    }
    type_name = f"{'Max' if is_max else 'Avg'}Pool{count}d"
    if not is_max:
        params["count_include_pad"] = False
    fits = [2 * before <= size for (before, _), size in zip(borders, window.kernel, strict=True)]
    if _is_even(borders) and all(fits):
        params["padding"] = per_direction([before for before, _ in borders])
        return sheet.add(type_name, value, more=params)
    if all(before == 0 and behind < step for (before, behind), step in zip(
        borders, window.stride, strict=True
    )):  # fmt: skip
        return sheet.add(type_name, value, ceil_mode=True, more=params)
    if is_max:
        return sheet.add(type_name, pad(sheet, value, borders, fill=LEAST), more=params)
    if set(window.stride) == {1}:
        return _average_over_uneven(sheet, value, type_name, params, borders)
    raise NoLayer("an average over a border that differs before and behind has no layer here")


def _average_over_uneven(
    sheet: Sheet,
    value: Value,
    type_name: str,
    params: dict[str, ParamValue],
    borders: Sequence[tuple[int, int]],
) -> Value:
    """Draw an average with more border behind than before: pad both alike, leave the first out."""
    params["padding"] = per_direction([behind for _, behind in borders])
    pooled = sheet.add(type_name, value, more=params)
    for axis, (before, behind) in zip(DIRECTIONS[len(borders)], borders, strict=True):
        if before != behind:
            suffix = f"from_{axis.lower()}"
            pooled = sheet.add("Slice", pooled, suffix=suffix, axis=axis, start=behind - before)
    return pooled


def global_pooling(sheet: Sheet, value: Value, settings: Settings, *, is_max: bool) -> Value:
    """Draw a pooling over all positions."""
    name = "Max" if is_max else "Avg"
    has_places = settings.flag("keepdims", False)
    padding = None if is_max or has_places else sheet.padding_of(value)
    if padding is not None:
        return sheet.add("MaskedPool", value, padding)
    value = sheet.as_signal(value)
    if has_places:
        count = value.rank - 1
        ones = per_direction([1] * count)
        return sheet.add(f"Adaptive{name}Pool{count}d", value, output_size=ones)
    return sheet.add(f"Global{name}Pool", value)


def upsampling(sheet: Sheet, value: Value, settings: Settings, count: int) -> Value:
    """Draw UpSampling1D, 2D or 3D."""
    value = sheet.as_signal(value) if count == 1 else value
    factors = settings.wholes("size", count, 2)
    word = settings.text("interpolation", "nearest")
    mode = {"nearest": "nearest", "bilinear": "linear"}.get(word)
    if mode is None:
        raise NoLayer(f"enlarging by “{word}” has no layer here")
    if len(set(factors)) == 1:
        return sheet.add("Upsample", value, scale_factor=factors[0], mode=mode)
    axes = DIRECTIONS[count]
    sizes = [value.size(axis) * factor for axis, factor in zip(axes, factors, strict=True)]
    return sheet.add("Upsample", value, size=[*sizes], mode=mode)


def zero_padding(sheet: Sheet, value: Value, settings: Settings, count: int) -> Value:
    """Draw ZeroPadding1D, 2D or 3D."""
    value = sheet.as_signal(value) if count == 1 else value
    borders = settings.borders("padding", count)
    flat = [size for pair in reversed(borders) for size in pair]
    if not any(flat):
        return value
    return sheet.add("Pad", value, padding=[*flat])


def cropping(sheet: Sheet, value: Value, settings: Settings, count: int) -> Value:
    """Draw Cropping1D, 2D or 3D: a slice of each axis."""
    value = sheet.as_signal(value) if count == 1 else value
    for axis, (before, behind) in zip(
        DIRECTIONS[count], settings.borders("cropping", count), strict=True
    ):
        if before or behind:
            stop = -behind if behind else None
            value = sheet.add(
                "Slice", value, suffix=axis.lower(), axis=axis, start=before, stop=stop
            )
    return value
