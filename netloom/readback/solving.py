"""Parameters of one layer type that make a call: tried until the declaration makes it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from netloom.compile.signatures import SIZES
from netloom.graph.document import ParamValue
from netloom.layers.base import AnyLayer
from netloom.layers.fields import ParamDescription, describe_param
from netloom.layers.parse import parse_params
from netloom.layers.shapes import Shape
from netloom.readback.guesses import guessed_texts
from netloom.readback.making import SHAPE, makes
from netloom.readback.operator_calls import OPERATOR, of_class
from netloom.readback.values import Plain, as_json
from netloom.readback.wanted import Params, Wanted, WantedCall, wanted_values

_FOLLOWING = SIZES | {
    "channels", "dim", "in1_features", "in2_features", "memory_features", "size", SHAPE,
}  # fmt: skip
"""Arguments that follow from what arrives: nobody has to give them."""
_MAX_ROUNDS = 8
_MAX_COMBINATIONS = 600


@dataclass(frozen=True, slots=True)
class FoundLayer:
    """A layer that makes the call, up to what follows from its inputs.

    Attributes:
        inferred: What is written, and what it is here, by the argument nobody has to give.
        is_misfit: It cannot work on what arrives, and nothing else can.
    """

    layer: AnyLayer
    params: Params
    inferred: Mapping[str, tuple[object, object]]
    is_misfit: bool = False


def solved(
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
        if SHAPE not in bad:
            return best
    return best or _reason(layer, wanted, len(shapes))


def required_values(layer: AnyLayer, wanted: Wanted) -> Params:
    """Return a value for each parameter that has no default."""
    found: Params = {}
    for name, field in layer.Params.model_fields.items():
        if field.is_required():
            values = _values_for(describe_param(name, field), wanted)
            found[name] = next(iter(values), 1)
    return found


def _starts(
    layer: AnyLayer, wanted: Wanted, shapes: Sequence[Shape | None], seed: Params
) -> Iterator[Params]:
    """Yield parameters to begin with, that give the layer as many inputs as it is called with."""
    fixed = required_values(layer, wanted) | seed
    if layer.variadic_param is not None:
        default = cast("object", layer.Params.model_fields[layer.variadic_param].default)
        count = (len(shapes) - len(layer.fixed_inputs)) // max(len(layer.variadic_inputs), 1)
        if count != fixed.get(layer.variadic_param, default):
            fixed[layer.variadic_param] = count
    for switches in _switches(layer, len(shapes), fixed):
        start = fixed | switches
        yield start
        if layer.type_name == OPERATOR and isinstance(wanted, WantedCall):
            for params in of_class(wanted.target, wanted.arguments):
                yield {**start, **params}
        for guess in guessed_texts(layer.type_name, wanted_values(wanted), shapes):
            yield {**start, **guess}


def _switches(layer: AnyLayer, num_inputs: int, present: Params) -> list[Params]:
    """Return each way to switch ports on that gives a layer so many inputs, the present one first.

    What is as usual anyway is left out.
    """
    switched = [port.param for port in layer.inputs if port.param is not None]
    if layer.variadic_param is not None or not switched:
        return [{}]
    fields, names = layer.Params.model_fields, list(dict.fromkeys(switched))
    now = {name: bool(present.get(name, cast("object", fields[name].default))) for name in names}
    count = num_inputs - (len(layer.inputs) - len(switched))
    ways = [
        dict(zip(names, values, strict=True))
        for values in itertools.product((True, False), repeat=len(names))
        if sum(switched.count(name) for name, is_on in zip(names, values, strict=True) if is_on)
        == count
    ]
    ways.sort(key=lambda way: sum(way[name] != now[name] for name in names))
    return [{name: way[name] for name in names if way[name] != now[name]} for way in ways] or [{}]


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
    return 2 * len(bad.keys() - {SHAPE}) + (SHAPE in bad)


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
