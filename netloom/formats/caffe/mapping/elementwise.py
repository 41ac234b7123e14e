"""Functions of each number, and those of several tensors of one shape."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from netloom.formats.caffe.mapping.kinds import Drawer, Drawers
from netloom.formats.caffe.sheet import Use, size_of
from netloom.formats.onnx.values import CannotMap, Flow
from netloom.graph.document import ParamValue
from netloom.layers.shapes import axes_of


def _plain(type_name: str) -> Drawer:
    return lambda use: use.add(type_name, [use.value])


def _relu(use: Use) -> Sequence[Flow]:
    slope = use.settings("relu_param").number("negative_slope")
    if slope:
        return use.add("LeakyReLU", [use.value], {"negative_slope": slope})
    return use.add("ReLU", [use.value])


def _elu(use: Use) -> Sequence[Flow]:
    return use.add("ELU", [use.value], {"alpha": use.settings("elu_param").number("alpha", 1.0)})


def _prelu(use: Use) -> Sequence[Flow]:
    is_shared = use.settings("prelu_param").flag("channel_shared")
    count = 1 if is_shared else size_of(use.value, 1)
    start = use.settings("prelu_param").inner("filler").number("value", 0.25)
    return use.add(
        "PReLU",
        [use.value],
        {"per_channel": not is_shared, "init": start},
        weights=use.weights(weight=(count,)),
        count=1,
    )


def _dropout(use: Use) -> Sequence[Flow]:
    p = use.settings("dropout_param").number("dropout_ratio", 0.5)
    return use.add("Dropout", [use.value], {"p": p})


def _swish(use: Use) -> Sequence[Flow]:
    beta = use.settings("swish_param").number("beta", 1.0)
    if beta == 1:
        return use.add("SiLU", [use.value])
    [scaled] = use.board.operator("multiply", [use.value], other=beta)
    [gate] = use.add("Sigmoid", [scaled])
    return use.board.operator("multiply", [use.value, gate])


def _power(use: Use) -> Sequence[Flow]:
    settings = use.settings("power_param")
    found = _line(use, settings.number("scale", 1.0), settings.number("shift"))
    power = settings.number("power", 1.0)
    return [found] if power == 1 else use.board.operator("pow", [found], exponent=power)


def _line(use: Use, scale: float, shift: float) -> Flow:
    flow = use.value
    if scale != 1:
        [flow] = use.board.operator("multiply", [flow], other=scale)
    if shift:
        [flow] = use.board.operator("add", [flow], other=shift)
    return use.board.operator("identity", [flow])[0] if flow is use.value else flow


def _exponential(use: Use) -> Sequence[Flow]:
    settings = use.settings("exp_param")
    factor = _log_of_base(settings.number("base", -1.0))
    scale, shift = settings.number("scale", 1.0), settings.number("shift")
    return use.board.operator("exp", [_line(use, scale * factor, shift * factor)])


def _logarithm(use: Use) -> Sequence[Flow]:
    settings = use.settings("log_param")
    factor = _log_of_base(settings.number("base", -1.0))
    line = _line(use, settings.number("scale", 1.0), settings.number("shift"))
    [found] = use.board.operator("log", [line])
    return [found] if factor == 1 else use.board.operator("multiply", [found], other=1 / factor)


def _log_of_base(base: float) -> float:
    if base == -1:
        return 1.0
    if base <= 0 or base == 1:
        raise CannotMap(f"{base} is no base of powers")
    return math.log(base)


def _threshold(use: Use) -> Sequence[Flow]:
    limit = use.settings("threshold_param").number("threshold")
    [found] = use.board.operator("greater", [use.value], other=limit, kinds=("boolean",))
    return use.board.operator("cast", [found], to="number", kinds=("number",))


def _clip(use: Use) -> Sequence[Flow]:
    settings = use.settings("clip_param")
    return use.board.operator(
        "clamp", [use.value], min=settings.number("min"), max=settings.number("max")
    )


def _softmax(use: Use) -> Sequence[Flow]:
    flow, axis = use.value, use.axis(use.settings("softmax_param"))
    if flow.shape is not None:
        letters = axes_of(flow.shape)
        at = letters.find("C") if "C" in letters else len(letters) - 1
        if at == axis and letters[axis] in "CF":
            return use.add("Softmax", [flow])
    return use.board.operator("softmax", [flow], dim=axis)


def _eltwise(use: Use) -> Sequence[Flow]:
    settings, flows = use.settings("eltwise_param"), [*use.inputs]
    kind = settings.text("operation", "SUM")
    if len(flows) < 2:
        raise CannotMap("it takes one tensor")
    params: dict[str, ParamValue] = {"num_inputs": len(flows)}
    if kind != "SUM":
        layers = {"PROD": "Multiply", "MAX": "Maximum", "MIN": "Minimum"}
        if kind not in layers:
            raise CannotMap(f"{kind[:50]} is not known")
        return _joined(use, layers[kind], flows, params)
    factors = settings.numbers("coeff")
    if factors.size and factors.size != len(flows):
        raise CannotMap(f"{factors.size} factors do not fit {len(flows)} tensors")
    if factors.tolist() == [1, -1]:
        return _joined(use, "Subtract", flows, params)
    if not np.isfinite(factors).all():
        raise CannotMap("a factor is no number")
    for at, factor in enumerate(factors.tolist()):
        if factor != 1:
            with use.sheet.named("factor"):
                [flows[at]] = use.board.operator("multiply", [flows[at]], other=factor)
    return _joined(use, "Add", flows, params)


def _joined(
    use: Use, type_name: str, flows: Sequence[Flow], params: dict[str, ParamValue]
) -> Sequence[Flow]:
    if len({flow.sizes for flow in flows}) > 1:
        raise CannotMap("the tensors have different sizes")
    return use.add(type_name, flows, params)


DRAWERS: Drawers = {
    "ReLU": _relu,
    "PReLU": _prelu,
    "ELU": _elu,
    "Sigmoid": _plain("Sigmoid"),
    "TanH": _plain("Tanh"),
    "BNLL": _plain("Softplus"),
    "ReLU6": _plain("ReLU6"),
    "Mish": _plain("Mish"),
    "Swish": _swish,
    "AbsVal": lambda use: use.board.operator("abs", [use.value]),
    "Power": _power,
    "Exp": _exponential,
    "Log": _logarithm,
    "Threshold": _threshold,
    "Clip": _clip,
    "Dropout": _dropout,
    "Softmax": _softmax,
    "Eltwise": _eltwise,
}
