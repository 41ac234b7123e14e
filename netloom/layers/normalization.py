"""Normalisation over groups of channels, and all kinds in the order of the palette."""

from __future__ import annotations

from netloom.layers.activation import changed
from netloom.layers.base import (
    Constructor,
    Inference,
    Inputs,
    LayerType,
    SetParams,
    ShapeProblem,
    Suggestion,
)
from netloom.layers.batch_norm import (
    EPSILON,
    WITH_POSITIONS,
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
    scale_shapes,
)
from netloom.layers.expect import expect_axes, fixed_size
from netloom.layers.layer_norm import LayerNorm, RMSNorm
from netloom.layers.params import MAX_SIZE, LayerParams, param
from netloom.layers.reach import SAME_POSITION, Reach
from netloom.layers.shapes import elements_per_sample


class GroupNormParams(LayerParams):
    """Statistics over groups of channels of one sample."""

    num_groups: int = param(
        8,
        "Groups",
        "Channels are split into as many groups; 1 takes all together.",
        minimum=1,
        maximum=MAX_SIZE,
        on_card=True,
    )
    eps: float = param(1e-5, "Epsilon", EPSILON, minimum=0, maximum=1, is_advanced=True)
    affine: bool = param(
        True, "Scale and shift", "Learns a factor and an offset per channel.", is_advanced=True
    )


class GroupNorm(LayerType[GroupNormParams]):
    type_name = "GroupNorm"
    name_stem = "group_norm"
    title = "GroupNorm"
    category = "Normalization"
    summary = "Normalises groups of channels of each sample; works with small batches."
    docs = (
        "Mean and variance are taken over the positions of a group of channels of one sample (Wu "
        "and He, 2018), so it does not depend on the batch. Groups must divide the channels."
    )
    aliases = ("group normalization", "normalisation", "gn", "groupNormalizationLayer")
    icon = "adjustments-horizontal"
    inferred = {"num_channels": "Channels"}
    Params = GroupNormParams

    def infer(self, params: GroupNormParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := expect_axes(self.title, shape, (*WITH_POSITIONS, "BF")):
            return problem
        channels = fixed_size(shape, shape[1].axis)
        if channels % params.num_groups:
            return _groups_do_not_divide(params.num_groups, channels)
        return Inference(
            outputs={"output": shape},
            inferred={"num_channels": channels},
            parameters=scale_shapes(channels, is_learned=params.affine),
            flops=elements_per_sample(shape) * (8 if params.affine else 6),
        )

    def constructor(self, params: GroupNormParams, inputs: Inputs) -> Constructor:
        shape = inputs["input"]
        channels = fixed_size(shape, shape[1].axis)
        kwargs = changed(params, ("eps", "affine"))
        return Constructor("nn.GroupNorm", (params.num_groups, channels), kwargs)


def _groups_do_not_divide(groups: int, channels: int) -> ShapeProblem:
    below = range(min(groups, channels, 4096), 0, -1)
    fitting = next(count for count in below if channels % count == 0)
    word = "group" if fitting == 1 else "groups"
    suggestion: Suggestion = SetParams(f"Use {fitting} {word}", {"num_groups": fitting})
    return ShapeProblem(
        f"{groups} groups must divide the {channels} channels.",
        port="input",
        param="num_groups",
        suggestions=(suggestion,),
    )


class LocalResponseNormParams(LayerParams):
    """How strongly neighbouring channels inhibit each other."""

    size: int = param(
        5, "Channels", "Neighbouring channels that count.", minimum=1, maximum=4096, on_card=True
    )
    alpha: float = param(1e-4, "Alpha", "Strength.", minimum=0, maximum=1000, is_advanced=True)
    beta: float = param(0.75, "Beta", "Exponent.", minimum=0, maximum=100, is_advanced=True)
    k: float = param(
        1.0, "Offset", "Added before the power.", minimum=0.001, maximum=1000, is_advanced=True
    )


class LocalResponseNorm(LayerType[LocalResponseNormParams]):
    type_name = "LocalResponseNorm"
    name_stem = "lrn"
    title = "LocalResponseNorm"
    category = "Normalization"
    summary = "Divides each number by the size of its neighbours in other channels."
    docs = "Channels compete at each position; AlexNet used it, batch normalisation replaced it."
    aliases = ("lrn", "alexnet", "normalisation", "crossChannelNormalizationLayer")
    icon = "adjustments-horizontal"
    has_weights = False
    Params = LocalResponseNormParams

    def infer(self, params: LocalResponseNormParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := expect_axes(self.title, shape, WITH_POSITIONS):
            return problem
        flops = elements_per_sample(shape) * (params.size + 4)
        return Inference({"output": shape}, flops=flops)

    def reach(self, params: LocalResponseNormParams, inputs: Inputs) -> Reach:
        return SAME_POSITION

    def constructor(self, params: LocalResponseNormParams, inputs: Inputs) -> Constructor:
        return Constructor(
            "nn.LocalResponseNorm", (params.size,), changed(params, ("alpha", "beta", "k"))
        )


LAYERS = (
    BatchNorm2d(),
    LayerNorm(),
    GroupNorm(),
    RMSNorm(),
    BatchNorm1d(),
    BatchNorm3d(),
    InstanceNorm2d(),
    InstanceNorm1d(),
    InstanceNorm3d(),
    LocalResponseNorm(),
)
