"""Convolutions that split their work in two: a filter for each channel, then a mix of them."""

from __future__ import annotations

import math
from typing import Any, Generic, TypeVar

from netloom.layers.base import Constructor, Inference, Inputs, ShapeProblem
from netloom.layers.conv_params import (
    ConvParams,
    ImageFilterParams,
    SignalFilterParams,
    VolumeFilterParams,
)
from netloom.layers.convolution import Convolution
from netloom.layers.expect import fixed_size
from netloom.layers.params import MAX_SIZE, param
from netloom.layers.shapes import Shape, elements_per_sample
from netloom.layers.sizes import Size, product
from netloom.layers.sliding import directions_of, sizes_of, slid

P = TypeVar("P", bound=ConvParams)


def _mixing_groups() -> Any:
    text = "Groups of the convolution over one position that mixes the channels."
    return param(1, "Groups of the mixing", text, minimum=1, maximum=MAX_SIZE, is_advanced=True)


class SeparableConv1dParams(SignalFilterParams):
    """As a convolution, but for groups: there is one per channel."""

    groups: int = _mixing_groups()


class SeparableConv2dParams(ImageFilterParams):
    """As a convolution, but for groups: there is one per channel."""

    groups: int = _mixing_groups()


class SeparableConv3dParams(VolumeFilterParams):
    """As a convolution, but for groups: there is one per channel."""

    groups: int = _mixing_groups()


class SeparableConvolution(Convolution[P], Generic[P]):
    """A separable convolution in any number of directions."""

    name_stem = "sepconv"

    def _costs(self, params: P, in_channels: int, output: Shape) -> Inference:
        kernel = directions_of(params.kernel_size, self.num_directions)
        mixed = in_channels // params.groups
        parameters: dict[str, tuple[int, ...]] = {
            "depthwise.weight": (in_channels, 1, *kernel),
            "pointwise.weight": (params.out_channels, mixed, *(1 for _ in kernel)),
        }
        if params.bias:
            parameters["pointwise.bias"] = (params.out_channels,)
        positions = product(sizes_of(output, self.num_directions))
        taps = math.prod(kernel) * in_channels
        mixing = params.out_channels * (2 * mixed + params.bias)
        return Inference(
            outputs={"output": output},
            inferred={"in_channels": in_channels},
            parameters=parameters,
            flops=positions * (2 * taps + mixing),
            macs=positions * (taps + params.out_channels * mixed),
        )

    def kept_inside(self, params: P, inputs: Inputs) -> Size:
        sizes = self._output_sizes(params, sizes_of(inputs["input"], self.num_directions))
        if isinstance(sizes, ShapeProblem):
            return 0
        return elements_per_sample(slid(fixed_size(inputs["input"], "C"), sizes))

    def constructor(self, params: P, inputs: Inputs) -> Constructor:
        call = super().constructor(params, inputs)
        return Constructor(self.type_name, call.args, call.kwargs)


class SeparableConv1d(SeparableConvolution[SeparableConv1dParams]):
    type_name = "SeparableConv1d"
    title = "SeparableConv1d"
    summary = "A filter for each channel, then a mix of channels: a cheaper Conv1d."
    docs = (
        "A depthwise convolution looks along each channel on its own, a convolution over one "
        "position then mixes channels: for long signals and audio on small machines."
    )
    aliases = ("depthwise separable", "SeparableConv1D", "temporal convolution", "pointwise")
    num_directions = 1
    Params = SeparableConv1dParams


class SeparableConv2d(SeparableConvolution[SeparableConv2dParams]):
    type_name = "SeparableConv2d"
    title = "SeparableConv2d"
    summary = "A filter for each channel, then a mix of channels: a cheaper Conv2d."
    docs = (
        "A depthwise convolution looks at each channel on its own, a 1 × 1 convolution then mixes "
        "channels: about kernel² times fewer multiplications than Conv2d (Xception, MobileNet)."
    )
    aliases = ("depthwise separable", "SeparableConv2D", "mobilenet", "xception", "pointwise")
    num_directions = 2
    Params = SeparableConv2dParams


class SeparableConv3d(SeparableConvolution[SeparableConv3dParams]):
    type_name = "SeparableConv3d"
    title = "SeparableConv3d"
    summary = "A filter for each channel, then a mix of channels: a cheaper Conv3d."
    docs = (
        "A depthwise convolution looks at each channel of a volume on its own, a 1 × 1 × 1 "
        "convolution then mixes channels: about kernel³ times fewer multiplications than Conv3d."
    )
    aliases = ("depthwise separable", "volume", "video", "pointwise")
    num_directions = 3
    Params = SeparableConv3dParams


LAYERS = (SeparableConv2d(), SeparableConv1d(), SeparableConv3d())
