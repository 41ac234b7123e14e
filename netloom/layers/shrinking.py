"""Activations that set numbers near zero, or below a threshold, to one value."""

from __future__ import annotations

from netloom.layers.activation import Activation, NoParams
from netloom.layers.base import (
    Constructor,
    Inputs,
)
from netloom.layers.params import MAX_SIZE, LayerParams, param


class HardshrinkParams(LayerParams):
    """The form of the curve."""

    lambd: float = param(
        0.5, "Lambda", "What counts as near zero.", minimum=0, maximum=MAX_SIZE, on_card=True
    )


class Hardshrink(Activation[HardshrinkParams]):
    type_name = "Hardshrink"
    name_stem = "hardshrink"
    title = "Hardshrink"
    summary = "Sets numbers near zero to zero."
    docs = "x where |x| > lambda, else 0."
    aliases = ("sparse", "threshold", "activation", "nonlinearity")
    flops_per_element = 2
    Params = HardshrinkParams


class SoftshrinkParams(LayerParams):
    """The form of the curve."""

    lambd: float = param(
        0.5, "Lambda", "How much is taken off.", minimum=0, maximum=MAX_SIZE, on_card=True
    )


class Softshrink(Activation[SoftshrinkParams]):
    type_name = "Softshrink"
    name_stem = "softshrink"
    title = "Softshrink"
    summary = "Moves every number towards zero, and small ones onto it."
    docs = "Takes lambda off the size of each number; what is left of sparse coding."
    aliases = ("sparse", "soft threshold", "activation", "nonlinearity")
    flops_per_element = 3
    Params = SoftshrinkParams


class Tanhshrink(Activation[NoParams]):
    type_name = "Tanhshrink"
    name_stem = "tanhshrink"
    title = "Tanhshrink"
    summary = "A number less its Tanh: flat around zero."
    docs = "x − tanh(x)."
    aliases = ("sparse", "activation", "nonlinearity")
    flops_per_element = 5
    Params = NoParams


class ThresholdParams(LayerParams):
    """Where numbers are replaced, and by what."""

    threshold: float = param(
        0.0,
        "Threshold",
        "Numbers up to it are replaced.",
        minimum=-MAX_SIZE,
        maximum=MAX_SIZE,
        on_card=True,
    )
    value: float = param(
        0.0,
        "Value",
        "What they are replaced by.",
        minimum=-MAX_SIZE,
        maximum=MAX_SIZE,
        on_card=True,
    )


class Threshold(Activation[ThresholdParams]):
    type_name = "Threshold"
    name_stem = "threshold"
    title = "Threshold"
    summary = "Replaces numbers up to a threshold by a value."
    docs = "x where x > threshold, else the value. With 0 and 0 it is ReLU."
    aliases = ("cut off", "activation", "nonlinearity")
    Params = ThresholdParams

    def constructor(self, params: ThresholdParams, inputs: Inputs) -> Constructor:
        return Constructor("nn.Threshold", (params.threshold, params.value))


LAYERS = (
    Hardshrink(),
    Softshrink(),
    Tanhshrink(),
    Threshold(),
)
