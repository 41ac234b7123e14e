"""Functions that take weights, products of matrices, pooling and resizing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from netloom.formats.traced.context import CannotMap, Context, Drawn, bound, whole, wholes
from netloom.formats.traced.merging import Held, Step
from netloom.formats.traced.sketch import Value
from netloom.graph.document import ParamValue

if TYPE_CHECKING:
    from torch import Tensor

Map = Callable[[Context, Step], Drawn]
Weights = dict[str, "Tensor"]


def _held(value: object) -> Tensor:
    if not isinstance(value, Held):
        raise CannotMap("the weights depend on the input")
    return value.stored.tensor


def _weights(**given: object) -> Weights:
    return {name: _held(value) for name, value in given.items() if value is not None}


def _linear(context: Context, step: Step) -> Drawn:
    given = bound(step, "input", "weight", bias=None)
    weights = _weights(weight=given["weight"], bias=given["bias"])
    params: dict[str, ParamValue] = {
        "out_features": weights["weight"].shape[0],
        "bias": "bias" in weights,
    }
    return context.layer(step, "Linear", [context.flow(given["input"])], params, weights)


def _convolution(count: int) -> Map:
    def draw(context: Context, step: Step) -> Drawn:
        given = bound(step, "input", "weight", bias=None, stride=1, padding=0, dilation=1, groups=1)
        weights = _weights(weight=given["weight"], bias=given["bias"])
        weight = weights["weight"]
        params: dict[str, ParamValue] = {
            "out_channels": weight.shape[0],
            "kernel_size": _each([*weight.shape[2:]], count),
            "stride": _each(wholes(given["stride"]), count),
            "padding": _each(wholes(given["padding"]), count),
            "dilation": _each(wholes(given["dilation"]), count),
            "groups": whole(given["groups"]),
            "bias": "bias" in weights,
        }
        flow = context.flow(given["input"])
        return context.layer(step, f"Conv{count}d", [flow], params, weights)

    return draw


def _each(numbers: list[int], count: int) -> ParamValue:
    """Return a number for each direction, as a document has it."""
    numbers = numbers * count if len(numbers) == 1 else numbers
    return numbers[0] if count == 1 else cast("ParamValue", numbers)


def _layer_norm(context: Context, step: Step) -> Drawn:
    given = bound(step, "input", "normalized_shape", weight=None, bias=None, eps=1e-5)
    weights = _weights(weight=given["weight"], bias=given["bias"])
    if len(weights) == 1:
        raise CannotMap("there is a scale without a shift")
    params: dict[str, ParamValue] = {
        "eps": cast("float", given["eps"]),
        "elementwise_affine": bool(weights),
        "over": "last" if len(wholes(given["normalized_shape"])) == 1 else "sample",
    }
    return context.layer(step, "LayerNorm", [context.flow(given["input"])], params, weights)


def _group_norm(context: Context, step: Step) -> Drawn:
    given = bound(step, "input", "num_groups", weight=None, bias=None, eps=1e-5)
    weights = _weights(weight=given["weight"], bias=given["bias"])
    params: dict[str, ParamValue] = {
        "num_groups": whole(given["num_groups"]),
        "eps": cast("float", given["eps"]),
        "affine": bool(weights),
    }
    return context.layer(step, "GroupNorm", [context.flow(given["input"])], params, weights)


def _batch_norm(context: Context, step: Step) -> Drawn:
    given = bound(
        step, "input", "running_mean", "running_var", weight=None, bias=None, training=False,
        momentum=0.1, eps=1e-5,
    )  # fmt: skip
    weights = _weights(
        weight=given["weight"],
        bias=given["bias"],
        running_mean=given["running_mean"],
        running_var=given["running_var"],
    )
    flow = context.flow(given["input"])
    count = max(1, len(flow.shape) - 2)
    params: dict[str, ParamValue] = {
        "eps": cast("float", given["eps"]),
        "momentum": cast("float", given["momentum"]),
        "affine": "weight" in weights,
    }
    return context.layer(step, f"BatchNorm{count}d", [flow], params, weights)


def _matmul(context: Context, step: Step) -> Drawn:
    given = bound(step, "input", "other")
    left = context.operand(given["input"], step)
    right = context.operand(given["other"], step)
    if not isinstance(left, Value) or not isinstance(right, Value):
        raise CannotMap("a number is multiplied as a matrix")
    found = context.layer(step, "MatMul", [left, right])
    return found or context.operator(step, "matmul", [left, right])


def _einsum(context: Context, step: Step) -> Drawn:
    equation, *tensors = step.args
    if len(tensors) == 1 and isinstance(tensors[0], list | tuple):
        tensors = list(cast("Sequence[object]", tensors[0]))
    operands = [context.operand(each, step) for each in tensors]
    values = [each for each in operands if isinstance(each, Value)]
    text = str(equation).replace(" ", "")
    if len(values) < len(operands) or "->" not in text:
        raise CannotMap("the pattern says no output")
    params: dict[str, ParamValue] = {"pattern": text, "num_inputs": len(values)}
    found = context.layer(step, "Einsum", values, params) if len(values) > 1 else None
    return found or context.operator(step, "einsum", values, equation=text)


def _attention(context: Context, step: Step) -> Drawn:
    given = bound(
        step, "query", "key", "value", attn_mask=None, dropout_p=0.0, is_causal=False, scale=None,
        enable_gqa=False,
    )  # fmt: skip
    inputs = [context.flow(given[key]) for key in ("query", "key", "value")]
    arguments: dict[str, object] = {"is_causal": bool(given["is_causal"]) or None}
    if given["attn_mask"] is not None:
        mask = context.operand(given["attn_mask"], step)
        if not isinstance(mask, Value):
            raise CannotMap("the mask is a number")
        inputs.append(mask)
        arguments["takes_mask"] = True
    return context.operator(
        step, "scaled_dot_product_attention", inputs, scale=given["scale"], **arguments
    )


def _pool(kind: str, count: int) -> Map:
    def draw(context: Context, step: Step) -> Drawn:
        if kind == "Max":
            given = bound(
                step, "input", "kernel_size", stride=None, padding=0, dilation=1, ceil_mode=False,
                return_indices=False,
            )  # fmt: skip
        else:
            given = bound(
                step, "input", "kernel_size", stride=None, padding=0, ceil_mode=False,
                count_include_pad=True, divisor_override=None,
            )  # fmt: skip
        kernel = _each(wholes(given["kernel_size"]), count)
        stride = given["stride"]
        params: dict[str, ParamValue] = {
            "kernel_size": kernel,
            "stride": kernel if stride in (None, [], ()) else _each(wholes(stride), count),
            "padding": _each(wholes(given["padding"]), count),
            "ceil_mode": bool(given["ceil_mode"]),
        }
        if kind == "Max":
            params["dilation"] = _each(wholes(given["dilation"]), count)
        else:
            params["count_include_pad"] = bool(given["count_include_pad"])
        return context.layer(step, f"{kind}Pool{count}d", [context.flow(given["input"])], params)

    return draw


def _adaptive(kind: str, count: int) -> Map:
    def draw(context: Context, step: Step) -> Drawn:
        given = bound(step, "input", "output_size")
        size = _each(wholes(given["output_size"]), count)
        flow = context.flow(given["input"])
        return context.layer(step, f"Adaptive{kind}Pool{count}d", [flow], {"output_size": size})

    return draw


_MODES = {"nearest": "nearest", "linear": "linear", "bilinear": "linear", "trilinear": "linear",
          "bicubic": "cubic"}  # fmt: skip


def _interpolate(context: Context, step: Step) -> Drawn:
    given = bound(
        step, "input", size=None, scale_factor=None, mode="nearest", align_corners=None,
        recompute_scale_factor=None, antialias=False,
    )  # fmt: skip
    flow = context.flow(given["input"])
    size = [whole(each) for each in step.outputs[0].sizes[2:]]
    mode, corners = cast("str", given["mode"]), bool(given["align_corners"])
    exact = [out * 1.0 / whole(before) for out, before in zip(size, flow.sizes[2:], strict=True)]
    factor = given["scale_factor"]
    if isinstance(factor, int | float) and any(ratio != factor for ratio in exact):
        raise CannotMap(
            "the factor does not give whole sides, so that positions are computed otherwise"
        )
    if size == [whole(each) for each in flow.sizes[2:]] and mode in _MODES and factor is None:
        return [flow]
    if mode in _MODES and not given["antialias"]:
        params: dict[str, ParamValue] = {"mode": _MODES[mode], "align_corners": corners}
        is_whole = len(set(exact)) == 1 and exact[0] == int(exact[0])
        if factor is not None and is_whole and exact[0] == factor:
            params["scale_factor"] = int(exact[0])
        else:
            params["size"] = cast("ParamValue", size)
        found = context.layer(step, "Upsample", [flow], params)
        if found is not None:
            return found
    return context.operator(
        step, "interpolate", [flow], size=size, mode=mode, align_corners=corners or None,
        antialias=bool(given["antialias"]) or None,
    )  # fmt: skip


WEIGHTED: Mapping[str, Map] = {
    "linear": _linear,
    **{f"conv{count}d": _convolution(count) for count in (1, 2, 3)},
    "layer_norm": _layer_norm,
    "group_norm": _group_norm,
    "batch_norm": _batch_norm,
    **dict.fromkeys(("matmul", "bmm"), _matmul),
    "einsum": _einsum,
    "scaled_dot_product_attention": _attention,
    **{
        f"{kind.lower()}_pool{count}d": _pool(kind, count)
        for kind in ("Max", "Avg")
        for count in (1, 2, 3)
    },
    **{
        f"adaptive_{kind.lower()}_pool{count}d": _adaptive(kind, count)
        for kind in ("Max", "Avg")
        for count in (1, 2, 3)
    },
    "interpolate": _interpolate,
}
