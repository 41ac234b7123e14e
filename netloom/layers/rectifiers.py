"""Activations beside ReLU that leave positive numbers as they are."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from netloom.layers.activation import Activation, NoParams
from netloom.layers.base import (
    Constructor,
    Inference,
    Inputs,
    SetParams,
    ShapeProblem,
)
from netloom.layers.params import LayerParams, param
from netloom.layers.shapes import elements_per_sample, named_shape_text


class ReLU6(Activation[NoParams]):
    type_name = "ReLU6"
    name_stem = "relu6"
    title = "ReLU6"
    summary = "Like ReLU, but no number gets above 6."
    docs = "min(max(0, x), 6). Usual in networks for phones, because it survives coarse numbers."
    aliases = ("clipped relu", "clippedReluLayer", "mobilenet", "activation", "nonlinearity")
    flops_per_element = 2
    Params = NoParams


class ELUParams(LayerParams):
    """The form of the curve."""

    alpha: float = param(
        1.0, "Alpha", "How far down the curve goes.", minimum=0, maximum=100, on_card=True
    )


class ELU(Activation[ELUParams]):
    type_name = "ELU"
    name_stem = "elu"
    title = "ELU"
    summary = "Like ReLU, with a smooth curve down to −alpha."
    docs = "x where x > 0, else alpha · (exp(x) − 1) (Clevert, Unterthiner and Hochreiter, 2015)."
    aliases = ("exponential linear", "eluLayer", "activation", "nonlinearity")
    flops_per_element = 4
    Params = ELUParams


class CELUParams(LayerParams):
    """The form of the curve."""

    alpha: float = param(
        1.0, "Alpha", "How far down the curve goes.", minimum=0.001, maximum=100, on_card=True
    )


class CELU(Activation[CELUParams]):
    type_name = "CELU"
    name_stem = "celu"
    title = "CELU"
    summary = "An ELU whose slope is continuous for every alpha."
    docs = "max(0, x) + min(0, alpha · (exp(x / alpha) − 1)) (Barron, 2017)."
    aliases = ("exponential linear", "activation", "nonlinearity")
    flops_per_element = 5
    Params = CELUParams


class SELU(Activation[NoParams]):
    type_name = "SELU"
    name_stem = "selu"
    title = "SELU"
    summary = "An ELU with constants that keep mean and variance by themselves."
    docs = (
        "For deep networks of Linear layers without normalisation (Klambauer et al., 2017); "
        "AlphaDropout goes with it."
    )
    aliases = ("self normalizing", "activation", "nonlinearity")
    flops_per_element = 5
    Params = NoParams


class RReLUParams(LayerParams):
    """Limits."""

    lower: float = param(
        0.125, "Lower limit", "Smallest slope.", minimum=0, maximum=1, on_card=True
    )
    upper: float = param(
        0.3333333333333333, "Upper limit", "Largest slope.", minimum=0, maximum=1, on_card=True
    )

    @model_validator(mode="after")
    def _limits_are_in_order(self) -> Self:
        if self.lower > self.upper:
            raise ValueError("the lower limit must not be above the upper one")
        return self


class RReLU(Activation[RReLUParams]):
    type_name = "RReLU"
    name_stem = "rrelu"
    title = "RReLU"
    summary = "A leaky ReLU with a random slope in training."
    docs = (
        "The slope below zero is drawn between two limits in training, and is their mean in "
        "prediction."
    )
    aliases = ("randomized leaky relu", "activation", "nonlinearity")
    flops_per_element = 2
    Params = RReLUParams


class PReLUParams(LayerParams):
    """One slope, or one for each channel."""

    per_channel: bool = param(
        False, "One slope per channel", "Else all channels share one.", on_card=True
    )
    init: float = param(
        0.25,
        "First slope",
        "Slope below zero before training.",
        minimum=-100,
        maximum=100,
        is_advanced=True,
    )


class PReLU(Activation[PReLUParams]):
    type_name = "PReLU"
    name_stem = "prelu"
    title = "PReLU"
    summary = "A leaky ReLU whose slope is learned."
    docs = "x where x > 0, else a learned factor times x (He et al., 2015)."
    aliases = ("parametric relu", "leaky", "preluLayer", "activation", "nonlinearity")
    flops_per_element = 2
    inferred = {"num_parameters": "Slopes"}
    has_weights = True
    Params = PReLUParams

    def infer(self, params: PReLUParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        count = shape[1].size if params.per_channel else 1
        if not isinstance(count, int) or (params.per_channel and shape[1].axis not in ("C", "F")):
            return ShapeProblem(
                "A slope per channel needs channels behind the batch but PReLU receives "
                f"{named_shape_text(shape)}.",
                port="input",
                param="per_channel",
                suggestions=(SetParams("Use one slope", {"per_channel": None}),),
            )
        return Inference(
            {"output": shape},
            inferred={"num_parameters": count},
            parameters={"weight": (count,)},
            flops=elements_per_sample(shape) * self.flops_per_element,
        )

    def constructor(self, params: PReLUParams, inputs: Inputs) -> Constructor:
        count = inputs["input"][1].size if params.per_channel else 1
        kwargs = {} if params.init == PReLUParams().init else {"init": params.init}
        if not params.per_channel or not isinstance(count, int):
            return Constructor("nn.PReLU", (), kwargs)
        return Constructor("nn.PReLU", (count,), kwargs)


LAYERS = (
    PReLU(),
    ReLU6(),
    ELU(),
    CELU(),
    SELU(),
    RReLU(),
)
