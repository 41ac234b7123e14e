"""Parameters of poolings by a window, in one, two and three directions."""

from __future__ import annotations

from typing import Any

from netloom.layers.conv_params import dilation_param, each, kernel_param
from netloom.layers.params import (
    LayerParams,
    NonNegativeInt,
    NonNegativePair,
    NonNegativeTriple,
    OptionalPair,
    OptionalPositiveInt,
    OptionalTriple,
    PositiveInt,
    PositivePair,
    PositiveTriple,
    param,
)
from netloom.layers.sliding import UNITS


def _kernel(count: int) -> Any:
    return kernel_param(2, count, "the window")


def _stride(count: int) -> Any:
    text = "Step between two windows; empty means the kernel size."
    return param(None, "Stride", text, unit=UNITS[count], on_card=True)


def _padding(count: int) -> Any:
    text = "Border around the input, at most half the kernel."
    return param(each(0, count), "Padding", text, unit=UNITS[count])


def _partial_windows() -> Any:
    text = "Rounds the output size up instead of down."
    return param(False, "Keep partial windows", text, is_advanced=True)


class PoolParams(LayerParams):
    """A window that slides over height and width."""

    kernel_size: PositivePair = _kernel(2)
    stride: OptionalPair = _stride(2)
    padding: NonNegativePair = _padding(2)
    ceil_mode: bool = _partial_windows()


class Pool1dParams(LayerParams):
    """A window that slides over a signal."""

    kernel_size: PositiveInt = _kernel(1)
    stride: OptionalPositiveInt = _stride(1)
    padding: NonNegativeInt = _padding(1)
    ceil_mode: bool = _partial_windows()


class Pool3dParams(LayerParams):
    """A window that slides through a volume."""

    kernel_size: PositiveTriple = _kernel(3)
    stride: OptionalTriple = _stride(3)
    padding: NonNegativeTriple = _padding(3)
    ceil_mode: bool = _partial_windows()


def _dilation(count: int) -> Any:
    return dilation_param(count, "the window")


def _give_indices() -> Any:
    text = "A second port gives the place of each largest number, for an unpooling."
    return param(False, "Give indices", text, is_advanced=True)


def _count_padding() -> Any:
    text = "Zeros of the padding take part in the mean."
    return param(True, "Count padding", text, is_advanced=True)


class MaxPoolParams(PoolParams):
    """As for every pooling, with holes in the window, and the places of the largest numbers."""

    return_indices: bool = _give_indices()
    dilation: PositivePair = _dilation(2)


class MaxPool1dParams(Pool1dParams):
    """As for every pooling, with holes in the window, and the places of the largest numbers."""

    return_indices: bool = _give_indices()
    dilation: PositiveInt = _dilation(1)


class MaxPool3dParams(Pool3dParams):
    """As for every pooling, with holes in the window, and the places of the largest numbers."""

    return_indices: bool = _give_indices()
    dilation: PositiveTriple = _dilation(3)


class AvgPoolParams(PoolParams):
    """As for every pooling, and what counts at the border."""

    count_include_pad: bool = _count_padding()


class AvgPool1dParams(Pool1dParams):
    """As for every pooling, and what counts at the border."""

    count_include_pad: bool = _count_padding()


class AvgPool3dParams(Pool3dParams):
    """As for every pooling, and what counts at the border."""

    count_include_pad: bool = _count_padding()


def _norm_type() -> Any:
    text = "Power of the mean: 1 adds up, larger ones come close to the maximum."
    return param(2.0, "Power", text, minimum=0.01, maximum=100, on_card=True)


class LPPool1dParams(LayerParams):
    """A window, and the power of its mean."""

    norm_type: float = _norm_type()
    kernel_size: PositiveInt = _kernel(1)
    stride: OptionalPositiveInt = _stride(1)
    ceil_mode: bool = _partial_windows()


class LPPool2dParams(LayerParams):
    """A window, and the power of its mean."""

    norm_type: float = _norm_type()
    kernel_size: PositivePair = _kernel(2)
    stride: OptionalPair = _stride(2)
    ceil_mode: bool = _partial_windows()


class LPPool3dParams(LayerParams):
    """A window, and the power of its mean."""

    norm_type: float = _norm_type()
    kernel_size: PositiveTriple = _kernel(3)
    stride: OptionalTriple = _stride(3)
    ceil_mode: bool = _partial_windows()
