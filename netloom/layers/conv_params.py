"""Parameters of convolutions, in one, two and three directions."""

from __future__ import annotations

from typing import Any, Literal

from netloom.layers.params import (
    MAX_SIZE,
    LayerParams,
    Padding,
    Padding1d,
    Padding3d,
    PositiveInt,
    PositivePair,
    PositiveTriple,
    param,
)
from netloom.layers.sliding import EXTENTS, UNITS

PaddingMode = Literal["zeros", "reflect", "replicate", "circular"]

_WORDS = {1: "length", 2: "height and width", 3: "depth, height and width"}


def each(value: int, count: int) -> Any:
    """Return a default for every direction."""
    return value if count == 1 else (value,) * count


def kernel_param(value: int, count: int, what: str = "a filter") -> Any:
    """Declare the kernel size of a layer of `count` directions."""
    text = f"{EXTENTS[count]} of {what}."
    return param(each(value, count), "Kernel size", text, unit=UNITS[count], on_card=True)


def _stride(count: int) -> Any:
    text = f"Step between two positions; 2 halves {_WORDS[count]}."
    return param(each(1, count), "Stride", text, unit=UNITS[count], on_card=True)


def _padding(count: int) -> Any:
    text = f"Border around the input. “same” keeps {_WORDS[count]} (divided by the stride)."
    return param("same", "Padding", text, unit=UNITS[count])


def dilation_param(count: int, what: str = "a filter") -> Any:
    """Declare the dilation of a layer of `count` directions."""
    text = f"Distance between the taps of {what}; 1 is dense."
    return param(each(1, count), "Dilation", text, unit=UNITS[count], is_advanced=True)


def _padding_mode() -> Any:
    text = (
        "What the border is filled with: zeros, the mirrored inside (reflect), the outermost "
        "numbers (replicate) or those of the other side (circular)."
    )
    return param("zeros", "Padding mode", text, is_advanced=True)


class ConvParams(LayerParams):
    """Filters that slide over the input; subclasses say in how many directions.

    Sizes are declared as Any, because a narrower type may not override a field that could be
    assigned; subclasses give each its own type, and `directions_of` reads them.
    """

    out_channels: int = param(
        16,
        "Filters",
        "Channels this layer gives: one per filter.",
        minimum=1,
        maximum=MAX_SIZE,
        on_card=True,
    )
    kernel_size: Any
    stride: Any
    padding: Any
    dilation: Any
    groups: int = param(
        1,
        "Groups",
        "Splits channels into groups that do not see each other; as many groups as input "
        "channels make a depthwise convolution.",
        minimum=1,
        maximum=MAX_SIZE,
        is_advanced=True,
    )
    bias: bool = param(
        True,
        "Bias",
        "Adds a learned number per filter; not needed before a BatchNorm2d.",
        is_advanced=True,
    )


class SignalFilterParams(ConvParams):
    """Filters that slide over a signal."""

    kernel_size: PositiveInt = kernel_param(3, 1)
    stride: PositiveInt = _stride(1)
    padding: Padding1d = _padding(1)
    dilation: PositiveInt = dilation_param(1)


class Conv1dParams(SignalFilterParams):
    """As every filter over a signal, and what stands around it."""

    padding_mode: PaddingMode = _padding_mode()


class ImageFilterParams(ConvParams):
    """Filters that slide over height and width."""

    kernel_size: PositivePair = kernel_param(3, 2)
    stride: PositivePair = _stride(2)
    padding: Padding = _padding(2)
    dilation: PositivePair = dilation_param(2)


class Conv2dParams(ImageFilterParams):
    """As every filter over height and width, and what stands around the image."""

    padding_mode: PaddingMode = _padding_mode()


class VolumeFilterParams(ConvParams):
    """Filters that slide through a volume."""

    kernel_size: PositiveTriple = kernel_param(3, 3)
    stride: PositiveTriple = _stride(3)
    padding: Padding3d = _padding(3)
    dilation: PositiveTriple = dilation_param(3)


class Conv3dParams(VolumeFilterParams):
    """As every filter through a volume, and what stands around it."""

    padding_mode: PaddingMode = _padding_mode()
