"""Layers of weighted sums."""

from __future__ import annotations

from netloom.layers.base import (
    Constructor,
    Inference,
    Inputs,
    LayerType,
    Port,
    SetParams,
    ShapeProblem,
)
from netloom.layers.combine import describe_inputs
from netloom.layers.expect import expect_axes, expect_features, fixed_size
from netloom.layers.params import MAX_SIZE, LayerParams, param
from netloom.layers.reach import EVERYTHING, Reach
from netloom.layers.shapes import Dim, elements_per_sample
from netloom.layers.sliding import DIRECTIONS


class LinearParams(LayerParams):
    """A weighted sum for every output feature."""

    out_features: int = param(
        64,
        "Output features",
        "Numbers this layer gives.",
        minimum=1,
        maximum=MAX_SIZE,
        on_card=True,
    )
    bias: bool = param(True, "Bias", "Adds a learned number to every output.", is_advanced=True)


class Linear(LayerType[LinearParams]):
    type_name = "Linear"
    name_stem = "linear"
    title = "Linear"
    category = "Linear"
    summary = "Every output is a weighted sum of all input features."
    docs = (
        "Also called a fully connected or dense layer. Needs features (B, F): flatten images "
        "first. The number of input features is taken from the connection."
    )
    aliases = ("dense", "fully connected", "fc", "affine", "fullyConnectedLayer")
    icon = "vector-triangle"
    inferred = {"in_features": "Input features"}
    Params = LinearParams

    def infer(self, params: LinearParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := expect_features(self.title, shape):
            return problem
        in_features = fixed_size(shape, "F")
        output = (*shape[:-1], Dim("F", params.out_features))
        parameters: dict[str, tuple[int, ...]] = {"weight": (params.out_features, in_features)}
        if params.bias:
            parameters["bias"] = (params.out_features,)
        return Inference(
            outputs={"output": output},
            inferred={"in_features": in_features},
            parameters=parameters,
            flops=elements_per_sample(output) * (2 * in_features + params.bias),
            macs=elements_per_sample(output) * in_features,
        )

    def constructor(self, params: LinearParams, inputs: Inputs) -> Constructor:
        kwargs = {} if params.bias else {"bias": False}
        in_features = fixed_size(inputs["input"], "F")
        return Constructor("nn.Linear", (in_features, params.out_features), kwargs)


class LowRankLinearParams(LinearParams):
    """A weighted sum whose weights have few degrees of freedom."""

    rank: int = param(
        8,
        "Rank",
        "Features in between: fewer make the layer smaller and more limited.",
        minimum=1,
        maximum=MAX_SIZE,
        on_card=True,
    )


class LowRankLinear(LayerType[LowRankLinearParams]):
    type_name = "LowRankLinear"
    name_stem = "low_rank"
    title = "Low-rank linear"
    category = "Linear"
    summary = "A Linear whose weights are the product of two thin matrices."
    docs = (
        "Goes through `rank` features in between: rank · (inputs + outputs) weights instead of "
        "inputs · outputs."
    )
    aliases = ("factorized", "lora", "bottleneck", "compressed", "svd", "dense")
    icon = "vector-triangle"
    inferred = {"in_features": "Input features"}
    Params = LowRankLinearParams

    def infer(self, params: LowRankLinearParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := expect_features(self.title, shape):
            return problem
        in_features = fixed_size(shape, "F")
        most = min(in_features, params.out_features)
        if params.rank > most:
            return ShapeProblem(
                f"A rank of {params.rank} is more than the {in_features} inputs and "
                f"{params.out_features} outputs can have.",
                port="input",
                param="rank",
                suggestions=(SetParams(f"Use rank {most}", {"rank": most}),),
            )
        parameters: dict[str, tuple[int, ...]] = {
            "down.weight": (params.rank, in_features),
            "up.weight": (params.out_features, params.rank),
        }
        if params.bias:
            parameters["up.bias"] = (params.out_features,)
        between = elements_per_sample((*shape[:-1], Dim("F", params.rank)))
        output = (*shape[:-1], Dim("F", params.out_features))
        mixing = elements_per_sample(output) * (2 * params.rank + params.bias)
        return Inference(
            outputs={"output": output},
            inferred={"in_features": in_features},
            parameters=parameters,
            flops=between * (2 * in_features) + mixing,
            macs=between * in_features + elements_per_sample(output) * params.rank,
        )

    def constructor(self, params: LowRankLinearParams, inputs: Inputs) -> Constructor:
        kwargs = {} if params.bias else {"bias": False}
        in_features = fixed_size(inputs["input"], "F")
        return Constructor("LowRankLinear", (in_features, params.out_features, params.rank), kwargs)


class Bilinear(LayerType[LinearParams]):
    type_name = "Bilinear"
    name_stem = "bilinear"
    title = "Bilinear"
    category = "Linear"
    summary = "Every output is a weighted sum of all products of two inputs' features."
    docs = "x₁ᵀ · A · x₂ + b for every output: learns how two descriptions go together."
    aliases = ("interaction", "product", "similarity", "two inputs")
    icon = "vector-triangle"
    inputs = (Port("input_1", "First"), Port("input_2", "Second"))
    inferred = {"in1_features": "First features", "in2_features": "Second features"}
    Params = LinearParams

    def infer(self, params: LinearParams, inputs: Inputs) -> Inference | ShapeProblem:
        first, second = inputs["input_1"], inputs["input_2"]
        for port, shape in inputs.items():
            if problem := expect_features(self.title, shape):
                return ShapeProblem(problem.message, port=port)
        if first[:-1] != second[:-1]:
            return ShapeProblem(
                "Bilinear needs inputs with the same axes before the features but receives "
                f"{describe_inputs(inputs)}.",
                port="input_2",
            )
        one, other = fixed_size(first, "F"), fixed_size(second, "F")
        parameters: dict[str, tuple[int, ...]] = {"weight": (params.out_features, one, other)}
        if params.bias:
            parameters["bias"] = (params.out_features,)
        output = (*first[:-1], Dim("F", params.out_features))
        return Inference(
            outputs={"output": output},
            inferred={"in1_features": one, "in2_features": other},
            parameters=parameters,
            flops=elements_per_sample(output) * (3 * one * other + params.bias),
        )

    def constructor(self, params: LinearParams, inputs: Inputs) -> Constructor:
        kwargs = {} if params.bias else {"bias": False}
        sizes = tuple(fixed_size(shape, "F") for shape in inputs.values())
        return Constructor("nn.Bilinear", (*sizes, params.out_features), kwargs)


class SqueezeExciteParams(LayerParams):
    """How narrow the decision is."""

    reduction: int = param(
        16,
        "Reduction",
        "Channels are divided by it for the decision; at least one is left.",
        minimum=1,
        maximum=65_536,
        on_card=True,
    )


class SqueezeExcite(LayerType[SqueezeExciteParams]):
    type_name = "SqueezeExcite"
    name_stem = "se"
    title = "Squeeze and excite"
    category = "Linear"
    summary = "Weighs channels by what the whole image shows."
    docs = (
        "The mean of each channel goes through two Linear layers and a Sigmoid; the channels are "
        "multiplied by the result (Hu, Shen and Sun, 2017)."
    )
    aliases = ("se", "channel attention", "squeeze excitation", "senet", "efficientnet")
    icon = "adjustments"
    inferred = {"channels": "Channels"}
    Params = SqueezeExciteParams

    def infer(self, params: SqueezeExciteParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        orders = tuple(f"BC{axes}" for axes in DIRECTIONS.values())
        if problem := expect_axes(self.title, shape, orders):
            return problem
        channels = fixed_size(shape, "C")
        hidden = max(1, channels // params.reduction)
        parameters: dict[str, tuple[int, ...]] = {
            "squeeze.weight": (hidden, channels),
            "squeeze.bias": (hidden,),
            "excite.weight": (channels, hidden),
            "excite.bias": (channels,),
        }
        return Inference(
            outputs={"output": shape},
            inferred={"channels": channels},
            parameters=parameters,
            flops=elements_per_sample(shape) * 2 + 4 * channels * hidden,
        )

    def reach(self, params: SqueezeExciteParams, inputs: Inputs) -> Reach:
        return EVERYTHING

    def constructor(self, params: SqueezeExciteParams, inputs: Inputs) -> Constructor:
        channels = fixed_size(inputs["input"], "C")
        hidden = max(1, channels // params.reduction)
        return Constructor("SqueezeExcite", (channels, hidden))


LAYERS = (Linear(), LowRankLinear(), Bilinear(), SqueezeExcite())
