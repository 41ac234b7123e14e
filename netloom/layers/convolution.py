"""Convolutions."""

from __future__ import annotations

from typing import Literal

from netloom.layers.base import (
    Argument,
    Constructor,
    Inference,
    Inputs,
    LayerType,
    SetParams,
    ShapeProblem,
    Suggestion,
)
from netloom.layers.expect import expect_image, fixed_size
from netloom.layers.params import (
    MAX_SIZE,
    LayerParams,
    NonNegativePair,
    Padding,
    Pair,
    PositivePair,
    param,
)
from netloom.layers.shapes import BATCH, Dim, elements_per_sample
from netloom.layers.sliding import extent, output_size, window_too_large


class Conv2dParams(LayerParams):
    """Filters that slide over height and width."""

    out_channels: int = param(
        16,
        "Filters",
        "Channels this layer gives: one per filter.",
        minimum=1,
        maximum=MAX_SIZE,
        on_card=True,
    )
    kernel_size: PositivePair = param(
        (3, 3), "Kernel size", "Height and width of a filter.", unit="px", on_card=True
    )
    stride: PositivePair = param(
        (1, 1),
        "Stride",
        "Step between two positions; 2 halves height and width.",
        unit="px",
        on_card=True,
    )
    padding: Padding = param(
        "same",
        "Padding",
        "Zeros added around the input. “same” keeps height and width (divided by the stride).",
        unit="px",
    )
    dilation: PositivePair = param(
        (1, 1),
        "Dilation",
        "Distance between the taps of a filter; 1 is dense.",
        unit="px",
        is_advanced=True,
    )
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


def _windows(params: Conv2dParams) -> Pair:
    """Return how many rows and columns a dilated filter spans."""
    return (
        extent(params.kernel_size[0], params.dilation[0]),
        extent(params.kernel_size[1], params.dilation[1]),
    )


def torch_padding(params: Conv2dParams) -> NonNegativePair | Literal["same"]:
    """Return padding as torch takes it.

    For odd windows “same” is the symmetric padding that gives ceil(size / stride), which torch
    only offers for a stride of 1. Even windows at stride 1 keep torch's uneven “same”.
    """
    if params.padding != "same":
        return params.padding
    rows, columns = _windows(params)
    if rows % 2 and columns % 2:
        return (rows // 2, columns // 2)
    return "same"


class Conv2d(LayerType[Conv2dParams]):
    type_name = "Conv2d"
    name_stem = "conv"
    title = "Conv2d"
    category = "Convolution"
    summary = "Slides learned filters over an image."
    docs = (
        "Each filter looks at a small window of all input channels and gives one output channel. "
        "Input channels are taken from the connection. Padding “same” keeps the size at stride 1 "
        "and gives ceil(size / stride) otherwise."
    )
    aliases = ("convolution", "filter", "kernel", "cnn", "depthwise", "grouped", "dilated")
    icon = "grid-dots"
    inferred = {"in_channels": "Input channels"}
    Params = Conv2dParams

    def infer(self, params: Conv2dParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := expect_image(self.title, shape) or self._groups_problem(params, inputs):
            return problem
        height, width = fixed_size(shape, "H"), fixed_size(shape, "W")
        padding = torch_padding(params)
        if padding == "same":
            if params.stride != (1, 1):
                return self._even_same_problem(params)
            size = (height, width)
        else:
            size = self._output_size(params, (height, width), padding)
            if min(size) < 1:
                suggestions = self._smaller_kernel(params, (height, width))
                return window_too_large(
                    self.title, (height, width), _windows(params), padding, suggestions
                )
        in_channels = fixed_size(shape, "C")
        output = (BATCH, Dim("C", params.out_channels), Dim("H", size[0]), Dim("W", size[1]))
        weight = (params.out_channels, in_channels // params.groups, *params.kernel_size)
        parameters: dict[str, tuple[int, ...]] = {"weight": weight}
        if params.bias:
            parameters["bias"] = (params.out_channels,)
        taps = weight[1] * weight[2] * weight[3]
        return Inference(
            outputs={"output": output},
            inferred={"in_channels": in_channels},
            parameters=parameters,
            flops=elements_per_sample(output) * (2 * taps + params.bias),
        )

    def constructor(self, params: Conv2dParams, inputs: Inputs) -> Constructor:
        kwargs: dict[str, Argument] = {"kernel_size": params.kernel_size}
        if params.stride != (1, 1):
            kwargs["stride"] = params.stride
        padding = torch_padding(params)
        if padding != (0, 0):
            kwargs["padding"] = padding
        if params.dilation != (1, 1):
            kwargs["dilation"] = params.dilation
        if params.groups != 1:
            kwargs["groups"] = params.groups
        if not params.bias:
            kwargs["bias"] = False
        in_channels = fixed_size(inputs["input"], "C")
        return Constructor("nn.Conv2d", (in_channels, params.out_channels), kwargs)

    def _output_size(self, params: Conv2dParams, size: Pair, padding: Pair) -> Pair:
        windows = _windows(params)
        return (
            output_size(size[0], windows[0], params.stride[0], padding[0], ceil_mode=False),
            output_size(size[1], windows[1], params.stride[1], padding[1], ceil_mode=False),
        )

    def _groups_problem(self, params: Conv2dParams, inputs: Inputs) -> ShapeProblem | None:
        in_channels = fixed_size(inputs["input"], "C")
        groups = params.groups
        if in_channels % groups == 0 and params.out_channels % groups == 0:
            return None
        suggestions: list[Suggestion] = [SetParams("Use 1 group", {"groups": 1})]
        if in_channels % groups == 0:
            rounded = -(-params.out_channels // groups) * groups
            suggestions.append(SetParams(f"Use {rounded} filters", {"out_channels": rounded}))
        elif params.out_channels % in_channels == 0:
            suggestions.append(
                SetParams(f"Use {in_channels} groups (depthwise)", {"groups": in_channels})
            )
        return ShapeProblem(
            f"{groups} groups must divide both the {in_channels} input channels and the "
            f"{params.out_channels} filters.",
            param="groups",
            suggestions=tuple(suggestions),
        )

    def _even_same_problem(self, params: Conv2dParams) -> ShapeProblem:
        odd = (params.kernel_size[0] | 1, params.kernel_size[1] | 1)
        return ShapeProblem(
            "Padding “same” with a stride needs an odd kernel, so that the zeros are the same on "
            "both sides.",
            param="padding",
            suggestions=(
                SetParams(f"Use kernel {odd[0]} × {odd[1]}", {"kernel_size": list(odd)}),
                SetParams("Use no padding", {"padding": 0}),
            ),
        )

    def _smaller_kernel(self, params: Conv2dParams, size: Pair) -> tuple[Suggestion, ...]:
        same = SetParams("Use padding “same”", {"padding": "same"})
        if params.dilation != (1, 1) and max(params.kernel_size) <= min(size):
            return (same, SetParams("Use dilation 1", {"dilation": 1}))
        fitting = [min(kernel, side) for kernel, side in zip(params.kernel_size, size, strict=True)]
        label = f"Use kernel {fitting[0]} × {fitting[1]}"
        return (same, SetParams(label, {"kernel_size": [*fitting], "dilation": None}))


LAYERS = (Conv2d(),)
