"""The activation that lets half of its input gate the other half."""

from __future__ import annotations

from netloom.layers.activation import NoParams, class_axis
from netloom.layers.base import (
    Constructor,
    Inference,
    Inputs,
    LayerType,
    ShapeProblem,
)
from netloom.layers.shapes import Dim, elements_per_sample, named_shape_text
from netloom.layers.sizes import exact_divide


class GLU(LayerType[NoParams]):
    type_name = "GLU"
    name_stem = "glu"
    title = "GLU"
    category = "Activation"
    summary = "Lets one half of the channels gate the other half."
    docs = (
        "The first half of the channels (or features) is multiplied by the Sigmoid of the second, "
        "so half as many are left (Dauphin et al., 2016)."
    )
    aliases = ("gated linear unit", "gate", "activation", "nonlinearity")
    icon = "activity"
    inferred = {"dim": "Dimension"}
    Params = NoParams

    def infer(self, params: NoParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        dim = class_axis(shape)
        half = exact_divide(shape[dim].size, 2)
        if half is None:
            return ShapeProblem(
                f"GLU halves {shape[dim].axis}, which must be even, but receives "
                f"{named_shape_text(shape)}.",
                port="input",
            )
        output = (*shape[:dim], Dim(shape[dim].axis, half), *shape[dim + 1 :])
        return Inference(
            {"output": output}, inferred={"dim": dim}, flops=elements_per_sample(output) * 4
        )

    def constructor(self, params: NoParams, inputs: Inputs) -> Constructor:
        dim = class_axis(inputs["input"])
        is_last = dim == len(inputs["input"]) - 1
        return Constructor("nn.GLU", (), {} if is_last else {"dim": dim})


LAYERS = (GLU(),)
