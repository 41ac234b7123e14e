"""Convolutions over one, two and three directions: one implementation, a row per class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar, Generic, Literal, TypeVar

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
from netloom.layers.expect import expect_axes, fixed_size
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
from netloom.layers.reach import Reach, sliding
from netloom.layers.shapes import Shape, Size, elements_per_sample
from netloom.layers.sliding import (
    DIRECTIONS,
    EXTENTS,
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

_WORDS = {1: "length", 2: "height and width", 3: "depth, height and width"}
_UNITS = {1: "", 2: "px", 3: "px"}


def each(value: int, count: int) -> Any:
    """Return a default for every direction."""
    return value if count == 1 else (value,) * count


def kernel_param(value: int, count: int, what: str = "a filter") -> Any:
    """Declare the kernel size of a layer of `count` directions."""
    text = f"{EXTENTS[count]} of {what}."
    return param(each(value, count), "Kernel size", text, unit=_UNITS[count], on_card=True)


def _stride(count: int) -> Any:
    text = f"Step between two positions; 2 halves {_WORDS[count]}."
    return param(each(1, count), "Stride", text, unit=_UNITS[count], on_card=True)


def _padding(count: int) -> Any:
    text = f"Zeros added around the input. “same” keeps {_WORDS[count]} (divided by the stride)."
    return param("same", "Padding", text, unit=_UNITS[count])


def dilation_param(count: int) -> Any:
    """Declare the dilation of a layer of `count` directions."""
    text = "Distance between the taps of a filter; 1 is dense."
    return param(each(1, count), "Dilation", text, unit=_UNITS[count], is_advanced=True)


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


class Conv1dParams(ConvParams):
    """Filters that slide over a signal."""

    kernel_size: PositiveInt = kernel_param(3, 1)
    stride: PositiveInt = _stride(1)
    padding: Padding1d = _padding(1)
    dilation: PositiveInt = dilation_param(1)


class Conv2dParams(ConvParams):
    """Filters that slide over height and width."""

    kernel_size: PositivePair = kernel_param(3, 2)
    stride: PositivePair = _stride(2)
    padding: Padding = _padding(2)
    dilation: PositivePair = dilation_param(2)


class Conv3dParams(ConvParams):
    """Filters that slide through a volume."""

    kernel_size: PositiveTriple = kernel_param(3, 3)
    stride: PositiveTriple = _stride(3)
    padding: Padding3d = _padding(3)
    dilation: PositiveTriple = dilation_param(3)


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
        sizes = self._output_sizes(params, sizes_of(shape, self.num_directions))
        if isinstance(sizes, ShapeProblem):
            return sizes
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
        in_channels = fixed_size(inputs["input"], "C")
        return Constructor(f"nn.{self.type_name}", (in_channels, params.out_channels), kwargs)

    def reach(self, params: P, inputs: Inputs) -> Reach:
        count = self.num_directions
        windows = windows_of(params, count)
        padding = torch_padding(params, count)
        if padding == "same":
            padding = tuple((size - 1) // 2 for size in windows)
        return sliding(DIRECTIONS[count], windows, directions_of(params.stride, count), padding)

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
