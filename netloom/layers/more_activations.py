"""The activations of torch beside the usual ones, each a function of every number on its own."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from netloom.layers.activation import Activation, NoParams, class_axis
from netloom.layers.base import (
    Constructor,
    Inference,
    Inputs,
    LayerType,
    SetParams,
    ShapeProblem,
)
from netloom.layers.params import LayerParams, param
from netloom.layers.shapes import Dim, elements_per_sample, exact_divide, named_shape_text

_LARGE = 1_000_000_000


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
        minimum=-_LARGE,
        maximum=_LARGE,
        on_card=True,
    )
    max_val: float = param(
        1.0,
        "Upper limit",
        "Larger numbers become this.",
        minimum=-_LARGE,
        maximum=_LARGE,
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


class HardshrinkParams(LayerParams):
    """The form of the curve."""

    lambd: float = param(
        0.5, "Lambda", "What counts as near zero.", minimum=0, maximum=_LARGE, on_card=True
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
        0.5, "Lambda", "How much is taken off.", minimum=0, maximum=_LARGE, on_card=True
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
        minimum=-_LARGE,
        maximum=_LARGE,
        on_card=True,
    )
    value: float = param(
        0.0, "Value", "What they are replaced by.", minimum=-_LARGE, maximum=_LARGE, on_card=True
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


LAYERS = (
    PReLU(),
    ReLU6(),
    ELU(),
    CELU(),
    SELU(),
    RReLU(),
    Mish(),
    Softplus(),
    Softsign(),
    LogSigmoid(),
    Hardsigmoid(),
    Hardswish(),
    Hardtanh(),
    Hardshrink(),
    Softshrink(),
    Tanhshrink(),
    Threshold(),
    GLU(),
)
