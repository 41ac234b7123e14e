"""Normalisation of each sample or position over its own numbers."""

from __future__ import annotations

from typing import Literal

from netloom.layers.activation import changed
from netloom.layers.base import (
    Constructor,
    Inference,
    Inputs,
    LayerType,
    ShapeProblem,
)
from netloom.layers.batch_norm import EPSILON
from netloom.layers.expect import INSERT_SEQUENCE
from netloom.layers.params import LayerParams, param
from netloom.layers.reach import Reach
from netloom.layers.shapes import Shape, axes_of, elements_per_sample, named_shape_text


class LayerNormParams(LayerParams):
    """Statistics over one sample."""

    eps: float = param(1e-5, "Epsilon", EPSILON, minimum=0, maximum=1, is_advanced=True)
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


def normalized_reach(params: LayerNormParams | RMSNormParams, inputs: Inputs) -> Reach:
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
        return normalized_reach(params, inputs)

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
        return normalized_reach(params, inputs)

    def constructor(self, params: RMSNormParams, inputs: Inputs) -> Constructor:
        sizes = normalized_shape(inputs["input"], params.over) or ()
        # torch's own default depends on the precision, so ours is always written.
        kwargs = {"eps": params.eps, **changed(params, ("elementwise_affine",))}
        return Constructor("nn.RMSNorm", (sizes[0] if len(sizes) == 1 else list(sizes),), kwargs)
