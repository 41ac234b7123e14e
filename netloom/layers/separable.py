"""The convolution that splits its work in two: a filter for each channel, then a mix of them."""

from __future__ import annotations

import math

from netloom.layers.base import Constructor, Inference, Inputs, ShapeProblem
from netloom.layers.conv_params import ImageFilterParams
from netloom.layers.convolution import Convolution
from netloom.layers.expect import fixed_size
from netloom.layers.params import param
from netloom.layers.shapes import Shape, Size, elements_per_sample
from netloom.layers.sliding import sizes_of, slid


class SeparableConv2dParams(ImageFilterParams):
    """As a convolution, but for groups: there is one per channel."""

    groups: int = param(
        1,
        "Groups of the mixing",
        "Groups of the 1 × 1 convolution that mixes the channels.",
        minimum=1,
        maximum=65_536,
        is_advanced=True,
    )


class SeparableConv2d(Convolution[SeparableConv2dParams]):
    type_name = "SeparableConv2d"
    name_stem = "sepconv"
    title = "SeparableConv2d"
    summary = "A filter for each channel, then a mix of channels: a cheaper Conv2d."
    docs = (
        "A depthwise convolution looks at each channel on its own, a 1 × 1 convolution then mixes "
        "channels: about kernel² times fewer multiplications than Conv2d (Xception, MobileNet)."
    )
    aliases = ("depthwise separable", "SeparableConv2D", "mobilenet", "xception", "pointwise")
    icon = "grid-dots"
    num_directions = 2
    Params = SeparableConv2dParams

    def _costs(self, params: SeparableConv2dParams, in_channels: int, output: Shape) -> Inference:
        taps = math.prod(params.kernel_size)
        mixed = in_channels // params.groups
        parameters: dict[str, tuple[int, ...]] = {
            "depthwise.weight": (in_channels, 1, *params.kernel_size),
            "pointwise.weight": (params.out_channels, mixed, 1, 1),
        }
        if params.bias:
            parameters["pointwise.bias"] = (params.out_channels,)
        positions = fixed_size(output, "H") * fixed_size(output, "W")
        mixing = params.out_channels * (2 * mixed + params.bias)
        return Inference(
            outputs={"output": output},
            inferred={"in_channels": in_channels},
            parameters=parameters,
            flops=positions * (2 * taps * in_channels + mixing),
            macs=positions * (taps * in_channels + params.out_channels * mixed),
        )

    def kept_inside(self, params: SeparableConv2dParams, inputs: Inputs) -> Size:
        sizes = self._output_sizes(params, sizes_of(inputs["input"], 2))
        if isinstance(sizes, ShapeProblem):
            return 0
        return elements_per_sample(slid(fixed_size(inputs["input"], "C"), sizes))

    def constructor(self, params: SeparableConv2dParams, inputs: Inputs) -> Constructor:
        call = super().constructor(params, inputs)
        return Constructor("SeparableConv2d", call.args, call.kwargs)


LAYERS = (SeparableConv2d(),)
