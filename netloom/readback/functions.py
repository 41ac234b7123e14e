"""Functions and methods that people write where Netloom has a layer: `F.relu(x)`, `x.flatten(1)`.

Each becomes the call of a class, or the expression that a layer without weights is written as.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from netloom.layers.function import FunctionLayer
from netloom.layers.registry import installed_layers
from netloom.layers.sizes import Expr
from netloom.readback.operator_calls import OPERATOR, operator_call
from netloom.readback.values import Flow, Plain, SizeOf, is_plain
from netloom.readback.wanted import Wanted, WantedCall, WantedExpression, canonical, named_arguments

_CLASSES: Mapping[str, str] = {
    "relu": "ReLU", "relu6": "ReLU6", "gelu": "GELU", "silu": "SiLU", "elu": "ELU",
    "celu": "CELU", "selu": "SELU", "mish": "Mish", "leaky_relu": "LeakyReLU",
    "hardtanh": "Hardtanh", "hardswish": "Hardswish", "hardsigmoid": "Hardsigmoid",
    "softplus": "Softplus", "softsign": "Softsign", "softmax": "Softmax", "softmin": "Softmin",
    "log_softmax": "LogSoftmax", "logsigmoid": "LogSigmoid", "sigmoid": "Sigmoid", "tanh": "Tanh",
    "glu": "GLU", "dropout": "Dropout", "dropout1d": "Dropout1d", "dropout2d": "Dropout2d",
    "dropout3d": "Dropout3d", "alpha_dropout": "AlphaDropout", "max_pool1d": "MaxPool1d",
    "max_pool2d": "MaxPool2d", "max_pool3d": "MaxPool3d", "avg_pool1d": "AvgPool1d",
    "avg_pool2d": "AvgPool2d", "avg_pool3d": "AvgPool3d",
    "adaptive_avg_pool1d": "AdaptiveAvgPool1d", "adaptive_avg_pool2d": "AdaptiveAvgPool2d",
    "adaptive_avg_pool3d": "AdaptiveAvgPool3d", "adaptive_max_pool1d": "AdaptiveMaxPool1d",
    "adaptive_max_pool2d": "AdaptiveMaxPool2d", "adaptive_max_pool3d": "AdaptiveMaxPool3d",
    "interpolate": "Upsample", "pixel_shuffle": "PixelShuffle",
    "pixel_unshuffle": "PixelUnshuffle",
}  # fmt: skip
_REDUCTIONS: Mapping[str, tuple[str, ...]] = {
    "mean": ("GlobalAvgPool", "Mean"),
    "sum": ("Sum",),
    "amax": ("GlobalMaxPool", "Max"),
    "amin": ("Min",),
}
_BETWEEN: Mapping[str, tuple[str, str]] = {
    "add": ("+", "Add"),
    "sub": ("-", "Subtract"),
    "subtract": ("-", "Subtract"),
    "mul": ("*", "Multiply"),
    "multiply": ("*", "Multiply"),
    "div": ("/", "Divide"),
    "divide": ("/", "Divide"),
}
_DIMS = ("dim", "axis")


class NoSuchFunction(Exception):
    """A function cannot be read; the text says what can."""


@dataclass(frozen=True, slots=True)
class Use:
    """A layer that is called with these tensors.

    Attributes:
        otherwise: What the call may be too, where no layer fits.
    """

    wanted: Wanted
    flows: tuple[Flow, ...]
    otherwise: Use | None = None


def operator_use(symbol: str, type_name: str, flows: Sequence[Flow]) -> Use:
    """Return `a + b + c` as a use of its layer."""
    names = [f"t{index}" for index in range(len(flows))]
    text = canonical(f" {symbol} ".join(names))
    return Use(WantedExpression(text, (type_name,)), tuple(flows))


def expression_use(
    text: str, type_names: Sequence[str], flows: Sequence[Flow], *hints: Plain
) -> Use:
    """Return an expression over `t0`, `t1`... as a use of its layer."""
    return Use(WantedExpression(canonical(text), tuple(type_names), hints), tuple(flows))


def function_use(name: str, given: Sequence[object], keywords: Mapping[str, object]) -> Use:
    """Return the use of a layer, or else of an operator, for a function of torch or a method.

    Raises:
        NoSuchFunction: There is neither.
    """
    call = operator_call(name, given, keywords)
    operator = None
    if call is not None:
        operator = expression_use(call.text, (OPERATOR,), call.flows, *call.hints)
    try:
        use = _layer_use(name, given, keywords)
    except NoSuchFunction:
        if operator is None:
            raise
        return operator
    if operator is None or not isinstance(operator.wanted, WantedExpression):
        return use
    wanted = use.wanted
    if isinstance(wanted, WantedExpression) and wanted.text == operator.wanted.text:
        names = (*wanted.type_names, OPERATOR)
        return replace(
            use, wanted=WantedExpression(wanted.text, names, wanted.hints + operator.wanted.hints)
        )
    return replace(use, otherwise=operator)


def _layer_use(name: str, given: Sequence[object], keywords: Mapping[str, object]) -> Use:
    """Return the use of a layer that a function of `torch` or `F`, or a method, stands for.

    Args:
        name: Without the module: `relu`, `cat`, `flatten`.
        given: Positional arguments; for a method the tensor first.

    Raises:
        NoSuchFunction: There is no layer for it.
    """
    if name in ("cat", "concat", "concatenate", "stack"):
        return _joined(name, given, keywords)
    if name == "einsum":
        return _einsum(given)
    if not given or not isinstance(given[0], Flow):
        raise NoSuchFunction(f"{name[:40]} is not called with a tensor that can be followed.")
    flow, others = given[0], given[1:]
    if name in _BETWEEN and len(others) == 1 and isinstance(others[0], Flow):
        symbol, type_name = _BETWEEN[name]
        return operator_use(symbol, type_name, (flow, others[0]))
    if name in ("matmul", "bmm") and len(others) == 1 and isinstance(others[0], Flow):
        return expression_use("torch.matmul(t0, t1)", ("MatMul",), (flow, others[0]))
    if name in ("maximum", "minimum") and len(others) == 1 and isinstance(others[0], Flow):
        return expression_use(f"torch.{name}(t0, t1)", (name.title(),), (flow, others[0]))
    if name in ("view", "reshape"):
        return _reshaped(flow, others)
    plain, named = (
        _plain(name, others),
        dict(zip(keywords, _plain(name, [*keywords.values()]), strict=True)),
    )
    if name in _SPECIAL:
        return _SPECIAL[name](flow, plain, named)
    if name in _REDUCTIONS:
        return _reduced(name, flow, plain, named)
    if name in _CLASSES:
        named.pop("training", None)
        return class_use(f"nn.{_CLASSES[name]}", (flow,), plain, named)
    if wrapped := _wrapping_layers():
        words = ["t0", *map(repr, plain), *(f"{key}={value!r}" for key, value in named.items())]
        text = f"torch.{name}({', '.join(words)})"
        return expression_use(text, wrapped, (flow,), *plain, *named.values())
    raise NoSuchFunction(
        f"{name[:40]} is no function that can be read. Known are activations, pooling, flatten, "
        "cat, stack, mean, sum, permute, squeeze, matmul, einsum, view and arithmetic."
    )


def _wrapping_layers() -> list[str]:
    """Return the layers of installed packages that are one call of a function of torch."""
    return [
        layer.type_name
        for _, layer in installed_layers().layers
        if isinstance(layer, FunctionLayer)
    ]


def class_use(
    target: str, flows: Sequence[Flow], positional: Sequence[Plain], keywords: Mapping[str, Plain]
) -> Use:
    """Return a class of torch, called at once, as a use of its layer."""
    arguments = named_arguments(target, positional, keywords)
    if isinstance(arguments, str):
        raise NoSuchFunction(arguments)
    return Use(WantedCall(target, arguments), tuple(flows))


def _plain(name: str, values: Sequence[object]) -> list[Plain]:
    if not all(is_plain(value) for value in values):
        raise NoSuchFunction(f"{name[:40]} takes an argument here that is no plain value.")
    return [cast("Plain", value) for value in values]


def _joined(name: str, given: Sequence[object], keywords: Mapping[str, object]) -> Use:
    tensors = given[0] if given else keywords.get("tensors")
    dim = (
        given[1] if len(given) > 1 else next((keywords[key] for key in _DIMS if key in keywords), 0)
    )
    if not isinstance(tensors, list | tuple):
        raise NoSuchFunction(f"{name} takes a list of tensors, such as [a, b].")
    flows = [item for item in cast("list[object]", tensors) if isinstance(item, Flow)]
    if len(flows) < len(cast("list[object]", tensors)) or not isinstance(dim, int):
        raise NoSuchFunction(f"{name} takes a list of tensors and a number as dim.")
    function, type_name = ("stack", "Stack") if name == "stack" else ("cat", "Concatenate")
    shape = flows[0].shape if flows else None
    if dim < 0 and shape is not None:
        dim += len(shape) + (function == "stack")
    names = ", ".join(f"t{index}" for index in range(len(flows)))
    text = f"torch.{function}([{names}], dim={dim})"
    return expression_use(text, (type_name,), flows, dim)


def _einsum(given: Sequence[object]) -> Use:
    pattern, *tensors = given or ("",)
    flows = [item for item in tensors if isinstance(item, Flow)]
    if not isinstance(pattern, str) or len(flows) < len(tensors) or not flows:
        raise NoSuchFunction("einsum takes a pattern and tensors.")
    names = ", ".join(f"t{index}" for index in range(len(flows)))
    packed = pattern.replace(" ", "")
    return expression_use(f"torch.einsum({packed!r}, {names})", ("Einsum",), flows, packed)


def _reshaped(flow: Flow, given: Sequence[object]) -> Use:
    sizes = (
        list(cast("list[object]", given[0]))
        if given and isinstance(given[0], list | tuple)
        else list(given)
    )
    if len(sizes) == 2 and isinstance(sizes[0], SizeOf) and sizes[0].dim == 0 and sizes[1] == -1:
        return class_use("nn.Flatten", (flow,), (), {})
    if len(sizes) == 2 and sizes[0] == -1 and isinstance(sizes[1], int) and flow.shape:
        total = 1
        for dim in flow.shape[1:]:
            total = -1 if isinstance(dim.size, Expr) else total * dim.size
        if total != sizes[1]:
            raise NoSuchFunction(
                f"{total:,} numbers of each sample arrive here, not {sizes[1]:,}; "
                "write x.flatten(1) to lay all of them out."
            )
        return class_use("nn.Flatten", (flow,), (), {})
    first = sizes[0] if sizes else None
    if (isinstance(first, SizeOf) and first.dim == 0) or first == -1:
        rest = [
            flow.shape[size.dim].size if isinstance(size, SizeOf) and flow.shape else size
            for size in sizes[1:]
        ]
        if rest and all(isinstance(size, int) for size in rest):
            return class_use("Reshape", (flow,), (cast("Plain", rest),), {})
    raise NoSuchFunction("view and reshape keep the batch first: x.view(x.size(0), 8, 4, 4).")


def _flatten(flow: Flow, plain: Sequence[Plain], named: Mapping[str, Plain]) -> Use:
    given = {**dict(zip(("start_dim", "end_dim"), plain, strict=False)), **named}
    if given.get("start_dim", 0) == 0:
        raise NoSuchFunction("Flatten keeps the batch: write x.flatten(1).")
    return class_use("nn.Flatten", (flow,), (), given)


def _transposed(flow: Flow, plain: Sequence[Plain], named: Mapping[str, Plain]) -> Use:
    values = [*plain, *named.values()]
    rank = len(flow.shape) if flow.shape else 3
    dims = [value % rank for value in values if isinstance(value, int)]
    if len(dims) != 2:
        raise NoSuchFunction("transpose takes the numbers of two axes.")
    order = list(range(rank))
    order[dims[0]], order[dims[1]] = order[dims[1]], order[dims[0]]
    return _permuted(flow, order, {})


def _permuted(flow: Flow, plain: Sequence[Plain], named: Mapping[str, Plain]) -> Use:
    given = plain or list(named.values())
    dims = given[0] if len(given) == 1 and isinstance(given[0], list | tuple) else given
    numbers = [dim for dim in dims if isinstance(dim, int)]
    order = tuple(dim + len(numbers) if dim < 0 else dim for dim in numbers)
    return expression_use(f"torch.permute(t0, {order})", ("Permute",), (flow,), order)


def _one_dim(function: str, type_name: str, added: int) -> Callable[..., Use]:
    def use(flow: Flow, plain: Sequence[Plain], named: Mapping[str, Plain]) -> Use:
        dim = plain[0] if plain else named.get("dim")
        if not isinstance(dim, int):
            raise NoSuchFunction(f"{function} takes the number of an axis.")
        if dim < 0 and flow.shape:
            dim += len(flow.shape) + added
        return expression_use(f"torch.{function}(t0, dim={dim})", (type_name,), (flow,), dim)

    return use


def _equal(flow: Flow, plain: Sequence[Plain], named: Mapping[str, Plain]) -> Use:
    value = next(iter([*plain, *named.values()]), None)
    if not isinstance(value, int):
        raise NoSuchFunction("eq takes the number of the token that is padding.")
    return expression_use(f"torch.eq(t0, {value})", ("PaddingMask",), (flow,), value)


_SPECIAL: Mapping[str, Callable[[Flow, Sequence[Plain], dict[str, Plain]], Use]] = {
    "eq": _equal,
    "flatten": _flatten,
    "transpose": _transposed,
    "permute": _permuted,
    "squeeze": _one_dim("squeeze", "Squeeze", 0),
    "unsqueeze": _one_dim("unsqueeze", "Unsqueeze", 1),
}


def _reduced(name: str, flow: Flow, plain: Sequence[Plain], named: Mapping[str, Plain]) -> Use:
    given = {**dict(zip(("dim", "keepdim"), plain, strict=False)), **named}
    dims = given.get("dim", given.get("axis"))
    numbers = (
        [dims] if isinstance(dims, int) else list(dims) if isinstance(dims, list | tuple) else []
    )
    rank = len(flow.shape) if flow.shape else 0
    whole = sorted(dim + rank if dim < 0 else dim for dim in numbers if isinstance(dim, int))
    if not whole:
        raise NoSuchFunction(f"{name} takes the axes to go over: x.{name}(dim=(2, 3)).")
    dim = whole[0] if len(whole) == 1 else tuple(whole)
    keep = ", keepdim=True" if given.get("keepdim") is True else ""
    text = f"torch.{name}(t0, dim={dim}{keep})"
    return expression_use(text, _REDUCTIONS[name], (flow,), cast("Plain", dim))


def called_function(dotted: str | None) -> str | None:
    """Return the bare name of a function of torch; None for anything else."""
    if dotted is None:
        return None
    module, _, name = dotted.rpartition(".")
    return name if module in ("torch", "F", "nn.functional") else None


def same_operator_chain(tree: ast.BinOp) -> list[ast.expr]:
    """Return the operands of `a + b + c`, which Python reads as `(a + b) + c`."""
    operands: list[ast.expr] = []
    node: ast.expr = tree
    while isinstance(node, ast.BinOp) and type(node.op) is type(tree.op):
        operands.append(node.right)
        node = node.left
    return [node, *reversed(operands)]
