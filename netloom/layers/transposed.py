"""Convolutions that enlarge their input: one implementation, a row per class."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Generic, TypeVar

from netloom.layers.base import (
    Argument,
    Constructor,
    Inference,
    Inputs,
    LayerType,
    SetParams,
    ShapeProblem,
)
from netloom.layers.conv_params import ConvParams, dilation_param, each, kernel_param
from netloom.layers.convolution import groups_problem
from netloom.layers.expect import expect_axes, fixed_size
from netloom.layers.params import (
    NonNegativeInt,
    NonNegativePair,
    NonNegativeTriple,
    PositiveInt,
    PositivePair,
    PositiveTriple,
    param,
)
from netloom.layers.reach import Reach, Stamp
from netloom.layers.shapes import Shape, elements_per_sample
from netloom.layers.sizes import Size
from netloom.layers.sliding import (
    DIRECTIONS,
    as_argument,
    as_param,
    directions_of,
    leaves_nothing,
    sizes_of,
    sizes_text,
    slid,
    window_too_large,
)


def _stride(count: int) -> Any:
    text = "Distance of two windows in the output; 2 doubles the size."
    return param(each(2, count), "Stride", text, on_card=True)


def _padding(count: int) -> Any:
    return param(each(0, count), "Padding", "Cut off from each border of the output.")


def _output_padding(count: int) -> Any:
    text = "Added at the end of the output, to reach a size that the stride alone cannot."
    return param(each(0, count), "Output padding", text, is_advanced=True)


class ConvTransposeParams(ConvParams):
    """Filters that are stamped onto the output; subclasses say in how many directions."""

    output_padding: Any


class ConvTranspose1dParams(ConvTransposeParams):
    """Filters that enlarge a signal."""

    kernel_size: PositiveInt = kernel_param(2, 1)
    stride: PositiveInt = _stride(1)
    padding: NonNegativeInt = _padding(1)
    dilation: PositiveInt = dilation_param(1)
    output_padding: NonNegativeInt = _output_padding(1)


class ConvTranspose2dParams(ConvTransposeParams):
    """Filters that enlarge an image."""

    kernel_size: PositivePair = kernel_param(2, 2)
    stride: PositivePair = _stride(2)
    padding: NonNegativePair = _padding(2)
    dilation: PositivePair = dilation_param(2)
    output_padding: NonNegativePair = _output_padding(2)


class ConvTranspose3dParams(ConvTransposeParams):
    """Filters that enlarge a volume."""

    kernel_size: PositiveTriple = kernel_param(2, 3)
    stride: PositiveTriple = _stride(3)
    padding: NonNegativeTriple = _padding(3)
    dilation: PositiveTriple = dilation_param(3)
    output_padding: NonNegativeTriple = _output_padding(3)


P = TypeVar("P", bound=ConvTransposeParams)


class TransposedConvolution(LayerType[P], Generic[P]):
    """A transposed convolution in any number of directions."""

    category = "Convolution"
    name_stem = "upconv"
    icon = "arrows-maximize"
    docs = (
        "Every input position stamps a filter onto the output, `stride` apart. Kernel and stride "
        "2 double the size exactly; decoders, generators and U-Nets go up with it. Input channels "
        "are taken from the connection."
    )
    inferred = {"in_channels": "Input channels"}
    num_directions: ClassVar[int]

    def infer(self, params: P, inputs: Inputs) -> Inference | ShapeProblem:
        shape, count = inputs["input"], self.num_directions
        if problem := (
            expect_axes(self.title, shape, (f"BC{DIRECTIONS[count]}",))
            or groups_problem(params, shape)
            or self._output_padding_problem(params)
        ):
            return problem
        sizes = [
            self._output_size(params, size, index)
            for index, size in enumerate(sizes_of(shape, count))
        ]
        kernel = directions_of(params.kernel_size, count)
        if leaves_nothing(sizes):
            padding = directions_of(params.padding, count)
            fewer = SetParams("Use no padding", {"padding": 0})
            return window_too_large(self.title, sizes_of(shape, count), kernel, padding, (fewer,))
        output = slid(params.out_channels, sizes)
        return self._costs(params, shape, output, kernel)

    def _costs(self, params: P, shape: Shape, output: Shape, kernel: tuple[int, ...]) -> Inference:
        weight = (fixed_size(shape, "C"), params.out_channels // params.groups, *kernel)
        flops = elements_per_sample(shape) * (2 * math.prod(weight[1:]))
        parameters: dict[str, tuple[int, ...]] = {"weight": weight}
        if params.bias:
            parameters["bias"] = (params.out_channels,)
            flops = flops + elements_per_sample(output)
        return Inference(
            outputs={"output": output},
            inferred={"in_channels": weight[0]},
            parameters=parameters,
            flops=flops,
            macs=elements_per_sample(shape) * math.prod(weight[1:]),
        )

    def _output_size(self, params: P, size: Size, index: int) -> Size:
        count = self.num_directions
        kernel, stride, padding, dilation, added = (
            directions_of(sizes, count)[index]
            for sizes in (
                params.kernel_size,
                params.stride,
                params.padding,
                params.dilation,
                params.output_padding,
            )
        )
        return size * stride + (dilation * (kernel - 1) + 1 - stride - 2 * padding + added)

    def reach(self, params: P, inputs: Inputs) -> Reach:
        count = self.num_directions
        numbers = (
            directions_of(sizes, count)
            for sizes in (params.kernel_size, params.stride, params.padding, params.dilation)
        )
        steps = zip(*numbers, strict=True)
        return Reach(
            {axis: Stamp(*step) for axis, step in zip(DIRECTIONS[count], steps, strict=True)}
        )

    def _output_padding_problem(self, params: P) -> ShapeProblem | None:
        count = self.num_directions
        most = [
            max(pair) - 1
            for pair in zip(
                directions_of(params.stride, count),
                directions_of(params.dilation, count),
                strict=True,
            )
        ]
        added = directions_of(params.output_padding, count)
        if all(size <= limit for size, limit in zip(added, most, strict=True)):
            return None
        fitting = [min(pair) for pair in zip(added, most, strict=True)]
        return ShapeProblem(
            f"Output padding {sizes_text(added)} must be smaller than the stride or the dilation.",
            param="output_padding",
            suggestions=(
                SetParams(
                    f"Use output padding {sizes_text(fitting)}",
                    {"output_padding": as_param(fitting)},
                ),
            ),
        )

    def constructor(self, params: P, inputs: Inputs) -> Constructor:
        count = self.num_directions
        kernel = directions_of(params.kernel_size, count)
        kwargs: dict[str, Argument] = {"kernel_size": as_argument(kernel)}
        for name, sizes, default in (
            ("stride", params.stride, 1),
            ("padding", params.padding, 0),
            ("output_padding", params.output_padding, 0),
            ("dilation", params.dilation, 1),
        ):
            numbers = directions_of(sizes, count)
            if set(numbers) != {default}:
                kwargs[name] = as_argument(numbers)
        if params.groups != 1:
            kwargs["groups"] = params.groups
        if not params.bias:
            kwargs["bias"] = False
        in_channels = fixed_size(inputs["input"], "C")
        return Constructor(f"nn.{self.type_name}", (in_channels, params.out_channels), kwargs)


_ALIASES = ("deconvolution", "upconvolution", "upsample", "decoder", "transposed convolution")


class ConvTranspose1d(TransposedConvolution[ConvTranspose1dParams]):
    type_name = "ConvTranspose1d"
    title = "ConvTranspose1d"
    summary = "Enlarges a signal with learned filters."
    aliases = (*_ALIASES, "transposedConv1dLayer", "Conv1DTranspose")
    num_directions = 1
    Params = ConvTranspose1dParams


class ConvTranspose2d(TransposedConvolution[ConvTranspose2dParams]):
    type_name = "ConvTranspose2d"
    title = "ConvTranspose2d"
    summary = "Enlarges an image with learned filters."
    aliases = (*_ALIASES, "transposedConv2dLayer", "Conv2DTranspose", "generator")
    num_directions = 2
    Params = ConvTranspose2dParams


class ConvTranspose3d(TransposedConvolution[ConvTranspose3dParams]):
    type_name = "ConvTranspose3d"
    title = "ConvTranspose3d"
    summary = "Enlarges a volume with learned filters."
    aliases = (*_ALIASES, "transposedConv3dLayer", "Conv3DTranspose")
    num_directions = 3
    Params = ConvTranspose3dParams


LAYERS = (ConvTranspose2d(), ConvTranspose1d(), ConvTranspose3d())
