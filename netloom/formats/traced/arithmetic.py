"""Functions on numbers, and those that compare or add up along axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from netloom.formats.traced.context import (
    CannotMap,
    Context,
    Drawn,
    bound,
    whole,
    wholes,
)
from netloom.formats.traced.merging import Step
from netloom.formats.traced.sketch import Value, kind_of_type
from netloom.graph.document import ParamValue
from netloom.layers.shapes import axes_of

Mapping_ = Callable[[Context, Step], Drawn]
_BETWEEN: Mapping[str, tuple[str | None, str]] = {
    "add": ("Add", "add"),
    "sub": ("Subtract", "subtract"),
    "mul": ("Multiply", "multiply"),
    "div": ("Divide", "divide"),
    "maximum": ("Maximum", ""),
    "minimum": ("Minimum", ""),
    "remainder": (None, "remainder"),
    "eq": (None, "equal"),
    "ne": (None, "not_equal"),
    "lt": (None, "less"),
    "le": (None, "less_equal"),
    "gt": (None, "greater"),
    "ge": (None, "greater_equal"),
    "logical_and": (None, "logical_and"),
    "logical_or": (None, "logical_or"),
}
_SWAPPED = {"add": "add", "mul": "multiply", "sub": "subtract_from", "eq": "equal",
            "ne": "not_equal", "lt": "greater", "gt": "less", "le": "greater_equal",
            "ge": "less_equal"}  # fmt: skip


def _between(name: str) -> Mapping_:
    layer, op = _BETWEEN[name]

    def draw(context: Context, step: Step) -> Drawn:
        given = bound(step, "input", "other", alpha=1, rounding_mode=None)
        if given["alpha"] != 1 or given["rounding_mode"] is not None:
            raise CannotMap("the factor or the rounding is not supported")
        left = context.operand(given["input"], step)
        right = context.operand(given["other"], step)
        return join(context, step, name, layer, op, left, right)

    return draw


def join(
    context: Context,
    step: Step,
    name: str,
    layer: str | None,
    op: str,
    left: Value | float,
    right: Value | float,
) -> Drawn:
    """Draw what is computed of two operands, one of which may be a number."""
    if isinstance(left, Value) and isinstance(right, Value):
        found = context.layer(step, layer, [left, right]) if layer else None
        return found or (context.operator(step, op, [left, right]) if op else None)
    if isinstance(left, Value):
        return context.operator(step, op, [left], other=right) if op else None
    if isinstance(right, Value):
        if name == "div":
            return _number_over(context, step, left, right)
        swapped = _SWAPPED.get(name)
        return context.operator(step, swapped, [right], other=left) if swapped else None
    return None


def _number_over(context: Context, step: Step, number: float, value: Value) -> Drawn:
    inverse = context.operator(step, "reciprocal", [value])
    if number == 1 or inverse is None:
        return inverse
    return context.operator(step, "multiply", inverse, other=number)


def _reversed(name: str) -> Mapping_:
    layer, op = _BETWEEN[name]

    def draw(context: Context, step: Step) -> Drawn:
        given = bound(step, "input", "other")
        right = context.operand(given["input"], step)
        left = context.operand(given["other"], step)
        return join(context, step, name, layer, op, left, right)

    return draw


def _unary(op: str) -> Mapping_:
    def draw(context: Context, step: Step) -> Drawn:
        return context.operator(step, op, [context.flow(bound(step, "input")["input"])])

    return draw


def _activation(type_name: str, **defaults: object) -> Mapping_:
    def draw(context: Context, step: Step) -> Drawn:
        given = bound(step, "input", **defaults, inplace=False, training=False)
        names = {"lambd"} & defaults.keys()
        params = {key: cast("ParamValue", given[key]) for key in defaults if key not in names}
        return context.layer(step, type_name, [context.flow(given["input"])], params)

    return draw


def _power(context: Context, step: Step) -> Drawn:
    given = bound(step, "input", "exponent")
    if not isinstance(given["exponent"], int | float):
        raise CannotMap("only powers that are numbers are supported")
    return context.operator(step, "pow", [context.flow(given["input"])], exponent=given["exponent"])


def _clamp(context: Context, step: Step) -> Drawn:
    given = bound(step, "input", min=None, max=None)
    limits = (given["min"], given["max"])
    if not all(each is None or isinstance(each, int | float) for each in limits):
        raise CannotMap("only limits that are numbers are supported")
    flow = context.flow(given["input"])
    return context.operator(step, "clamp", [flow], min=given["min"], max=given["max"])


def _reduce(layer: str | None, op: str) -> Mapping_:
    def draw(context: Context, step: Step) -> Drawn:
        given = bound(step, "input", dim=None, keepdim=False, dtype=None)
        flow = context.flow(given["input"])
        if given["dim"] is None:
            raise CannotMap("all axes, the batch included, are added up")
        dims = [dim % len(flow.shape) for dim in wholes(given["dim"])]
        keep = bool(given["keepdim"])
        axes = [flow.shape[dim].axis for dim in sorted(dims)]
        if layer is not None and all(axis in "CDHWTF" for axis in axes):
            params: dict[str, ParamValue] = {"axes": "".join(axes)}
            if keep:
                params["keep_axes"] = True
            found = context.layer(step, layer, [flow], params)
            if found is not None:
                return found
        return context.operator(step, op, [flow], dim=dims, keepdim=keep or None)

    return draw


def _spread(op: str) -> Mapping_:
    def draw(context: Context, step: Step) -> Drawn:
        given = bound(step, "input", "dim", unbiased=True, keepdim=False, correction=None)
        flow = context.flow(given["input"])
        correction = given["correction"]
        number = int(bool(given["unbiased"])) if correction is None else whole(correction)
        return context.operator(
            step, op, [flow], dim=wholes(given["dim"]), keepdim=bool(given["keepdim"]) or None,
            correction=number,
        )  # fmt: skip

    return draw


def _one_axis(op: str) -> Mapping_:
    def draw(context: Context, step: Step) -> Drawn:
        given = bound(step, "input", "dim", keepdim=False)
        flow = context.flow(given["input"])
        return context.operator(
            step, op, [flow], dim=whole(given["dim"]), keepdim=bool(given["keepdim"]) or None
        )

    return draw


def _softmax(layer: str, op: str) -> Mapping_:
    def draw(context: Context, step: Step) -> Drawn:
        given = bound(step, "input", "dim", _stacklevel=3, dtype=None)
        flow, dim = context.flow(given["input"]), whole(given["dim"])
        at = dim % len(flow.shape)
        place = axes_of(flow.shape).find("C")
        if at == (place if place >= 0 else len(flow.shape) - 1):
            found = context.layer(step, layer, [flow])
            if found is not None:
                return found
        return context.operator(step, op, [flow], dim=dim)

    return draw


def _along(op: str) -> Mapping_:
    def draw(context: Context, step: Step) -> Drawn:
        given = bound(step, "input", "dim", dtype=None)
        return context.operator(step, op, [context.flow(given["input"])], dim=whole(given["dim"]))

    return draw


def _normalize(context: Context, step: Step) -> Drawn:
    given = bound(step, "input", p=2.0, dim=1, eps=1e-12)
    flow = context.flow(given["input"])
    return context.operator(
        step, "normalize", [flow], p=given["p"], dim=whole(given["dim"]), eps=given["eps"]
    )


def _norm(context: Context, step: Step) -> Drawn:
    given = bound(step, "input", p=2.0, dim=None, keepdim=False, dtype=None)
    flow = context.flow(given["input"])
    power = 2.0 if given["p"] in (None, "fro") else given["p"]
    return context.operator(
        step, "norm", [flow], p=power, dim=wholes(given["dim"]),
        keepdim=bool(given["keepdim"]) or None,
    )  # fmt: skip


def _topk(context: Context, step: Step) -> Drawn:
    given = bound(step, "input", "k", dim=-1, largest=True, sorted=True)
    flow = context.flow(given["input"])
    return context.operator(
        step, "topk", [flow], k=whole(given["k"]), dim=whole(given["dim"]),
        largest=None if given["largest"] else False,
    )  # fmt: skip


def _where(context: Context, step: Step) -> Drawn:
    given = bound(step, "condition", "input", "other")
    operands = [context.operand(given[key], step) for key in ("condition", "input", "other")]
    if not all(isinstance(each, Value) for each in operands):
        raise CannotMap("a choice is a number")
    return context.operator(step, "where", cast("list[Value]", operands))


def _masked_fill(context: Context, step: Step) -> Drawn:
    given = bound(step, "input", "mask", "value")
    mask, value = context.operand(given["mask"], step), context.operand(given["value"], step)
    if not isinstance(mask, Value) or isinstance(value, Value):
        raise CannotMap("the value is no number")
    return context.operator(step, "masked_fill", [context.flow(given["input"]), mask], value=value)


def _cast(context: Context, step: Step) -> Drawn:
    """Map `x.to(...)`, `x.float()`, `x.type_as(y)`: nothing where the kind of number stays."""
    flow = context.flow(step.args[0])
    kind = kind_of_type(step.outputs[0].dtype)
    before = "number" if kind == "number" else kind
    from netloom.layers.operators.naming import kind_of

    if kind_of(flow.shape) == before:
        return [flow]
    return context.operator(step, "cast", [flow], to=kind)


def _same(context: Context, step: Step) -> Drawn:
    """Map what changes no number: `contiguous`, `clone`, `detach`."""
    return [context.flow(step.args[0])]


ARITHMETIC: Mapping[str, Mapping_] = {
    **{name: _between(name) for name in _BETWEEN},
    "radd": _reversed("add"),
    "rmul": _reversed("mul"),
    "rsub": _reversed("sub"),
    "rdiv": _reversed("div"),
    **{
        op: _unary(op)
        for op in ("abs", "neg", "exp", "expm1", "log", "log1p", "sqrt", "rsqrt", "square",
                   "reciprocal", "erf", "sin", "cos", "tan", "atan", "sign", "floor", "ceil",
                   "round", "logical_not")
    },
    "relu": _activation("ReLU"),
    "relu6": _activation("ReLU6"),
    "silu": _activation("SiLU"),
    "gelu": _activation("GELU", approximate="none"),
    "sigmoid": _activation("Sigmoid"),
    "tanh": _activation("Tanh"),
    "hardswish": _activation("Hardswish"),
    "hardsigmoid": _activation("Hardsigmoid"),
    "mish": _activation("Mish"),
    "selu": _activation("SELU"),
    "elu": _activation("ELU", alpha=1.0),
    "leaky_relu": _activation("LeakyReLU", negative_slope=0.01),
    "softplus": _activation("Softplus", beta=1.0, threshold=20.0),
    "hardtanh": _activation("Hardtanh", min_val=-1.0, max_val=1.0),
    "dropout": _activation("Dropout", p=0.5),
    "dropout2d": _activation("Dropout2d", p=0.5),
    "pow": _power,
    "clamp": _clamp,
    "clip": _clamp,
    "mean": _reduce("Mean", "mean"),
    "sum": _reduce("Sum", "sum"),
    "amax": _reduce("Max", "amax"),
    "amin": _reduce("Min", "amin"),
    "logsumexp": _reduce(None, "logsumexp"),
    "std": _spread("std"),
    "var": _spread("var"),
    "prod": _one_axis("prod"),
    "argmax": _one_axis("argmax"),
    "argmin": _one_axis("argmin"),
    "softmax": _softmax("Softmax", "softmax"),
    "log_softmax": _softmax("LogSoftmax", "log_softmax"),
    "cumsum": _along("cumsum"),
    "cumprod": _along("cumprod"),
    "normalize": _normalize,
    "norm": _norm,
    "topk": _topk,
    "where": _where,
    "masked_fill": _masked_fill,
    **dict.fromkeys(("to", "float", "long", "int", "bool", "type_as", "half", "double"), _cast),
    **dict.fromkeys(("contiguous", "clone", "detach", "requires_grad"), _same),
}  # fmt: skip
