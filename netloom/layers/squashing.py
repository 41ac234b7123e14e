"""Activations that squeeze numbers into a range, or bend smoothly around zero."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from netloom.layers.activation import Activation, NoParams
from netloom.layers.params import MAX_SIZE, LayerParams, param


class Mish(Activation[NoParams]):
    type_name = "Mish"
    name_stem = "mish"
    title = "Mish"
    summary = "A smooth activation that lets a little of the negative numbers through."
    docs = "x · tanh(softplus(x)) (Misra, 2019); YOLOv4 uses it."
    aliases = ("yolo", "activation", "nonlinearity")
    flops_per_element = 8
    Params = NoParams


class SoftplusParams(LayerParams):
    """Limits."""

    beta: float = param(
        1.0, "Beta", "Larger values come closer to ReLU.", minimum=0.001, maximum=1000, on_card=True
    )
    threshold: float = param(
        20.0,
        "Threshold",
        "Above it the function is taken for linear.",
        minimum=0,
        maximum=1000,
        on_card=True,
    )


class Softplus(Activation[SoftplusParams]):
    type_name = "Softplus"
    name_stem = "softplus"
    title = "Softplus"
    summary = "A smooth ReLU that is always above zero."
    docs = "log(1 + exp(beta · x)) / beta: for outputs that must be positive, such as a variance."
    aliases = ("smooth relu", "positive", "softplusLayer", "activation", "nonlinearity")
    flops_per_element = 4
    Params = SoftplusParams


class Softsign(Activation[NoParams]):
    type_name = "Softsign"
    name_stem = "softsign"
    title = "Softsign"
    summary = "Squeezes every number into −1..1, more slowly than Tanh."
    docs = "x / (1 + |x|)."
    aliases = ("squash", "activation", "nonlinearity")
    flops_per_element = 3
    Params = NoParams


class LogSigmoid(Activation[NoParams]):
    type_name = "LogSigmoid"
    name_stem = "log_sigmoid"
    title = "LogSigmoid"
    summary = "The logarithm of Sigmoid, computed without losing digits."
    docs = "log(1 / (1 + exp(−x))): log-probabilities where several labels can hold at once."
    aliases = ("log probability", "activation", "nonlinearity")
    flops_per_element = 4
    Params = NoParams


class Hardsigmoid(Activation[NoParams]):
    type_name = "Hardsigmoid"
    name_stem = "hardsigmoid"
    title = "Hardsigmoid"
    summary = "A Sigmoid made of straight lines."
    docs = "0 below −3, 1 above 3, straight in between: fast, and exact in coarse numbers."
    aliases = ("gate", "mobilenet", "activation", "nonlinearity")
    flops_per_element = 3
    Params = NoParams


class Hardswish(Activation[NoParams]):
    type_name = "Hardswish"
    name_stem = "hardswish"
    title = "Hardswish"
    summary = "A SiLU made of straight lines."
    docs = "x · hardsigmoid(x) (MobileNetV3)."
    aliases = ("hard swish", "mobilenet", "activation", "nonlinearity")
    flops_per_element = 4
    Params = NoParams


class HardtanhParams(LayerParams):
    """Limits."""

    min_val: float = param(
        -1.0,
        "Lower limit",
        "Smaller numbers become this.",
        minimum=-MAX_SIZE,
        maximum=MAX_SIZE,
        on_card=True,
    )
    max_val: float = param(
        1.0,
        "Upper limit",
        "Larger numbers become this.",
        minimum=-MAX_SIZE,
        maximum=MAX_SIZE,
        on_card=True,
    )

    @model_validator(mode="after")
    def _limits_are_in_order(self) -> Self:
        if self.min_val >= self.max_val:
            raise ValueError("the lower limit must be below the upper one")
        return self


class Hardtanh(Activation[HardtanhParams]):
    type_name = "Hardtanh"
    name_stem = "hardtanh"
    title = "Hardtanh"
    summary = "Cuts numbers off at a lower and an upper limit."
    docs = "Straight in between: a Tanh made of straight lines."
    aliases = ("clip", "clamp", "clippedReluLayer", "activation", "nonlinearity")
    flops_per_element = 2
    Params = HardtanhParams


LAYERS = (
    Mish(),
    Softplus(),
    Softsign(),
    LogSigmoid(),
    Hardsigmoid(),
    Hardswish(),
    Hardtanh(),
)
