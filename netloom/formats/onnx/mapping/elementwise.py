"""Arithmetic, comparisons and choices, number by number."""

from __future__ import annotations

import math
from collections.abc import Sequence

from netloom.formats.onnx.mapping.linear import with_bias
from netloom.formats.onnx.mapping.state import Map, Maps, State
from netloom.formats.onnx.node import Op
from netloom.formats.onnx.values import CannotMap, Flow, Known, Value, kind_of_elem
from netloom.graph.document import ParamValue
from netloom.layers.operators.naming import Kind
from netloom.layers.shapes import axes_of


def _unary(name: str, kind: Kind | None = None) -> Map:
    def draw(state: State, op: Op) -> Sequence[Value]:
        return state.board.operator(name, [state.flow(op.input(0))], kinds=(kind,) if kind else ())

    return draw


def _scalar(value: Value) -> float | None:
    """Return the only number of a known tensor that makes nothing larger; None for others."""
    if not isinstance(value, Known) or value.is_symbolic or value.array.size != 1:
        return None
    if value.array.ndim > 1 or value.array.dtype.kind not in "fiu":
        return None
    number = float(value.array.reshape(-1)[0])
    return number if math.isfinite(number) else None


def _binary(
    name: str, *, kind: Kind | None = None, turned: str = "", layer: str = "", legacy: bool = True
) -> Map:
    """Map an operation on two tensors.

    Args:
        turned: The operator that does the same with its operands the other way round.
        layer: The layer type for two tensors of one shape that flow.
    """

    def draw(state: State, op: Op) -> Sequence[Value]:
        left, right = op.input(0), op.input(1)
        if legacy and op.version < 7:
            right = _aligned(op, left, right)
        kinds: tuple[Kind, ...] = (kind,) if kind else ()
        if isinstance(left, Flow) and (number := _scalar(right)) is not None and left.sizes:
            return state.board.operator(name, [left], other=number, kinds=kinds)
        if (
            isinstance(right, Flow)
            and (number := _scalar(left)) is not None
            and right.sizes
            and turned
        ):
            return state.board.operator(turned, [right], other=number, kinds=kinds)
        if layer and _are_alike(left, right):
            before = len(state.board.planned)
            try:
                return state.board.add(layer, [state.flow(left), state.flow(right)])
            except CannotMap:
                state.board.take_back(before)
        return state.board.operator(name, [state.flow(left), state.flow(right)], kinds=kinds)

    return draw


_ADD = _binary("add", turned="add", layer="Add")


def _add(state: State, op: Op) -> Sequence[Value]:
    return with_bias(state, op, op.input(0), op.input(1)) or _ADD(state, op)


def _are_alike(one: Value, other: Value) -> bool:
    """Say whether both have the same sizes, axes of the same names, and numbers."""
    if not isinstance(one, Flow) or not isinstance(other, Flow):
        return False
    if one.shape is None or other.shape is None or len(one.sizes) < 2:
        return False
    is_number = one.kind == other.kind == "number"
    return is_number and one.sizes == other.sizes and axes_of(one.shape) == axes_of(other.shape)


def _aligned(op: Op, left: Value, right: Value) -> Value:
    """Lay out the second operand as version 6 and before repeat it, from an axis on."""
    if not op.int("broadcast", 0) or "axis" not in op.attributes:
        return right
    rank = len(left.sizes) if isinstance(left, Flow) else left.array.ndim
    if not isinstance(right, Known):
        raise CannotMap("repeating from an axis on needs a constant here")
    behind = rank - op.int("axis") % max(rank, 1) - right.array.ndim
    if behind < 0:
        raise CannotMap("the second operand does not fit")
    return Known(right.array.reshape((*right.array.shape, *[1] * behind)), right.name)


def _divide(state: State, op: Op) -> Sequence[Value]:
    left, right = op.input(0), op.input(1)
    if "integer" in (_kind(left), _kind(right)):
        return state.board.operator("divide_whole", [state.flow(left), state.flow(right)])
    return _binary("divide")(state, op)


