"""From a call in source back to a layer type and its parameters.

A declaration says which call its parameters make; here it is asked the other way round. Parameters
are tried, beginning with those of the present network, until the declaration makes the call that
is written. So a layer type can be read as soon as it can be written, also one of an installed
package.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from netloom.compile.signatures import REQUIRED, SIZES, signature_of
from netloom.graph.document import ParamValue
from netloom.layers.base import AnyLayer, ShapeProblem
from netloom.layers.describe import ParamDescription, describe_param
from netloom.layers.params import LayerParams
from netloom.layers.parse import parse_params
from netloom.layers.registry import all_layers, get_layer
from netloom.layers.shapes import Shape
from netloom.readback.guesses import guessed_texts
from netloom.readback.values import Plain, as_json, normal, same

Params = dict[str, ParamValue]

_OTHER_TYPES: Mapping[str, tuple[str, ...]] = {
    **{
        f"nn.{kind}Pad{count}d": ("Pad",)
        for kind in ("Constant", "Reflection", "Replication", "Circular")
        for count in (1, 2, 3)
    },
    "CenterCrop": ("Crop2d",),
    "CropLike": ("Crop2d",),
    "MaxUnpoolTo": ("MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"),
}
_IGNORED = frozenset({"inplace", "device", "dtype"})
"""Arguments that change no number: a network is never computed in place."""
_CLASS = "<class>"
_SHAPE = "<shape>"
"""Stands among what differs when the layer cannot work on what arrives."""
_FOLLOWING = SIZES | {
    "channels", "dim", "in1_features", "in2_features", "memory_features", "size", _SHAPE,
}  # fmt: skip
"""Arguments that follow from what arrives: nobody has to give them."""
_MAX_ROUNDS = 8
_MAX_COMBINATIONS = 600


@dataclass(frozen=True, slots=True)
class WantedCall:
    """`nn.Conv2d(3, 16, kernel_size=3)`, every argument under its name."""

    target: str
    arguments: Mapping[str, Plain]


@dataclass(frozen=True, slots=True)
class WantedExpression:
    """`torch.cat([t0, t1], dim=1)`, with the tensors numbered.

    Attributes:
        hints: The values in it.
    """

    text: str
    type_names: tuple[str, ...]
    hints: tuple[Plain, ...] = ()


Wanted = WantedCall | WantedExpression


@dataclass(frozen=True, slots=True)
class FoundLayer:
    """A layer that makes the call, up to what follows from its inputs.

    Attributes:
        inferred: What is written, and what it is here, by the argument nobody has to give.
    """

    layer: AnyLayer
    params: Params
    inferred: Mapping[str, tuple[object, object]]


def find_layer(
    wanted: Wanted, shapes: Sequence[Shape | None], seed: tuple[str, Params] | None = None
) -> FoundLayer | str:
    """Return the layer whose declaration makes this call, or why there is none.

    Args:
        shapes: Of the tensors it is called with.
        seed: Type and parameters to begin with: those of the present network.
    """
    reasons: list[str] = []
    misfits: list[FoundLayer] = []
    if seed is not None and (layer := get_layer(seed[0])) is not None and layer.role == "layer":
        found = _solved(layer, wanted, shapes, seed[1])
        if isinstance(found, FoundLayer):
            found = _without_defaults(found, seed[1])
            if _SHAPE not in found.inferred:
                return found
            misfits.append(found)
    for layer in _candidates(wanted, shapes):
        found = _solved(layer, wanted, shapes, {})
        if isinstance(found, FoundLayer) and _SHAPE not in found.inferred:
            return found
        if isinstance(found, FoundLayer):
            misfits.append(_without_defaults(found, {}))
        else:
            reasons.append(found)
    if misfits:  # What is wrong with the shapes is for the analysis to say, on the canvas.
        return replace(misfits[0], inferred={})
    if reasons:
        return reasons[0]
    what = wanted.target if isinstance(wanted, WantedCall) else wanted.text
    return f"{what[:60]} is no layer that can be drawn here."


def _without_defaults(found: FoundLayer, seed: Params) -> FoundLayer:
    """Leave out what a search has set to the default, unless the network says it now."""
    fields, parsed = found.layer.Params.model_fields, parse_params(found.layer, found.params).params
    params = {
        name: value
        for name, value in found.params.items()
        if name in seed or getattr(parsed, name, None) != cast("object", fields[name].default)
    }
    return replace(found, params=params)


def named_arguments(
    target: str, positional: Sequence[Plain], keywords: Mapping[str, Plain]
) -> dict[str, Plain] | str:
    """Return all arguments of a call under their names, with defaults; or what is wrong."""
    known = signature_of(target)
    names = list(known)
    if known and len(positional) > len(names):
        return f"{target} takes {len(names)} arguments, not {len(positional)}."
    named: dict[str, Plain] = {
        names[index] if index < len(names) else f"argument_{index}": value
        for index, value in enumerate(positional)
    }
    for name, value in keywords.items():
        if name in named:
            return f"{target} is given {name} twice."
        if known and name not in known and name not in _IGNORED:
            accepted = ", ".join(names) or "no arguments"
            return f"{target} has no argument {name[:64]} that can be read; it has {accepted}."
        named[name] = value
    for name, default in known.items():
        if default != REQUIRED:
            named.setdefault(name, default)
    if "stride" in named and named["stride"] is None:
        named["stride"] = named.get("kernel_size")  # As pooling reads it.
    return {name: value for name, value in named.items() if name not in _IGNORED}


def makes(
    layer: AnyLayer, params: Params, wanted: Wanted, shapes: Sequence[Shape | None]
) -> Mapping[str, object] | None:
    """Return the arguments a layer gives otherwise than wanted, with its own values.

    None when the layer cannot be had with these parameters and as many inputs.
    """
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
        return {**differing, _SHAPE: problem.message}
    return _differing(layer, parsed, inputs, wanted)


def _differing(
    layer: AnyLayer, parsed: LayerParams, inputs: Mapping[str, Shape], wanted: Wanted
) -> dict[str, object]:
    """Compare the call that a declaration makes with the one that is wanted."""
    names = list(inputs)
    if isinstance(wanted, WantedExpression):
        arguments = [f"t{index}" for index in range(len(names))]
        text = layer.call_source(parsed, inputs, arguments)
        return {} if text is not None and canonical(text) == wanted.text else {_CLASS: text}
    if layer.call_source(parsed, inputs, names) is not None:
        return {_CLASS: layer.type_name}
    call = layer.constructor(parsed, inputs)
    if call.target != wanted.target:
        return {_CLASS: call.target}
    own = named_arguments(call.target, cast("tuple[Plain, ...]", call.args), dict(call.kwargs))  # pyright: ignore[reportArgumentType]
    if isinstance(own, str):
        return {_CLASS: own}
    return {
        name: own.get(name)
        for name in own.keys() | wanted.arguments.keys()
        if not same(normal(own.get(name)), normal(wanted.arguments.get(name)))
    }


def canonical(text: str) -> str:
    """Return an expression as `ast` writes it."""
    return ast.unparse(ast.parse(text, mode="eval"))


def _differing_by_name(params: Params, layer: AnyLayer, wanted: Wanted) -> dict[str, object]:
    """Compare what has one name in the call and among the parameters; no shape is needed."""
    if isinstance(wanted, WantedExpression):
        return {} if layer.type_name in wanted.type_names else {_CLASS: layer.type_name}
    if layer.type_name not in _types_of(wanted.target):
        return {_CLASS: layer.type_name}
    fields = layer.Params.model_fields
    typed = parse_params(layer, params).params
    return {
        name: getattr(typed, name, None)
        for name, value in wanted.arguments.items()
        if name in fields
        and isinstance(own := getattr(typed, name, None), str) <= isinstance(value, str)
        and not same(normal(own), normal(value))
    }


def _types_of(target: str) -> tuple[str, ...]:
    return (target.removeprefix("nn."), *_OTHER_TYPES.get(target, ()))


def _candidates(wanted: Wanted, shapes: Sequence[Shape | None]) -> Iterator[AnyLayer]:
    names = wanted.type_names if isinstance(wanted, WantedExpression) else _types_of(wanted.target)
    seen = set(names)
    for name in names:
        layer = get_layer(name)
        if layer is not None and layer.role == "layer":
            yield layer
    if isinstance(wanted, WantedExpression):
        return
    for layer in all_layers():  # Layers of installed packages are called as they like.
        if "." in layer.type_name and layer.role == "layer" and layer.type_name not in seen:
            required = _required(layer, wanted)
            if (bad := makes(layer, required, wanted, shapes)) is not None and _CLASS not in bad:
                yield layer


def _required(layer: AnyLayer, wanted: Wanted) -> Params:
    """Return a value for each parameter that has no default."""
    found: Params = {}
    for name, field in layer.Params.model_fields.items():
        if field.is_required():
            values = _values_for(describe_param(name, field), wanted)
            found[name] = next(iter(values), 1)
    return found


def _solved(
    layer: AnyLayer, wanted: Wanted, shapes: Sequence[Shape | None], seed: Params
) -> FoundLayer | str:
    """Try parameters until the declaration makes the call."""
    fields = layer.Params.model_fields
    best: FoundLayer | None = None
    for start in _starts(layer, wanted, shapes, seed):
        params = start
        bad = makes(layer, params, wanted, shapes)
        for _ in range(_MAX_ROUNDS):
            if bad is not None and not bad:
                return FoundLayer(layer, params, {})
            better = _better(layer, wanted, shapes, params, bad)
            if better is None:
                break
            params, bad = better
        if bad is None or any(name in fields or name not in _FOLLOWING for name in bad):
            continue
        given: Mapping[str, Plain] = wanted.arguments if isinstance(wanted, WantedCall) else {}
        best = best or FoundLayer(
            layer, params, {name: (given.get(name), value) for name, value in bad.items()}
        )
        if _SHAPE not in bad:
            return best
    return best or _reason(layer, wanted, len(shapes))


def _starts(
    layer: AnyLayer, wanted: Wanted, shapes: Sequence[Shape | None], seed: Params
) -> Iterator[Params]:
    """Yield parameters to begin with, that give the layer as many inputs as it is called with."""
    fixed = _required(layer, wanted) | seed
    if layer.variadic_param is not None:
        default = cast("object", layer.Params.model_fields[layer.variadic_param].default)
        if len(shapes) != fixed.get(layer.variadic_param, default):
            fixed[layer.variadic_param] = len(shapes)
    if layer.variadic_param is None:
        switches = [port.param for port in layer.inputs if port.param is not None]
        count = len(shapes) - (len(layer.inputs) - len(switches))
        on = dict.fromkeys(switches, False)
        for name in list(dict.fromkeys(switches))[: max(count, 0)]:
            on[name] = True
        for name, value in on.items():
            default = cast("object", layer.Params.model_fields[name].default)
            if value != fixed.get(name, default):
                fixed[name] = value
    yield fixed
    for guess in guessed_texts(layer.type_name, wanted_values(wanted), shapes):
        yield {**fixed, **guess}


def _better(
    layer: AnyLayer,
    wanted: Wanted,
    shapes: Sequence[Shape | None],
    params: Params,
    bad: Mapping[str, object] | None,
) -> tuple[Params, Mapping[str, object]] | None:
    """Return parameters that make a call nearer to the wanted one."""
    fields = layer.Params.model_fields
    if isinstance(wanted, WantedCall):
        direct = wanted.arguments.keys() if bad is None else bad.keys() & wanted.arguments.keys()
        for name in sorted(direct & fields.keys(), key=list(wanted.arguments).index):
            changed = {**params, name: cast("ParamValue", as_json(wanted.arguments[name]))}
            found = makes(layer, changed, wanted, shapes)
            if found is not None and (bad is None or _distance(found) < _distance(bad)):
                return changed, found
        if bad is None:
            named = {
                name: cast("ParamValue", as_json(wanted.arguments[name]))
                for name in direct & fields.keys()
            }
            found = makes(layer, params | named, wanted, shapes)
            if found is not None:
                return params | named, found
    domains = {
        name: _values_for(describe_param(name, field), wanted)
        for name, field in fields.items()
        if name != layer.variadic_param
    }
    tried = 0
    for size in (1, 2):
        best: tuple[Params, Mapping[str, object]] | None = None
        for names in itertools.combinations(domains, size):
            for values in itertools.product(*(domains[name] for name in names)):
                tried += 1
                if tried > _MAX_COMBINATIONS:
                    return best
                changed = {**params, **dict(zip(names, values, strict=True))}
                found = makes(layer, changed, wanted, shapes)
                if found is None or (bad is not None and _distance(found) >= _distance(bad)):
                    continue
                if best is None or _distance(found) < _distance(best[1]):
                    best = changed, found
                if not found:
                    return best
        if best is not None:
            return best
    return None


def _distance(bad: Mapping[str, object]) -> int:
    """Return how far a call is from the wanted one; one that is right may still not fit."""
    return 2 * len(bad.keys() - {_SHAPE}) + (_SHAPE in bad)


def wanted_values(wanted: Wanted) -> tuple[Plain, ...]:
    """Return every value that stands in a call."""
    if isinstance(wanted, WantedExpression):
        return wanted.hints
    return tuple(wanted.arguments.values())


def _values_for(param: ParamDescription, wanted: Wanted) -> list[ParamValue]:
    """Return the values worth trying for a parameter, seeing what stands in the call."""
    hints = wanted_values(wanted)
    numbers = [value for value in hints if isinstance(value, int | float)]
    numbers = [value for value in numbers if not isinstance(value, bool)]
    values: list[ParamValue]
    match param.kind:
        case "choice":
            values = list(param.choices)
        case "bool":
            values = [False, True]
        case "text":
            values = [value for value in hints if isinstance(value, str)]
        case "float":
            values = [float(value) for value in numbers]
        case "int":
            whole = [value for value in numbers if isinstance(value, int) and value]
            quotients = [a // b for a, b in itertools.permutations(whole, 2) if abs(a) >= abs(b)]
            values = [*(value for value in numbers if isinstance(value, int)), *quotients]
        case _:
            values = [
                cast("ParamValue", as_json(value))
                for value in hints
                if isinstance(value, list | tuple | int) and not isinstance(value, bool)
            ]
    if param.is_optional:
        values.append(None)
    return list({repr(value): value for value in values}.values())[:24]


def _reason(layer: AnyLayer, wanted: Wanted, num_inputs: int) -> str:
    """Say why no parameters make the call."""
    if isinstance(wanted, WantedCall):
        fields = layer.Params.model_fields
        named = {
            name: cast("ParamValue", as_json(value))
            for name, value in wanted.arguments.items()
            if name in fields
        }
        errors = parse_params(layer, named).errors
        if errors:
            return errors[0].message
        return (
            f"{layer.title} cannot be had with these arguments and {num_inputs} "
            f"{'input' if num_inputs == 1 else 'inputs'}."
        )
    return f"{layer.title} cannot be had in this form on what arrives."
