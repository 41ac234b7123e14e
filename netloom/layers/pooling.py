"""Layers that summarise neighbouring positions by a window: maximum, mean and power mean."""

from __future__ import annotations

from dataclasses import replace
from typing import Generic

from netloom.layers.base import (
    OUTPUT,
    Constructor,
    Inference,
    Inputs,
    Port,
    ShapeProblem,
)
from netloom.layers.expect import fixed_size
from netloom.layers.pool_params import (
    AvgPool1dParams,
    AvgPool3dParams,
    AvgPoolParams,
    LPPool1dParams,
    LPPool2dParams,
    LPPool3dParams,
    MaxPool1dParams,
    MaxPool3dParams,
    MaxPoolParams,
)
from netloom.layers.shapes import elements_per_sample, index_shape
from netloom.layers.sizes import Size
from netloom.layers.sliding import (
    sizes_of,
    slid,
)
from netloom.layers.sliding_pool import P, SlidingPool, Window


class MaxPooling(SlidingPool[P], Generic[P]):
    """The largest number of each window, and where it stood."""

    name_stem = "maxpool"
    outputs = (OUTPUT, Port("indices", "Indices", param="return_indices"))

    def kept_inside(self, params: P, inputs: Inputs) -> Size:
        # Where each one stood: whole numbers of 8 bytes, two of ours.
        sizes = Window.of(params, self.num_directions).output_sizes(
            sizes_of(inputs["input"], self.num_directions)
        )
        return elements_per_sample(slid(fixed_size(inputs["input"], "C"), sizes)) * 2

    def infer(self, params: P, inputs: Inputs) -> Inference | ShapeProblem:
        found = super().infer(params, inputs)
        if isinstance(found, ShapeProblem) or len(self.output_ports(params)) == 1:
            return found
        pooled = found.outputs["output"]
        return replace(
            found, outputs={"output": pooled, "indices": index_shape(pooled, inputs["input"])}
        )

    def constructor(self, params: P, inputs: Inputs) -> Constructor:
        call = super().constructor(params, inputs)
        if len(self.output_ports(params)) == 1:
            return call
        return Constructor(call.target, call.args, {**call.kwargs, "return_indices": True})


class AveragePooling(SlidingPool[P], Generic[P]):
    """The mean of each window."""

    name_stem = "avgpool"

    def constructor(self, params: P, inputs: Inputs) -> Constructor:
        call = super().constructor(params, inputs)
        if getattr(params, "count_include_pad", True):
            return call
        return Constructor(call.target, call.args, {**call.kwargs, "count_include_pad": False})


class PowerPooling(SlidingPool[P], Generic[P]):
    """The power mean of each window."""

    name_stem = "lppool"
    docs = (
        "The p-th root of the sum of p-th powers: between adding up (p = 1) and the maximum "
        "(large p). Feed it numbers that are not negative."
    )

    def constructor(self, params: P, inputs: Inputs) -> Constructor:
        call = super().constructor(params, inputs)
        norm_type: float = getattr(params, "norm_type", 2.0)
        return Constructor(call.target, (norm_type,), call.kwargs)


_MAX_ALIASES = ("max pooling", "downsample", "subsample", "pool")
_AVERAGE_ALIASES = ("average pooling", "mean", "downsample", "subsample", "pool")
_POWER_ALIASES = ("power average pooling", "lp pooling", "norm", "pool")


class MaxPool2d(MaxPooling[MaxPoolParams]):
    type_name = "MaxPool2d"
    title = "MaxPool2d"
    summary = "Keeps the largest number of each window."
    docs = "The usual way to halve height and width: a kernel of 2 with a stride of 2."
    aliases = (*_MAX_ALIASES, "maxPooling2dLayer", "MaxPooling2D")
    num_directions = 2
    Params = MaxPoolParams


class MaxPool1d(MaxPooling[MaxPool1dParams]):
    type_name = "MaxPool1d"
    title = "MaxPool1d"
    summary = "Keeps the largest number of each stretch of a signal."
    docs = "Halves the length T of (B, C, T) with a kernel of 2."
    aliases = (*_MAX_ALIASES, "maxPooling1dLayer", "MaxPooling1D")
    num_directions = 1
    Params = MaxPool1dParams


class MaxPool3d(MaxPooling[MaxPool3dParams]):
    type_name = "MaxPool3d"
    title = "MaxPool3d"
    summary = "Keeps the largest number of each box of a volume."
    docs = "Halves depth, height and width of (B, C, D, H, W) with a kernel of 2."
    aliases = (*_MAX_ALIASES, "maxPooling3dLayer", "MaxPooling3D")
    num_directions = 3
    Params = MaxPool3dParams


class AvgPool2d(AveragePooling[AvgPoolParams]):
    type_name = "AvgPool2d"
    title = "AvgPool2d"
    summary = "Takes the mean of each window."
    docs = "Smoother than max pooling; LeNet-5 and DenseNet transitions use it."
    aliases = (*_AVERAGE_ALIASES, "averagePooling2dLayer", "AveragePooling2D")
    num_directions = 2
    Params = AvgPoolParams


class AvgPool1d(AveragePooling[AvgPool1dParams]):
    type_name = "AvgPool1d"
    title = "AvgPool1d"
    summary = "Takes the mean of each stretch of a signal."
    docs = "Smooths and shortens (B, C, T): the running mean at every stride."
    aliases = (*_AVERAGE_ALIASES, "averagePooling1dLayer", "AveragePooling1D")
    num_directions = 1
    Params = AvgPool1dParams


class AvgPool3d(AveragePooling[AvgPool3dParams]):
    type_name = "AvgPool3d"
    title = "AvgPool3d"
    summary = "Takes the mean of each box of a volume."
    docs = "Shrinks (B, C, D, H, W) more smoothly than max pooling."
    aliases = (*_AVERAGE_ALIASES, "averagePooling3dLayer", "AveragePooling3D")
    num_directions = 3
    Params = AvgPool3dParams


class LPPool1d(PowerPooling[LPPool1dParams]):
    type_name = "LPPool1d"
    title = "LPPool1d"
    summary = "Takes the power mean of each stretch of a signal."
    aliases = _POWER_ALIASES
    num_directions = 1
    Params = LPPool1dParams


class LPPool2d(PowerPooling[LPPool2dParams]):
    type_name = "LPPool2d"
    title = "LPPool2d"
    summary = "Takes the power mean of each window."
    aliases = _POWER_ALIASES
    num_directions = 2
    Params = LPPool2dParams


class LPPool3d(PowerPooling[LPPool3dParams]):
    type_name = "LPPool3d"
    title = "LPPool3d"
    summary = "Takes the power mean of each box of a volume."
    aliases = _POWER_ALIASES
    num_directions = 3
    Params = LPPool3dParams


LAYERS = (
    MaxPool2d(),
    AvgPool2d(),
    MaxPool1d(),
    AvgPool1d(),
    MaxPool3d(),
    AvgPool3d(),
    LPPool1d(),
    LPPool2d(),
    LPPool3d(),
)