def _kind(value: Value) -> str:
    if isinstance(value, Flow):
        return value.kind
    return "integer" if value.is_symbolic or value.array.dtype.kind in "iu" else "number"


def _modulo(state: State, op: Op) -> Sequence[Value]:
    if op.int("fmod", 0):
        return state.board.operator("fmod", [state.flow(op.input(0)), state.flow(op.input(1))])
    return _binary("remainder")(state, op)


def _power(state: State, op: Op) -> Sequence[Value]:
    base, exponent = op.input(0), op.input(1)
    number = _scalar(exponent)
    if isinstance(base, Flow) and number is not None and base.kind == "number":
        if number == 2:
            return state.board.operator("square", [base])
        return state.board.operator("pow", [base], exponent=number)
    found = state.board.operator("power", [state.flow(base), state.flow(exponent)])
    if _kind(base) == "integer" and _kind(exponent) == "number":
        return state.board.operator("cast", found, to="integer", kinds=("integer",))
    return found


def _chain(name: str, layer: str = "") -> Map:
    """Map an operation on any number of tensors, pair by pair."""

    def draw(state: State, op: Op) -> Sequence[Value]:
        flows = [state.flow(value) for value in op.inputs if value is not None]
        if not flows:
            raise CannotMap("nothing arrives")
        sizes = {flow.sizes for flow in flows}
        is_mean = op.kind == "Mean"
        if layer and len(flows) > 1 and len(sizes) == 1 and len(flows[0].sizes) > 1:
            before = len(state.board.planned)
            try:
                return state.board.add(layer, flows, {"num_inputs": len(flows)})
            except CannotMap:
                state.board.take_back(before)
        found = flows[0]
        for flow in flows[1:]:
            [found] = state.board.operator(name, [found, flow])
        if is_mean and len(flows) > 1:
            [found] = state.board.operator("divide", [found], other=float(len(flows)))
        return [found]

    return draw


def _clip(state: State, op: Op) -> Sequence[Value]:
    flow = state.flow(op.input(0))
    low, high = op.attributes.get("min"), op.attributes.get("max")
    if op.version >= 11:
        bounds = [op.maybe(1), op.maybe(2)]
        if any(isinstance(each, Flow) for each in bounds):
            for each, name in zip(bounds, ("maximum", "minimum"), strict=True):
                if each is not None:
                    [flow] = state.board.operator(name, [flow, state.flow(each)])
            return [flow]
        low, high = (
            None if each is None else float(op.array(index).reshape(-1)[0])
            for index, each in enumerate(bounds, start=1)
        )
    limits = [
        float(each) if isinstance(each, int | float) and abs(each) < 3.4e38 else None
        for each in (low, high)
    ]
    if limits == [0.0, 6.0]:
        return state.board.add("ReLU6", [state.board.number(flow)])
    if limits == [0.0, None]:
        return state.board.add("ReLU", [state.board.number(flow)])
    if limits == [None, None]:
        return [flow]
    if None not in limits and (limits[0] or 0) > (limits[1] or 0):
        limits = [limits[1], limits[1]]
    return state.board.operator("clamp", [flow], min=limits[0], max=limits[1])


def _cast(state: State, op: Op) -> Sequence[Value]:
    flow = state.flow(op.input(0))
    like = op.kind == "CastLike"
    if like:
        other = op.input(1)
        kind: Kind = _told(other)
    else:
        kind = kind_of_elem(op.int("to", 1))
    if kind == flow.kind:
        return [flow]
    if flow.kind == "number" and kind == "integer" and not like and op.int("to") in (2, 3, 4, 5):
        raise CannotMap("casts to small whole numbers wrap around")
    return state.board.operator("cast", [flow], to=kind, kinds=(kind,))


def _told(value: Value) -> Kind:
    if isinstance(value, Flow):
        return value.kind
    if value.array.dtype == bool:
        return "boolean"
    return "integer" if value.is_symbolic or value.array.dtype.kind in "iu" else "number"


def _where(state: State, op: Op) -> Sequence[Value]:
    condition, one, other = (state.flow(op.input(index)) for index in range(3))
    if one.kind != other.kind:
        raise CannotMap("both choices must hold numbers of one kind")
    kind = one.kind
    one, other = (state.board.number(each) if each.kind != "boolean" else each
                  for each in (one, other))  # fmt: skip
    return state.board.operator("where", [condition, one, other], kinds=(kind,))


