"""Pooling to a given size, and to one number per channel."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeVar

from netloom.layers.activation import NoParams
from netloom.layers.base import (
    Constructor,
    Inference,
    Inputs,
    LayerType,
    ShapeProblem,
)
from netloom.layers.conv_params import each
from netloom.layers.expect import expect_axes, fixed_size
from netloom.layers.function import FunctionCall, FunctionLayer
from netloom.layers.params import (
    LayerParams,
    PositiveInt,
    PositivePair,
    PositiveTriple,
    Sizes,
    param,
)
from netloom.layers.reach import Reach, Resample
from netloom.layers.shapes import (
    elements_per_sample,
    feature_shape,
)
from netloom.layers.sliding import (
    DIRECTIONS,
    EXTENTS,
    UNITS,
    as_argument,
    directions_of,
    sizes_of,
    slid,
)


def _output_size(count: int) -> Any:
    text = f"{EXTENTS[count]} of the result."
    return param(each(1, count), "Output size", text, unit=UNITS[count], on_card=True)


class AdaptivePool1dParams(LayerParams):
    """The size to end with."""

    output_size: PositiveInt = _output_size(1)


class AdaptivePoolParams(LayerParams):
    """The size to end with."""

    output_size: PositivePair = _output_size(2)


class AdaptivePool3dParams(LayerParams):
    """The size to end with."""

    output_size: PositiveTriple = _output_size(3)


P = TypeVar("P", bound=LayerParams)


class AdaptivePooling(LayerType[P], Generic[P]):
    """Windows that are made to give a size, in any number of directions."""

    category = "Pooling"
    name_stem = "global_pool"
    icon = "arrows-minimize"
    num_directions: ClassVar[int]

    def infer(self, params: P, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := expect_axes(self.title, shape, (f"BC{DIRECTIONS[self.num_directions]}",)):
            return problem
        output = slid(fixed_size(shape, "C"), self._sizes(params))
        return Inference({"output": output}, flops=elements_per_sample(shape))

    def reach(self, params: P, inputs: Inputs) -> Reach:
        axes = DIRECTIONS[self.num_directions]
        before = sizes_of(inputs["input"], self.num_directions)
        return Reach(
            {
                axis: Resample(size, after, "area") if isinstance(size, int) and after > 1 else None
                for axis, size, after in zip(axes, before, self._sizes(params), strict=True)
            }
        )

    def _sizes(self, params: P) -> tuple[int, ...]:
        sizes: Sizes = getattr(params, "output_size", 1)
        return directions_of(sizes, self.num_directions)

    def constructor(self, params: P, inputs: Inputs) -> Constructor:
        sizes = self._sizes(params)
        size = sizes[0] if len(set(sizes)) == 1 else as_argument(sizes)
        return Constructor(f"nn.{self.type_name}", (size,))


_AVERAGE_ALIASES = ("global average pooling", "gap", "mean", "pool")
_MAX_ALIASES = ("global max pooling", "maximum", "pool")


class AdaptiveAvgPool2d(AdaptivePooling[AdaptivePoolParams]):
    type_name = "AdaptiveAvgPool2d"
    title = "AdaptiveAvgPool2d"
    summary = "Averages down to a given size, whatever the input size."
    docs = (
        "With output size 1 it is global average pooling: one number per channel, so that the "
        "classifier behind it does not depend on the size of the image."
    )
    aliases = (*_AVERAGE_ALIASES, "globalAveragePooling2dLayer")
    num_directions = 2
    Params = AdaptivePoolParams


class AdaptiveAvgPool1d(AdaptivePooling[AdaptivePool1dParams]):
    type_name = "AdaptiveAvgPool1d"
    title = "AdaptiveAvgPool1d"
    summary = "Averages a signal down to a given length, whatever its own."
    docs = "Turns (B, C, T) of any length T into a fixed length, such as one step per channel."
    aliases = (*_AVERAGE_ALIASES, "globalAveragePooling1dLayer")
    num_directions = 1
    Params = AdaptivePool1dParams


class AdaptiveAvgPool3d(AdaptivePooling[AdaptivePool3dParams]):
    type_name = "AdaptiveAvgPool3d"
    title = "AdaptiveAvgPool3d"
    summary = "Averages a volume down to a given size, whatever its own."
    docs = "With output size 1 it gives one number per channel of (B, C, D, H, W)."
    aliases = (*_AVERAGE_ALIASES, "globalAveragePooling3dLayer")
    num_directions = 3
    Params = AdaptivePool3dParams


class AdaptiveMaxPool2d(AdaptivePooling[AdaptivePoolParams]):
    type_name = "AdaptiveMaxPool2d"
    title = "AdaptiveMaxPool2d"
    summary = "Keeps the largest numbers, down to a given size."
    docs = "With output size 1: the strongest response of each channel, wherever it is."
    aliases = (*_MAX_ALIASES, "globalMaxPooling2dLayer")
    num_directions = 2
    Params = AdaptivePoolParams


class AdaptiveMaxPool1d(AdaptivePooling[AdaptivePool1dParams]):
    type_name = "AdaptiveMaxPool1d"
    title = "AdaptiveMaxPool1d"
    summary = "Keeps the largest numbers of a signal, down to a given length."
    docs = "Turns (B, C, T) of any length T into a fixed length."
    aliases = (*_MAX_ALIASES, "globalMaxPooling1dLayer")
    num_directions = 1
    Params = AdaptivePool1dParams


class AdaptiveMaxPool3d(AdaptivePooling[AdaptivePool3dParams]):
    type_name = "AdaptiveMaxPool3d"
    title = "AdaptiveMaxPool3d"
    summary = "Keeps the largest numbers of a volume, down to a given size."
    docs = "Turns (B, C, D, H, W) of any size into a fixed size."
    aliases = (*_MAX_ALIASES, "globalMaxPooling3dLayer")
    num_directions = 3
    Params = AdaptivePool3dParams


class GlobalPooling(FunctionLayer[NoParams]):
    """One number per channel, as features."""

    category = "Pooling"
    name_stem = "global_pool"
    icon = "arrows-minimize"
    Params = NoParams
    function: ClassVar[str]

    def infer(self, params: NoParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        orders = tuple(f"BC{axes}" for axes in DIRECTIONS.values())
        if problem := expect_axes(self.title, shape, orders):
            return problem
        output = feature_shape(fixed_size(shape, "C"))
        return Inference({"output": output}, flops=elements_per_sample(shape))

    def function_call(self, params: NoParams, inputs: Inputs) -> FunctionCall:
        dims = tuple(range(2, len(inputs["input"])))
        return FunctionCall(self.function, kwargs={"dim": as_argument(dims)})


class GlobalAvgPool(GlobalPooling):
    type_name = "GlobalAvgPool"
    title = "Global average pooling"
    summary = "The mean of each channel over all positions, as features."
    docs = "Turns (B, C, T), (B, C, H, W) or (B, C, D, H, W) into (B, F): no Flatten is needed."
    aliases = (*_AVERAGE_ALIASES, "GlobalAveragePooling2D", "globalAveragePooling2dLayer")
    function = "mean"


class GlobalMaxPool(GlobalPooling):
    type_name = "GlobalMaxPool"
    title = "Global max pooling"
    summary = "The largest number of each channel over all positions, as features."
    docs = "Turns (B, C, T), (B, C, H, W) or (B, C, D, H, W) into (B, F): no Flatten is needed."
    aliases = (*_MAX_ALIASES, "GlobalMaxPooling2D", "globalMaxPooling2dLayer")
    function = "amax"


LAYERS = (
    AdaptiveAvgPool2d(),
    AdaptiveMaxPool2d(),
    GlobalAvgPool(),
    GlobalMaxPool(),
    AdaptiveAvgPool1d(),
    AdaptiveMaxPool1d(),
    AdaptiveAvgPool3d(),
    AdaptiveMaxPool3d(),
)
