"""Convolutions over one, two and three directions: one implementation, a row per class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, Generic, Literal, TypeVar

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
from netloom.layers.borders import border_problem, sliding_over_border
from netloom.layers.conv_params import (
    Conv1dParams,
    Conv2dParams,
    Conv3dParams,
    ConvParams,
    PaddingMode,
)
from netloom.layers.expect import expect_axes, fixed_size
from netloom.layers.reach import Reach
from netloom.layers.shapes import Shape, elements_per_sample
from netloom.layers.sizes import Size
from netloom.layers.sliding import (
    DIRECTIONS,
    as_argument,
    as_param,
    directions_of,
    extent,
    fixed_sizes,
    leaves_nothing,
    output_size,
    sizes_of,
    sizes_text,
    slid,
    window_too_large,
)

P = TypeVar("P", bound=ConvParams)


def windows_of(params: ConvParams, count: int) -> tuple[int, ...]:
    """Return how many positions a dilated filter spans in each direction."""
    kernel = directions_of(params.kernel_size, count)
    dilation = directions_of(params.dilation, count)
    return tuple(extent(size, step) for size, step in zip(kernel, dilation, strict=True))


def torch_padding(params: ConvParams, count: int) -> tuple[int, ...] | Literal["same"]:
    """Return padding as torch takes it.

    For odd windows “same” is the symmetric padding that gives ceil(size / stride), which torch
    only offers for a stride of 1. Even windows at stride 1 keep torch's uneven “same”.
    """
    if params.padding != "same":
        return directions_of(params.padding, count)
    windows = windows_of(params, count)
    return tuple(size // 2 for size in windows) if all(size % 2 for size in windows) else "same"


def borders_of(params: ConvParams, count: int) -> list[tuple[int, int]]:
    """Return how much stands before and behind the input in each direction."""
    padding = torch_padding(params, count)
    if padding == "same":
        return [((size - 1) // 2, size // 2) for size in windows_of(params, count)]
    return [(size, size) for size in padding]


def padding_mode(params: ConvParams) -> PaddingMode:
    """Return what the border is filled with; zeros where a layer has no choice."""
    return getattr(params, "padding_mode", "zeros")


class Convolution(LayerType[P], Generic[P]):
    """A convolution in any number of directions.

    Attributes:
        num_directions: 1 for signals, 2 for images, 3 for volumes.
    """

    category = "Convolution"
    name_stem = "conv"
    icon = "grid-dots"
    inferred = {"in_channels": "Input channels"}
    num_directions: ClassVar[int]

    def infer(self, params: P, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        axes = f"BC{DIRECTIONS[self.num_directions]}"
        if problem := expect_axes(self.title, shape, (axes,)) or groups_problem(params, shape):
            return problem
        received = sizes_of(shape, self.num_directions)
        sizes = self._output_sizes(params, received)
        if isinstance(sizes, ShapeProblem):
            return sizes
        mode, borders = padding_mode(params), borders_of(params, self.num_directions)
        if problem := border_problem(mode, "padding_mode", shape, received, borders):
            return problem
        return self._costs(params, fixed_size(shape, "C"), slid(params.out_channels, sizes))

    def _costs(self, params: P, in_channels: int, output: Shape) -> Inference:
        kernel = directions_of(params.kernel_size, self.num_directions)
        weight = (params.out_channels, in_channels // params.groups, *kernel)
        parameters: dict[str, tuple[int, ...]] = {"weight": weight}
        if params.bias:
            parameters["bias"] = (params.out_channels,)
        return Inference(
            outputs={"output": output},
            inferred={"in_channels": in_channels},
            parameters=parameters,
            flops=elements_per_sample(output) * (2 * math.prod(weight[1:]) + params.bias),
            macs=elements_per_sample(output) * math.prod(weight[1:]),
        )

    def _output_sizes(self, params: P, sizes: Sequence[Size]) -> Sequence[Size] | ShapeProblem:
        count = self.num_directions
        stride, windows = directions_of(params.stride, count), windows_of(params, count)
        padding = torch_padding(params, count)
        if padding == "same":
            return sizes if set(stride) == {1} else self._even_same_problem(params)
        given = [
            output_size(size, window, step, zeros, ceil_mode=False)
            for size, window, step, zeros in zip(sizes, windows, stride, padding, strict=True)
        ]
        if leaves_nothing(given):
            suggestions = self._smaller_kernel(params, sizes)
            return window_too_large(self.title, sizes, windows, padding, suggestions)
        return given

    def constructor(self, params: P, inputs: Inputs) -> Constructor:
        count = self.num_directions
        kernel = directions_of(params.kernel_size, count)
        kwargs: dict[str, Argument] = {"kernel_size": as_argument(kernel)}
        stride = directions_of(params.stride, count)
        if set(stride) != {1}:
            kwargs["stride"] = as_argument(stride)
        padding = torch_padding(params, count)
        if padding == "same":
            kwargs["padding"] = "same"
        elif any(padding):
            kwargs["padding"] = as_argument(padding)
        dilation = directions_of(params.dilation, count)
        if set(dilation) != {1}:
            kwargs["dilation"] = as_argument(dilation)
        if params.groups != 1:
            kwargs["groups"] = params.groups
        if not params.bias:
            kwargs["bias"] = False
        if (mode := padding_mode(params)) != "zeros":
            kwargs["padding_mode"] = mode
        in_channels = fixed_size(inputs["input"], "C")
        return Constructor(f"nn.{self.type_name}", (in_channels, params.out_channels), kwargs)

    def reach(self, params: P, inputs: Inputs) -> Reach:
        count = self.num_directions
        return sliding_over_border(
            padding_mode(params),
            DIRECTIONS[count],
            windows_of(params, count),
            directions_of(params.stride, count),
            borders_of(params, count),
        )

    def kept_inside(self, params: P, inputs: Inputs) -> Size:
        # A border that is not of zeros is written around a copy.
        shape, borders = inputs["input"], borders_of(params, self.num_directions)
        if padding_mode(params) == "zeros" or not any(map(any, borders)):
            return 0
        sizes = zip(sizes_of(shape, self.num_directions), borders, strict=True)
        around = [size + before + behind for size, (before, behind) in sizes]
        return elements_per_sample(slid(fixed_size(shape, "C"), around))

    def _even_same_problem(self, params: P) -> ShapeProblem:
        odd = [size | 1 for size in directions_of(params.kernel_size, self.num_directions)]
        label = f"Use kernel {sizes_text(odd)}"
        return ShapeProblem(
            "Padding “same” with a stride needs an odd kernel, so that the zeros are the same on "
            "both sides.",
            param="padding",
            suggestions=(
                SetParams(label, {"kernel_size": as_param(odd)}),
                SetParams("Use no padding", {"padding": 0}),
            ),
        )

    def _smaller_kernel(self, params: P, sizes: Sequence[Size]) -> tuple[Suggestion, ...]:
        same = SetParams("Use padding “same”", {"padding": "same"})
        numbers, kernel = fixed_sizes(sizes), directions_of(params.kernel_size, self.num_directions)
        if numbers is None or min(numbers) < 1:
            return (same,)
        is_dilated = set(directions_of(params.dilation, self.num_directions)) != {1}
        if is_dilated and max(kernel) <= min(numbers):
            return (same, SetParams("Use dilation 1", {"dilation": 1}))
        fitting = [min(pair) for pair in zip(kernel, numbers, strict=True)]
        label = f"Use kernel {sizes_text(fitting)}"
        return (same, SetParams(label, {"kernel_size": as_param(fitting), "dilation": None}))


def groups_problem(params: ConvParams, shape: Shape) -> ShapeProblem | None:
    """Return a problem unless groups divide the channels on both sides."""
    in_channels = fixed_size(shape, "C")
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


class Conv1d(Convolution[Conv1dParams]):
    type_name = "Conv1d"
    title = "Conv1d"
    summary = "Slides learned filters over a signal."
    docs = (
        "Each filter looks at a short stretch of all channels of (B, C, T) and gives one output "
        "channel. Input channels are taken from the connection. Padding “same” keeps the length "
        "at stride 1 and gives ceil(T / stride) otherwise."
    )
    aliases = (
        "convolution", "temporal convolution", "filter", "audio", "convolution1dLayer", "dilated",
    )  # fmt: skip
    num_directions = 1
    Params = Conv1dParams


class Conv2d(Convolution[Conv2dParams]):
    type_name = "Conv2d"
    title = "Conv2d"
    summary = "Slides learned filters over an image."
    docs = (
        "Each filter looks at a small window of all input channels and gives one output channel. "
        "Input channels are taken from the connection. Padding “same” keeps the size at stride 1 "
        "and gives ceil(size / stride) otherwise."
    )
    aliases = (
        "convolution", "filter", "kernel", "cnn", "depthwise", "grouped", "dilated", "atrous",
        "convolution2dLayer", "groupedConvolution2dLayer",
    )  # fmt: skip
    num_directions = 2
    Params = Conv2dParams


class Conv3d(Convolution[Conv3dParams]):
    type_name = "Conv3d"
    title = "Conv3d"
    summary = "Slides learned filters through a volume."
    docs = (
        "Each filter looks at a small box of all channels of (B, C, D, H, W) and gives one output "
        "channel: for scans, and for short videos with time as depth. Padding “same” keeps the "
        "size at stride 1."
    )
    aliases = ("convolution", "volume", "voxel", "video", "medical", "convolution3dLayer")
    num_directions = 3
    Params = Conv3dParams


LAYERS = (Conv2d(), Conv1d(), Conv3d())