def _is_infinite(state: State, op: Op) -> Sequence[Value]:
    signs = (op.int("detect_negative", 1), op.int("detect_positive", 1))
    name = {(1, 1): "isinf", (0, 1): "isposinf", (1, 0): "isneginf"}.get(signs)
    flow = state.flow(op.input(0))
    if name is None:
        raise CannotMap("neither infinity is looked for")
    return state.board.operator(name, [flow], kinds=("boolean",))


def _identity(_: State, op: Op) -> Sequence[Value]:
    return [op.input(0)]


def _dropout(state: State, op: Op) -> Sequence[Value]:
    flow = state.flow(op.input(0))
    ratio = op.float("ratio", 0.5)
    training = op.version >= 12 and op.has_input(2) and bool(op.array(2).reshape(-1)[0])
    if op.version >= 12:
        ratio = float(op.array(1).reshape(-1)[0]) if op.has_input(1) else 0.5
    if training and ratio > 0:
        raise CannotMap("numbers are left out at random even outside of training")
    params: dict[str, ParamValue] = {"p": min(max(ratio, 0.0), 1.0)}
    [found] = state.board.add("Dropout", [state.board.number(flow)], params)
    if not op.gives(1):
        return [found]
    # Everything stays: yes for each number, and for what is none.
    [odd] = state.board.operator("isnan", [flow], kinds=("boolean",))
    [even] = state.board.operator("logical_not", [odd], kinds=("boolean",))
    return [found, *state.board.operator("logical_or", [odd, even], kinds=("boolean",))]


def _flows_twice(name: str, kinds: tuple[Kind, ...]) -> Map:
    def draw(state: State, op: Op) -> Sequence[Value]:
        return state.board.operator(
            name, [state.flow(op.input(0)), state.flow(op.input(1))], kinds=kinds
        )

    return draw


_SAME = {
    "Abs": "abs", "Neg": "neg", "Exp": "exp", "Log": "log", "Sqrt": "sqrt",
    "Reciprocal": "reciprocal", "Erf": "erf", "Sin": "sin", "Cos": "cos", "Tan": "tan",
    "Atan": "atan", "Sign": "sign", "Floor": "floor", "Ceil": "ceil", "Round": "round",
    "Asin": "asin", "Acos": "acos", "Sinh": "sinh", "Cosh": "cosh", "Asinh": "asinh",
    "Acosh": "acosh", "Atanh": "atanh",
}  # fmt: skip

MAPS: Maps = {
    **{name: _unary(function) for name, function in _SAME.items()},
    "IsNaN": _unary("isnan", "boolean"),
    "IsInf": _is_infinite,
    "Not": _unary("logical_not", "boolean"),
    "Add": _add,
    "Sub": _binary("subtract", turned="subtract_from", layer="Subtract"),
    "Mul": _binary("multiply", turned="multiply", layer="Multiply"),
    "Div": _divide,
    "Mod": _modulo,
    "Pow": _power,
    "Equal": _binary("equal", kind="boolean", turned="equal"),
    "Less": _binary("less", kind="boolean", turned="greater"),
    "LessOrEqual": _binary("less_equal", kind="boolean", turned="greater_equal"),
    "Greater": _binary("greater", kind="boolean", turned="less"),
    "GreaterOrEqual": _binary("greater_equal", kind="boolean", turned="less_equal"),
    **{
        name: _flows_twice(function, ("boolean",))
        for name, function in (("And", "logical_and"), ("Or", "logical_or"), ("Xor", "logical_xor"))
    },
    "Max": _chain("maximum", "Maximum"),
    "Min": _chain("minimum", "Minimum"),
    "Sum": _chain("add", "Add"),
    "Mean": _chain("add", "Average"),
    "Clip": _clip,
    "Cast": _cast,
    "CastLike": _cast,
    "Where": _where,
    "Identity": _identity,
    "Dropout": _dropout,
}
