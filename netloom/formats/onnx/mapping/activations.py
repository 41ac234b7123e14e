"""Activations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from netloom.formats.onnx.mapping.state import Map, Maps, State, as_float32, axis_of
from netloom.formats.onnx.node import Op
from netloom.formats.onnx.values import CannotMap, Flow, Known, Value
from netloom.layers.shapes import axes_of


def _layer(type_name: str, attributes: Mapping[str, tuple[str, float]] | None = None) -> Map:
    """Map to a layer.

    Args:
        attributes: Parameter and default by the attribute's name.
    """

    def draw(state: State, op: Op) -> Sequence[Value]:
        params = {
            param: op.float(name, default) for name, (param, default) in (attributes or {}).items()
        }
        return state.board.add(type_name, [state.board.number(state.flow(op.input(0)))], params)

    return draw


def _softmax(name: str) -> Map:
    def draw(state: State, op: Op) -> Sequence[Value]:
        flow = state.flow(op.input(0))
        rank = len(flow.sizes)
        if rank == 0:
            raise CannotMap("a single number has no shares")
        if op.version >= 13:
            return _along(state, name, flow, axis_of(op.int("axis", -1), rank))
        at = axis_of(op.int("axis", 1), rank)
        if at == rank - 1 or all(size == 1 for size in flow.sizes[at + 1 :]):
            return _along(state, name, flow, at)
        sizes = flow.sizes
        [flat] = state.board.operator("flatten", [flow], start_dim=at, end_dim=-1)
        [shares] = _along(state, name, flat, at)
        if any(not isinstance(size, int) for size in sizes[at:]):
            raise CannotMap("sizes depend on the data")
        from netloom.formats.onnx.mapping.shaping import reshaped

        return [reshaped(state, shares, list(sizes))]

    return draw


def _along(state: State, name: str, flow: Flow, at: int) -> list[Flow]:
    if at == len(flow.sizes) - 1 and flow.shape and axes_of(flow.shape) in ("BF", "BTF"):
        before = len(state.board.planned)
        try:
            layer = {"softmax": "Softmax", "log_softmax": "LogSoftmax"}[name]
            return state.board.add(layer, [flow])
        except CannotMap:
            state.board.take_back(before)
    return state.board.operator(name, [flow], dim=at)


def _hardmax(state: State, op: Op) -> Sequence[Value]:
    flow = state.flow(op.input(0))
    rank = len(flow.sizes)
    at = axis_of(op.int("axis", -1 if op.version >= 13 else 1), rank)
    if op.version < 13 and at != rank - 1:
        raise CannotMap("hardmax over several axes")
    count = flow.sizes[at]
    if not isinstance(count, int):
        raise CannotMap("the number of classes depends on the data")
    if rank < 2:
        raise CannotMap("a single axis has no others")
    [largest] = state.board.operator("argmax", [flow], dim=at, kinds=("integer",))
    [ones] = state.board.operator("one_hot", [largest], num_classes=count)
    [numbers] = state.board.operator("cast", [ones], to="number", kinds=("number",))
    order = [*range(rank - 1)]
    order.insert(at, rank - 1)
    if order == list(range(rank)):
        return [numbers]
    return state.board.operator("permute", [numbers], dims=order)


def _prelu(state: State, op: Op) -> Sequence[Value]:
    flow = state.flow(op.input(0))
    slope = op.input(1)
    if isinstance(slope, Known) and not slope.is_symbolic:
        array = as_float32(slope.array)
        channels = flow.sizes[1] if len(flow.sizes) > 1 else None
        per_channel = (
            array.size == channels
            and array.ndim >= len(flow.sizes) - 1 - (op.version < 7)
            and array.shape[:1] == (array.size,)
        )
        if op.version < 7 and array.ndim == 1:
            per_channel = array.size == channels
        before = len(state.board.planned)
        try:
            if array.size == 1:
                return state.board.add("PReLU", [flow], weights={"weight": array.reshape(1)})
            if per_channel:
                return state.board.add(
                    "PReLU", [state.board.usual(flow)], {"per_channel": True},
                    weights={"weight": array.reshape(-1)},
                )  # fmt: skip
        except CannotMap:
            state.board.take_back(before)
    board = state.board
    [positive] = board.operator("clamp", [flow], min=0.0)
    [negative] = board.operator("clamp", [flow], max=0.0)
    [sloped] = board.operator("multiply", [negative, state.flow(slope)])
    return board.operator("add", [positive, sloped])


def _celu(state: State, op: Op) -> Sequence[Value]:
    return state.board.add("CELU", [state.flow(op.input(0))], {"alpha": op.float("alpha", 1.0)})


def _gelu(state: State, op: Op) -> Sequence[Value]:
    how = op.text("approximate", "none")
    return state.board.add("GELU", [state.flow(op.input(0))], {"approximate": how})


def _selu(state: State, op: Op) -> Sequence[Value]:
    alpha, gamma = op.float("alpha", 1.67326319), op.float("gamma", 1.05070102)
    flow = state.flow(op.input(0))
    if abs(alpha - 1.67326319) < 1e-5 and abs(gamma - 1.05070102) < 1e-5:
        return state.board.add("SELU", [flow])
    [found] = state.board.add("ELU", [flow], {"alpha": alpha})
    return state.board.operator("multiply", [found], other=gamma)


def _hard_sigmoid(state: State, op: Op) -> Sequence[Value]:
    alpha, beta = op.float("alpha", 0.2), op.float("beta", 0.5)
    flow, board = state.flow(op.input(0)), state.board
    if abs(alpha - 1 / 6) < 1e-6 and beta == 0.5:
        return board.add("Hardsigmoid", [flow])
    [scaled] = board.operator("multiply", [flow], other=alpha)
    [moved] = board.operator("add", [scaled], other=beta)
    return board.operator("clamp", [moved], min=0.0, max=1.0)


def _thresholded(state: State, op: Op) -> Sequence[Value]:
    flow = state.flow(op.input(0))
    params = {"threshold": op.float("alpha", 1.0), "value": 0.0}
    return state.board.add("Threshold", [flow], params)


def _shrink(state: State, op: Op) -> Sequence[Value]:
    bias, edge = op.float("bias", 0.0), op.float("lambd", 0.5)
    flow = state.flow(op.input(0))
    if bias == edge:
        return state.board.add("Softshrink", [flow], {"lambd": edge})
    if bias == 0:
        return state.board.add("Hardshrink", [flow], {"lambd": edge})
    raise CannotMap("the bias is neither 0 nor the limit")


def _swish(state: State, op: Op) -> Sequence[Value]:
    alpha = op.float("alpha", 1.0)
    flow, board = state.flow(op.input(0)), state.board
    if alpha == 1:
        return board.add("SiLU", [flow])
    [scaled] = board.operator("multiply", [flow], other=alpha)
    [gate] = board.add("Sigmoid", [scaled])
    return board.operator("multiply", [flow, gate])


MAPS: Maps = {
    "Relu": _layer("ReLU"),
    "Sigmoid": _layer("Sigmoid"),
    "Tanh": _layer("Tanh"),
    "Softplus": _layer("Softplus"),
    "Softsign": _layer("Softsign"),
    "Mish": _layer("Mish"),
    "HardSwish": _layer("Hardswish"),
    "LeakyRelu": _layer("LeakyReLU", {"alpha": ("negative_slope", 0.01)}),
    "Elu": _layer("ELU", {"alpha": ("alpha", 1.0)}),
    "Celu": _celu,
    "Gelu": _gelu,
    "Selu": _selu,
    "HardSigmoid": _hard_sigmoid,
    "ThresholdedRelu": _thresholded,
    "Shrink": _shrink,
    "Swish": _swish,
    "PRelu": _prelu,
    "Softmax": _softmax("softmax"),
    "LogSoftmax": _softmax("log_softmax"),
    "Hardmax": _hardmax,
}
