"""Layers that only act in training, against learning by heart."""

from __future__ import annotations

from netloom.layers.base import Constructor, Inference, Inputs, LayerType, ShapeProblem
from netloom.layers.params import LayerParams, param
from netloom.layers.shapes import elements_per_sample


class DropoutParams(LayerParams):
    """How much is dropped."""

    p: float = param(
        0.5,
        "Probability",
        "Share of numbers set to zero in training.",
        minimum=0,
        maximum=1,
        on_card=True,
    )


class Dropout(LayerType[DropoutParams]):
    type_name = "Dropout"
    name_stem = "dropout"
    title = "Dropout"
    category = "Regularization"
    summary = "Sets random numbers to zero in training, against overfitting."
    docs = (
        "The rest is scaled up so that the sum stays. Does nothing in prediction "
        "(Srivastava et al., 2014)."
    )
    aliases = ("regularization", "overfitting", "noise")
    icon = "grain"
    Params = DropoutParams

    def infer(self, params: DropoutParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        return Inference({"output": shape}, flops=elements_per_sample(shape))

    def constructor(self, params: DropoutParams, inputs: Inputs) -> Constructor:
        return Constructor("nn.Dropout", (), {"p": params.p})


class StochasticDepthParams(LayerParams):
    """How often a sample skips the branch."""

    p: float = param(
        0.1,
        "Probability",
        "Share of samples that skip the branch in training.",
        minimum=0,
        maximum=1,
        on_card=True,
    )


class StochasticDepth(LayerType[StochasticDepthParams]):
    type_name = "StochasticDepth"
    name_stem = "drop_path"
    title = "Stochastic depth"
    category = "Regularization"
    summary = "Lets random samples skip a residual branch in training."
    docs = (
        "Stands at the end of a residual branch, before the addition: whole samples are set to "
        "zero and the others scaled up (Huang et al., 2016). Does nothing in prediction."
    )
    aliases = ("drop path", "droppath", "drop connect", "regularization", "skip")
    icon = "grain"
    Params = StochasticDepthParams

    def infer(self, params: StochasticDepthParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        return Inference({"output": shape}, flops=elements_per_sample(shape))

    def constructor(self, params: StochasticDepthParams, inputs: Inputs) -> Constructor:
        return Constructor("StochasticDepth", (), {"p": params.p})


LAYERS = (Dropout(), StochasticDepth())
