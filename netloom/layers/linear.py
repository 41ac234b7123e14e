"""Fully connected layers."""

from __future__ import annotations

from netloom.layers.base import Constructor, Inference, Inputs, LayerType, ShapeProblem
from netloom.layers.expect import expect_features, fixed_size
from netloom.layers.params import MAX_SIZE, LayerParams, param
from netloom.layers.shapes import Dim, elements_per_sample


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
    aliases = ("dense", "fully connected", "fc", "affine")
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
        )

    def constructor(self, params: LinearParams, inputs: Inputs) -> Constructor:
        kwargs = {} if params.bias else {"bias": False}
        in_features = fixed_size(inputs["input"], "F")
        return Constructor("nn.Linear", (in_features, params.out_features), kwargs)


LAYERS = (Linear(),)
