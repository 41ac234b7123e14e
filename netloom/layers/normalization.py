"""Layers that keep activations in a range that trains well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

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
from netloom.layers.expect import INSERT_SEQUENCE, expect_axes, fixed_size
from netloom.layers.params import MAX_SIZE, LayerParams, param
from netloom.layers.reach import SAME_POSITION, Reach
from netloom.layers.shapes import Shape, axes_of, elements_per_sample, named_shape_text

_EPSILON = "Added to the variance against division by zero."
_WITH_POSITIONS = ("BCT", "BCHW", "BCDHW")


def _scale(channels: int, *, is_learned: bool) -> dict[str, tuple[int, ...]]:
    return {"weight": (channels,), "bias": (channels,)} if is_learned else {}


class BatchNorm2dParams(LayerParams):
    """Statistics over the batch."""

    eps: float = param(1e-5, "Epsilon", _EPSILON, minimum=0, maximum=1, is_advanced=True)
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
            parameters=_scale(channels, is_learned=params.affine),
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

    eps: float = param(1e-5, "Epsilon", _EPSILON, minimum=0, maximum=1, is_advanced=True)
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
            parameters=_scale(channels, is_learned=params.affine),
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
    eps: float = param(1e-5, "Epsilon", _EPSILON, minimum=0, maximum=1, is_advanced=True)
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
        if problem := expect_axes(self.title, shape, (*_WITH_POSITIONS, "BF")):
            return problem
        channels = fixed_size(shape, shape[1].axis)
        if channels % params.num_groups:
            return _groups_do_not_divide(params.num_groups, channels)
        return Inference(
            outputs={"output": shape},
            inferred={"num_channels": channels},
            parameters=_scale(channels, is_learned=params.affine),
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


class LayerNormParams(LayerParams):
    """Statistics over one sample."""

    eps: float = param(1e-5, "Epsilon", _EPSILON, minimum=0, maximum=1, is_advanced=True)
    elementwise_affine: bool = param(
        True, "Scale and shift", "Learns a factor and an offset per number.", is_advanced=True
    )
    over: Literal["sample", "last"] = param(
        "sample",
        "Over",
        "“sample” takes everything but batch and time together; “last” only the last axis.",
        is_advanced=True,
    )


def normalized_shape(shape: Shape, over: str = "sample") -> tuple[int, ...] | None:
    """Return the trailing sizes one sample (or one time step) is normalised over.

    None where a size among them is symbolic, or where time stands behind them.
    """
    if over == "last":
        return (shape[-1].size,) if isinstance(shape[-1].size, int) else None
    if "T" in axes_of(shape)[2:]:
        return None
    sizes = [dim.size for dim in shape if dim.axis not in ("B", "T")]
    numbers = tuple(size for size in sizes if isinstance(size, int))
    return numbers if len(numbers) == len(sizes) else None


def sizes_problem(title: str, shape: Shape) -> ShapeProblem:
    """Return the problem of a shape that `normalized_shape` cannot read."""
    if "T" in axes_of(shape)[2:]:
        return ShapeProblem(
            f"{title} needs its features last but receives {named_shape_text(shape)}.",
            port="input",
            suggestions=(INSERT_SEQUENCE,) if axes_of(shape) == "BCT" else (),
        )
    return ShapeProblem(
        f"{title} needs fixed sizes but receives {named_shape_text(shape)}.", port="input"
    )


def _normalized_reach(params: LayerNormParams | RMSNormParams, inputs: Inputs) -> Reach:
    """Return that every position among the axes that are normalised over sees all of them."""
    shape = inputs["input"]
    over = shape[-1:] if params.over == "last" else [dim for dim in shape if dim.axis != "T"]
    return Reach({dim.axis: None for dim in over})


class LayerNorm(LayerType[LayerNormParams]):
    type_name = "LayerNorm"
    name_stem = "norm"
    title = "LayerNorm"
    category = "Normalization"
    summary = "Normalises each sample on its own; does not depend on the batch."
    docs = (
        "Mean and variance are taken over everything but batch and time (Ba, Kiros and Hinton, "
        "2016). Usual in transformers. What it normalises over is taken from the connection."
    )
    aliases = (
        "layer normalization", "normalisation", "ln", "transformer", "layerNormalizationLayer",
    )  # fmt: skip
    icon = "adjustments-horizontal"
    inferred = {"normalized_shape": "Normalised shape"}
    Params = LayerNormParams

    def infer(self, params: LayerNormParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        sizes = normalized_shape(shape, params.over)
        if sizes is None:
            return sizes_problem(self.title, shape)
        scale = {"weight": sizes, "bias": sizes}
        return Inference(
            outputs={"output": shape},
            inferred={"normalized_shape": list(sizes)},
            parameters=scale if params.elementwise_affine else {},
            flops=elements_per_sample(shape) * (8 if params.elementwise_affine else 6),
        )

    def reach(self, params: LayerNormParams, inputs: Inputs) -> Reach:
        return _normalized_reach(params, inputs)

    def constructor(self, params: LayerNormParams, inputs: Inputs) -> Constructor:
        sizes = normalized_shape(inputs["input"], params.over) or ()
        kwargs = changed(params, ("eps", "elementwise_affine"))
        # As a list, because a tuple of two equal sizes would be written as one number.
        return Constructor("nn.LayerNorm", (sizes[0] if len(sizes) == 1 else list(sizes),), kwargs)


class RMSNormParams(LayerParams):
    """The size of the numbers of one sample."""

    eps: float = param(
        1e-6, "Epsilon", "Added under the root against division by zero.", minimum=0, maximum=1,
        is_advanced=True,
    )  # fmt: skip
    elementwise_affine: bool = param(True, "Scale", "Learns a factor per number.", is_advanced=True)
    over: Literal["sample", "last"] = param(
        "last",
        "Over",
        "“last” takes the last axis; “sample” everything but batch and time together.",
        is_advanced=True,
    )


class RMSNorm(LayerType[RMSNormParams]):
    type_name = "RMSNorm"
    name_stem = "norm"
    title = "RMSNorm"
    category = "Normalization"
    summary = "Divides by the root mean square: a LayerNorm without the mean."
    docs = "Cheaper than LayerNorm and as good in transformers (Zhang and Sennrich, 2019)."
    aliases = ("root mean square", "normalisation", "llama", "transformer")
    icon = "adjustments-horizontal"
    inferred = {"normalized_shape": "Normalised shape"}
    Params = RMSNormParams

    def infer(self, params: RMSNormParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        sizes = normalized_shape(shape, params.over)
        if sizes is None:
            return sizes_problem(self.title, shape)
        return Inference(
            outputs={"output": shape},
            inferred={"normalized_shape": list(sizes)},
            parameters={"weight": sizes} if params.elementwise_affine else {},
            flops=elements_per_sample(shape) * (4 if params.elementwise_affine else 3),
        )

    def reach(self, params: RMSNormParams, inputs: Inputs) -> Reach:
        return _normalized_reach(params, inputs)

    def constructor(self, params: RMSNormParams, inputs: Inputs) -> Constructor:
        sizes = normalized_shape(inputs["input"], params.over) or ()
        # torch's own default depends on the precision, so ours is always written.
        kwargs = {"eps": params.eps, **changed(params, ("elementwise_affine",))}
        return Constructor("nn.RMSNorm", (sizes[0] if len(sizes) == 1 else list(sizes),), kwargs)


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
        if problem := expect_axes(self.title, shape, _WITH_POSITIONS):
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
