"""Layers that summarise neighbouring positions."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Generic, TypeVar

from pydantic import BeforeValidator, Field

from netloom.layers.base import (
    OUTPUT,
    Argument,
    Constructor,
    Inference,
    Inputs,
    LayerType,
    Port,
    SetParams,
    ShapeProblem,
)
from netloom.layers.expect import expect_image, fixed_size
from netloom.layers.params import (
    MAX_KERNEL,
    FormKind,
    LayerParams,
    NonNegativePair,
    Pair,
    PositivePair,
    as_pair,
    param,
)
from netloom.layers.shapes import BATCH, Dim, Shape, elements_per_sample, index_shape
from netloom.layers.sliding import output_size, window_too_large

OptionalPair = Annotated[
    tuple[Annotated[int, Field(ge=1, le=MAX_KERNEL)], Annotated[int, Field(ge=1, le=MAX_KERNEL)]]
    | None,
    BeforeValidator(as_pair),
    FormKind("int_pair", 1, MAX_KERNEL),
]


class PoolParams(LayerParams):
    """A window that slides over height and width."""

    kernel_size: PositivePair = param(
        (2, 2), "Kernel size", "Height and width of the window.", unit="px", on_card=True
    )
    stride: OptionalPair = param(
        None,
        "Stride",
        "Step between two windows; empty means the kernel size.",
        unit="px",
        on_card=True,
    )
    padding: NonNegativePair = param(
        (0, 0), "Padding", "Border around the input, at most half the kernel.", unit="px"
    )
    ceil_mode: bool = param(
        False,
        "Keep partial windows",
        "Rounds the output size up instead of down.",
        is_advanced=True,
    )


class MaxPoolParams(PoolParams):
    """As for every pooling, and whether the places of the largest numbers are given too."""

    return_indices: bool = param(
        False,
        "Give indices",
        "A second port gives the place of each largest number, for an unpooling.",
        is_advanced=True,
    )


class AvgPoolParams(PoolParams):
    """As for every pooling, and what counts at the border."""

    count_include_pad: bool = param(
        True, "Count padding", "Zeros of the padding take part in the mean.", is_advanced=True
    )


P = TypeVar("P", bound=PoolParams)


class SlidingPool(LayerType[P], Generic[P]):
    """Pooling by a window of fixed size; channels stay."""

    category = "Pooling"
    icon = "arrows-minimize"

    def infer(self, params: P, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := expect_image(self.title, shape) or self._padding_problem(params):
            return problem
        height, width = fixed_size(shape, "H"), fixed_size(shape, "W")
        rows, columns = pooled = self._output_size(params, (height, width))
        if min(pooled) < 1:
            fitting = [min(params.kernel_size[0], height), min(params.kernel_size[1], width)]
            smaller = SetParams(
                f"Use kernel {fitting[0]} × {fitting[1]}", {"kernel_size": [*fitting]}
            )
            return window_too_large(
                self.title, (height, width), params.kernel_size, params.padding, (smaller,)
            )
        output: Shape = (BATCH, Dim("C", fixed_size(shape, "C")), Dim("H", rows), Dim("W", columns))
        window = params.kernel_size[0] * params.kernel_size[1]
        return Inference({"output": output}, flops=elements_per_sample(output) * window)

    def constructor(self, params: P, inputs: Inputs) -> Constructor:
        kwargs: dict[str, Argument] = {"kernel_size": params.kernel_size}
        if params.stride not in (None, params.kernel_size):
            kwargs["stride"] = params.stride
        if params.padding != (0, 0):
            kwargs["padding"] = params.padding
        if params.ceil_mode:
            kwargs["ceil_mode"] = True
        return Constructor(f"nn.{self.type_name}", (), kwargs)

    def _output_size(self, params: P, size: Pair) -> Pair:
        stride = params.stride or params.kernel_size
        rows, columns = (
            output_size(
                size[axis],
                params.kernel_size[axis],
                stride[axis],
                params.padding[axis],
                ceil_mode=params.ceil_mode,
            )
            for axis in range(2)
        )
        return (rows, columns)

    def _padding_problem(self, params: P) -> ShapeProblem | None:
        most = (params.kernel_size[0] // 2, params.kernel_size[1] // 2)
        if params.padding[0] <= most[0] and params.padding[1] <= most[1]:
            return None
        return ShapeProblem(
            f"Padding {params.padding[0]} × {params.padding[1]} is more than half of the kernel "
            f"{params.kernel_size[0]} × {params.kernel_size[1]}: some windows would hold only "
            "padding.",
            param="padding",
            suggestions=(SetParams(f"Use padding {most[0]} × {most[1]}", {"padding": [*most]}),),
        )


class MaxPool2d(SlidingPool[MaxPoolParams]):
    type_name = "MaxPool2d"
    name_stem = "maxpool"
    title = "MaxPool2d"
    summary = "Keeps the largest number of each window."
    docs = "The usual way to halve height and width: a kernel of 2 with a stride of 2."
    aliases = ("max pooling", "downsample", "subsample", "pool")
    outputs = (OUTPUT, Port("indices", "Indices", param="return_indices"))
    Params = MaxPoolParams

    def infer(self, params: MaxPoolParams, inputs: Inputs) -> Inference | ShapeProblem:
        found = super().infer(params, inputs)
        if isinstance(found, ShapeProblem) or not params.return_indices:
            return found
        pooled = found.outputs["output"]
        return replace(found, outputs={"output": pooled, "indices": index_shape(pooled)})

    def constructor(self, params: MaxPoolParams, inputs: Inputs) -> Constructor:
        call = super().constructor(params, inputs)
        if not params.return_indices:
            return call
        return Constructor(call.target, call.args, {**call.kwargs, "return_indices": True})


class AvgPool2d(SlidingPool[AvgPoolParams]):
    type_name = "AvgPool2d"
    name_stem = "avgpool"
    title = "AvgPool2d"
    summary = "Takes the mean of each window."
    docs = "Smoother than max pooling; LeNet-5 and DenseNet transitions use it."
    aliases = ("average pooling", "mean", "downsample", "subsample", "pool")
    Params = AvgPoolParams

    def constructor(self, params: AvgPoolParams, inputs: Inputs) -> Constructor:
        call = super().constructor(params, inputs)
        if params.count_include_pad:
            return call
        return Constructor(call.target, call.args, {**call.kwargs, "count_include_pad": False})


class AdaptivePoolParams(LayerParams):
    """The size to end with."""

    output_size: PositivePair = param(
        (1, 1), "Output size", "Height and width of the result.", unit="px", on_card=True
    )


class AdaptiveAvgPool2d(LayerType[AdaptivePoolParams]):
    type_name = "AdaptiveAvgPool2d"
    name_stem = "global_pool"
    title = "AdaptiveAvgPool2d"
    category = "Pooling"
    summary = "Averages down to a given size, whatever the input size."
    docs = (
        "With output size 1 it is global average pooling: one number per channel, so that the "
        "classifier behind it does not depend on the size of the image."
    )
    aliases = ("global average pooling", "gap", "mean", "pool")
    icon = "arrows-minimize"
    Params = AdaptivePoolParams

    def infer(self, params: AdaptivePoolParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := expect_image(self.title, shape):
            return problem
        rows, columns = params.output_size
        output: Shape = (BATCH, Dim("C", fixed_size(shape, "C")), Dim("H", rows), Dim("W", columns))
        return Inference({"output": output}, flops=elements_per_sample(shape))

    def constructor(self, params: AdaptivePoolParams, inputs: Inputs) -> Constructor:
        size = params.output_size
        return Constructor("nn.AdaptiveAvgPool2d", (size[0] if size[0] == size[1] else size,))


LAYERS = (MaxPool2d(), AvgPool2d(), AdaptiveAvgPool2d())
