"""Which call a declaration makes with given parameters, compared with the one that is wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from netloom.layers.base import AnyLayer, ShapeProblem
from netloom.layers.params import LayerParams
from netloom.layers.parse import parse_params
from netloom.layers.shapes import Shape
from netloom.readback.effort import PER_TRY, spend
from netloom.readback.values import Plain, normal, same
from netloom.readback.wanted import Params, Wanted, WantedExpression, canonical, named_arguments

_OTHER_TYPES: Mapping[str, tuple[str, ...]] = {
    **{
        f"nn.{kind}Pad{count}d": ("Pad",)
        for kind in ("Constant", "Reflection", "Replication", "Circular")
        for count in (1, 2, 3)
    },
    "CenterCrop": ("Crop2d", "Crop3d"),
    "LearnedTensor": ("Parameter",),
    "SavedTensor": ("Constant",),
    **dict.fromkeys(("Slice", "Expand", "ExpandToBatch", "CastTo"), ("Operator",)),
    "CropLike": ("Crop2d", "Crop3d"),
    **{
        f"Masked{kind}": (kind,)
        for kind in (
            "ClassToken",
            "CrossAttention",
            "GRU",
            "LSTM",
            "RNN",
            "SelfAttention",
            "TakeStep",
            "TransformerDecoderLayer",
            "TransformerEncoderLayer",
        )
    },
    "MaxUnpoolTo": ("MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"),
}
CLASS = "<class>"
SHAPE = "<shape>"
"""Stands among what differs when the layer cannot work on what arrives."""


def makes(
    layer: AnyLayer, params: Params, wanted: Wanted, shapes: Sequence[Shape | None]
) -> Mapping[str, object] | None:
    """Return the arguments a layer gives otherwise than wanted, with its own values.

    None when the layer cannot be had with these parameters and as many inputs.
    """
    spend(PER_TRY)
    parsed = parse_params(layer, params).params
    if parsed is None:
        return None
    ports = layer.input_ports(parsed)
    if len(ports) != len(shapes):
        return None
    names = [port.name for port in ports]
    known = [shape for shape in shapes if shape is not None]
    inputs = dict(zip(names, known, strict=False))
    is_known = len(known) == len(shapes)
    if not is_known:
        return _differing_by_name(params, layer, wanted)
    if isinstance(problem := layer.infer(parsed, inputs), ShapeProblem):
        try:
            differing = _differing(layer, parsed, inputs, wanted)
        except (ValueError, LookupError, TypeError, ArithmeticError, AttributeError):
            # A declaration owes a call only for inputs that it accepts.
            differing = _differing_by_name(params, layer, wanted)
        return {**differing, SHAPE: problem.message}
    return _differing(layer, parsed, inputs, wanted)


def _differing(
    layer: AnyLayer, parsed: LayerParams, inputs: Mapping[str, Shape], wanted: Wanted
) -> dict[str, object]:
    """Compare the call that a declaration makes with the one that is wanted."""
    names = list(inputs)
    if isinstance(wanted, WantedExpression):
        arguments = [f"t{index}" for index in range(len(names))]
        text = layer.call_source(parsed, inputs, arguments)
        return {} if text is not None and canonical(text) == wanted.text else {CLASS: text}
    if layer.call_source(parsed, inputs, names) is not None:
        return {CLASS: layer.type_name}
    call = layer.constructor(parsed, inputs)
    if call.target != wanted.target:
        return {CLASS: call.target}
    own = named_arguments(call.target, cast("tuple[Plain, ...]", call.args), dict(call.kwargs))  # pyright: ignore[reportArgumentType]
    if isinstance(own, str):
        return {CLASS: own}
    return {
        name: own.get(name)
        for name in own.keys() | wanted.arguments.keys()
        if not same(normal(own.get(name)), normal(wanted.arguments.get(name)))
    }


def _differing_by_name(params: Params, layer: AnyLayer, wanted: Wanted) -> dict[str, object]:
    """Compare what has one name in the call and among the parameters; no shape is needed."""
    if isinstance(wanted, WantedExpression):
        return {} if layer.type_name in wanted.type_names else {CLASS: layer.type_name}
    if layer.type_name not in types_of(wanted.target):
        return {CLASS: layer.type_name}
    fields = layer.Params.model_fields
    typed = parse_params(layer, params).params
    return {
        name: getattr(typed, name, None)
        for name, value in wanted.arguments.items()
        if name in fields
        and isinstance(own := getattr(typed, name, None), str) <= isinstance(value, str)
        and not same(normal(own), normal(value))
    }


def types_of(target: str) -> tuple[str, ...]:
    """Return the layer types that may make a call of this class."""
    return (target.removeprefix("nn."), *_OTHER_TYPES.get(target, ()))
