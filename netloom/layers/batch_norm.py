"""Normalisation by statistics of each channel: over a batch, or over every sample on its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from netloom.layers.activation import changed
from netloom.layers.base import (
    Constructor,
    Inference,
    Inputs,
    LayerType,
    ShapeProblem,
)
from netloom.layers.expect import expect_axes, fixed_size
from netloom.layers.params import LayerParams, param
from netloom.layers.reach import SAME_POSITION, Reach
from netloom.layers.shapes import elements_per_sample, named_shape_text

EPSILON = "Added to the variance against division by zero."
WITH_POSITIONS = ("BCT", "BCHW", "BCDHW")


def scale_shapes(channels: int, *, is_learned: bool) -> dict[str, tuple[int, ...]]:
    return {"weight": (channels,), "bias": (channels,)} if is_learned else {}


class BatchNorm2dParams(LayerParams):
    """Statistics over the batch."""

    eps: float = param(1e-5, "Epsilon", EPSILON, minimum=0, maximum=1, is_advanced=True)
    momentum: float = param(
        0.1,
        "Momentum",
        "Share of the newest batch in the running statistics.",
        minimum=0,
        maximum=1,
        is_advanced=True,
    )
    affine: bool = param(
        True, "Scale and shift", "Learns a factor and an offset per channel.", is_advanced=True
    )


class BatchNorm(LayerType[BatchNorm2dParams]):
    """Statistics of each channel over batch and positions.

    Attributes:
        accepted: Orders of axes, channels (or features) second.
    """

    category = "Normalization"
    name_stem = "bn"
    docs = (
        "In training it uses the mean and variance of the batch, afterwards running averages "
        "(Ioffe and Szegedy, 2015). Needs batches of more than a few samples."
    )
    aliases = (
        "batch normalization", "normalisation", "bn", "batchNormalizationLayer",
        "BatchNormalization",
    )  # fmt: skip
    icon = "adjustments-horizontal"
    inferred = {"num_features": "Channels"}
    Params = BatchNorm2dParams
    accepted: ClassVar[Sequence[str]]

    def infer(self, params: BatchNorm2dParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := expect_axes(self.title, shape, self.accepted):
            return problem
        channels = fixed_size(shape, shape[1].axis)
        return Inference(
            outputs={"output": shape},
            inferred={"num_features": channels},
            parameters=scale_shapes(channels, is_learned=params.affine),
            buffers={
                "running_mean": (channels,),
                "running_var": (channels,),
                "num_batches_tracked": (),
            },
            flops=elements_per_sample(shape) * (4 if params.affine else 2),
        )

    def reach(self, params: BatchNorm2dParams, inputs: Inputs) -> Reach:
        # As it predicts, with the statistics it has gathered.
        return SAME_POSITION

    def constructor(self, params: BatchNorm2dParams, inputs: Inputs) -> Constructor:
        shape = inputs["input"]
        channels = fixed_size(shape, shape[1].axis)
        return Constructor(f"nn.{self.type_name}", (channels,), changed(params))


class BatchNorm2d(BatchNorm):
    type_name = "BatchNorm2d"
    title = "BatchNorm2d"
    summary = "Normalises each channel over the batch; makes deep networks train faster."
    accepted = ("BCHW",)


class BatchNorm1d(BatchNorm):
    type_name = "BatchNorm1d"
    title = "BatchNorm1d"
    summary = "Normalises each feature, or each channel of a signal, over the batch."
    accepted = ("BF", "BCT")


class BatchNorm3d(BatchNorm):
    type_name = "BatchNorm3d"
    title = "BatchNorm3d"
    summary = "Normalises each channel of a volume over the batch."
    accepted = ("BCDHW",)


class InstanceNormParams(LayerParams):
    """Statistics over one channel of one sample."""

    eps: float = param(1e-5, "Epsilon", EPSILON, minimum=0, maximum=1, is_advanced=True)
    affine: bool = param(
        False, "Scale and shift", "Learns a factor and an offset per channel.", is_advanced=True
    )


class InstanceNorm(LayerType[InstanceNormParams]):
    """Statistics of each channel of each sample over positions."""

    category = "Normalization"
    name_stem = "instance_norm"
    docs = (
        "Takes the contrast out of every sample, in training and prediction alike (Ulyanov, "
        "Vedaldi and Lempitsky, 2016); usual in style transfer and in generators."
    )
    aliases = ("instance normalization", "normalisation", "style", "instanceNormalizationLayer")
    icon = "adjustments-horizontal"
    inferred = {"num_features": "Channels"}
    Params = InstanceNormParams
    accepted: ClassVar[str]

    def infer(self, params: InstanceNormParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := expect_axes(self.title, shape, (self.accepted,)):
            return problem
        if all(dim.size == 1 for dim in shape[2:]):
            return ShapeProblem(
                f"{self.title} needs more than one position in a channel but receives "
                f"{named_shape_text(shape)}: everything would become 0.",
                port="input",
            )
        channels = fixed_size(shape, "C")
        return Inference(
            outputs={"output": shape},
            inferred={"num_features": channels},
            parameters=scale_shapes(channels, is_learned=params.affine),
            flops=elements_per_sample(shape) * (8 if params.affine else 6),
        )

    def constructor(self, params: InstanceNormParams, inputs: Inputs) -> Constructor:
        channels = fixed_size(inputs["input"], "C")
        return Constructor(f"nn.{self.type_name}", (channels,), changed(params))


class InstanceNorm1d(InstanceNorm):
    type_name = "InstanceNorm1d"
    title = "InstanceNorm1d"
    summary = "Normalises each channel of each signal on its own."
    accepted = "BCT"


class InstanceNorm2d(InstanceNorm):
    type_name = "InstanceNorm2d"
    title = "InstanceNorm2d"
    summary = "Normalises each channel of each image on its own."
    accepted = "BCHW"


class InstanceNorm3d(InstanceNorm):
    type_name = "InstanceNorm3d"
    title = "InstanceNorm3d"
    summary = "Normalises each channel of each volume on its own."
    accepted = "BCDHW"
