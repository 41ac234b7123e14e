"""Element-wise nonlinearities, and Softmax."""

from __future__ import annotations

from collections.abc import Collection
from typing import Generic, Literal, TypeVar

from netloom.layers.base import Argument, Constructor, Inference, Inputs, LayerType, ShapeProblem
from netloom.layers.params import LayerParams, param
from netloom.layers.shapes import Shape, elements_per_sample

P = TypeVar("P", bound=LayerParams)


class NoParams(LayerParams):
    """Nothing to set."""


class Activation(LayerType[P], Generic[P]):
    """A function of each number on its own; the shape stays.

    Attributes:
        flops_per_element: Usual count for the function, exponentials counted as one.
    """

    category = "Activation"
    icon = "activity"
    flops_per_element = 1

    def infer(self, params: P, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        return Inference(
            {"output": shape}, flops=elements_per_sample(shape) * self.flops_per_element
        )

    def constructor(self, params: P, inputs: Inputs) -> Constructor:
        return Constructor(f"nn.{self.type_name}", (), changed(params))


def changed(params: LayerParams, names: Collection[str] | None = None) -> dict[str, Argument]:
    """Return the parameters that differ from their defaults, which must be those of torch.

    Args:
        names: Which to look at; all without it.
    """
    defaults = type(params)()
    return {
        name: getattr(params, name)
        for name in names or type(params).model_fields
        if getattr(params, name) != getattr(defaults, name)
    }


class ReLU(Activation[NoParams]):
    type_name = "ReLU"
    name_stem = "relu"
    title = "ReLU"
    summary = "Keeps positive numbers and sets negative ones to zero."
    docs = "max(0, x). The usual first choice between convolutions."
    aliases = ("rectifier", "activation", "nonlinearity")
    keeps_for_backward = "output"
    Params = NoParams


class LeakyReLUParams(LayerParams):
    """Slope below zero."""

    negative_slope: float = param(
        0.01,
        "Negative slope",
        "Factor for numbers below zero.",
        minimum=0,
        maximum=100,
        on_card=True,
    )


class LeakyReLU(Activation[LeakyReLUParams]):
    type_name = "LeakyReLU"
    name_stem = "leaky_relu"
    title = "Leaky ReLU"
    summary = "Like ReLU, but lets a little of the negative numbers through."
    docs = "x where x > 0, else negative_slope · x. Its gradient never dies completely."
    aliases = ("rectifier", "activation", "nonlinearity", "prelu")
    flops_per_element = 2
    Params = LeakyReLUParams


class GELUParams(LayerParams):
    """Exact, or the faster approximation."""

    approximate: Literal["none", "tanh"] = param(
        "none", "Approximation", "Tanh is faster and slightly different.", is_advanced=True
    )


class GELU(Activation[GELUParams]):
    type_name = "GELU"
    name_stem = "gelu"
    title = "GELU"
    summary = "A smooth ReLU, usual in transformers."
    docs = "x · Φ(x) with Φ the normal distribution (Hendrycks and Gimpel, 2016)."
    aliases = ("activation", "nonlinearity", "transformer")
    flops_per_element = 5
    Params = GELUParams


class SiLU(Activation[NoParams]):
    type_name = "SiLU"
    name_stem = "silu"
    title = "SiLU"
    summary = "A smooth ReLU, also called swish."
    docs = "x · sigmoid(x). Usual in EfficientNet and in modern detectors."
    aliases = ("swish", "activation", "nonlinearity")
    flops_per_element = 4
    Params = NoParams


class Sigmoid(Activation[NoParams]):
    type_name = "Sigmoid"
    name_stem = "sigmoid"
    title = "Sigmoid"
    summary = "Squeezes every number into 0..1."
    docs = "1 / (1 + exp(−x)). Used for gates, and where several labels can hold at once."
    aliases = ("logistic", "activation", "nonlinearity", "gate")
    flops_per_element = 3
    keeps_for_backward = "output"
    Params = NoParams


class Tanh(Activation[NoParams]):
    type_name = "Tanh"
    name_stem = "tanh"
    title = "Tanh"
    summary = "Squeezes every number into −1..1."
    docs = "The hyperbolic tangent. LeNet-5 used it throughout."
    aliases = ("hyperbolic tangent", "activation", "nonlinearity")
    flops_per_element = 4
    keeps_for_backward = "output"
    Params = NoParams


def class_axis(shape: Shape) -> int:
    """Return the axis over which classes or channels lie: C where there is one, else the last."""
    for index, dim in enumerate(shape):
        if dim.axis == "C":
            return index
    return len(shape) - 1


class AlongClasses(Activation[NoParams]):
    """Compares the numbers of one axis: C where there is one, else the last."""

    inferred = {"dim": "Dimension"}
    icon = "chart-bar"
    flops_per_element = 3
    keeps_for_backward = "output"
    Params = NoParams

    def infer(self, params: NoParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        return Inference(
            {"output": shape},
            inferred={"dim": class_axis(shape)},
            flops=elements_per_sample(shape) * self.flops_per_element,
        )

    def constructor(self, params: NoParams, inputs: Inputs) -> Constructor:
        return Constructor(f"nn.{self.type_name}", (), {"dim": class_axis(inputs["input"])})


class Softmax(AlongClasses):
    type_name = "Softmax"
    name_stem = "softmax"
    title = "Softmax"
    summary = "Turns logits into probabilities that add up to 1."
    docs = (
        "Works over channels where there are channels, else over features. Training with "
        "cross-entropy needs logits, so a classifier is better off without it: predictions show "
        "probabilities either way."
    )
    aliases = ("probabilities", "activation", "softmaxLayer", "Softmax2d")


class LogSoftmax(AlongClasses):
    type_name = "LogSoftmax"
    name_stem = "log_softmax"
    title = "LogSoftmax"
    summary = "The logarithm of Softmax, computed without losing digits."
    docs = "For losses that take log-probabilities. Cross-entropy contains it already."
    aliases = ("log probabilities", "activation")
    flops_per_element = 4


class Softmin(AlongClasses):
    type_name = "Softmin"
    name_stem = "softmin"
    title = "Softmin"
    summary = "Softmax of the negated numbers: the smallest gets the most."
    docs = "Turns distances or costs into weights that add up to 1."
    aliases = ("probabilities", "distance", "activation")
    flops_per_element = 4


LAYERS = (
    ReLU(),
    LeakyReLU(),
    GELU(),
    SiLU(),
    Sigmoid(),
    Tanh(),
    Softmax(),
    LogSoftmax(),
    Softmin(),
)
