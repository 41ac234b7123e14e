"""Trials that are made up for a layer of which nothing but the declaration is known."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from netloom.graph.document import ParamValue
from netloom.layer_checks.flaws import Trial, stage
from netloom.layers.base import AnyLayer, Inference, Inputs, Port
from netloom.layers.expect import kind_problem
from netloom.layers.fields import ParamDescription, describe_param
from netloom.layers.params import LayerParams
from netloom.layers.parse import parse_params
from netloom.layers.shapes import (
    Shape,
    feature_shape,
    image_shape,
    mask_shape,
    named_shape_text,
    sequence_shape,
    signal_shape,
    size_of,
    token_shape,
    volume_shape,
)

_COMPUTED = (
    image_shape(4, 13, 16), image_shape(3, 32, 32), feature_shape(8), feature_shape(12),
    sequence_shape(8), sequence_shape(6, 5), signal_shape(4), signal_shape(6, 19),
    volume_shape(4, 8, 9, 11),
)  # fmt: skip
_TOKENS = (token_shape(10), token_shape(5, 7))
_MOST_INPUTS = 3
"""Inputs up to which every combination of shapes is tried."""
_MOST_SHAPES = 4
_MOST_PARAMETER_SETS = 24


@dataclass(frozen=True, slots=True)
class Guesses:
    """What a layer accepts of what was tried.

    Attributes:
        reason: Why the last thing that it refused is not accepted.
        num_tried: How many combinations of shapes there were, for the usual parameters.
    """

    trials: tuple[Trial, ...]
    reason: str
    num_tried: int


def guess_trials(layer: AnyLayer) -> Guesses:
    """Return trials that the layer accepts: few shapes, and every parameter changed once.

    Raises:
        Found: Its declaration fails on something that can be drawn.
    """
    trials: list[Trial] = []
    reason, num_tried = "", 0
    for index, raw in enumerate(_parameter_sets(layer)):
        with stage("parameters", f"Parameters {raw} cannot be read"):
            params = parse_params(layer, raw).params
        if params is None:
            continue
        accepted = 0
        for inputs in _inputs(layer, params):
            num_tried += index == 0
            answer = _answer(layer, params, inputs)
            if isinstance(answer, str):
                reason = answer
            elif accepted < _MOST_SHAPES:
                accepted += 1
                trials.append(Trial(raw, inputs))
    return Guesses(tuple(trials), reason, num_tried)


def _answer(layer: AnyLayer, params: LayerParams, inputs: Inputs) -> Inference | str:
    shapes = ", ".join(map(named_shape_text, inputs.values()))
    if problem := kind_problem(layer, params, inputs):
        return problem.message
    with stage("shapes", f"infer fails on {shapes}, which it has to accept or to refuse"):
        found = layer.infer(params, inputs)
        if not isinstance(found, Inference):
            return found.message
    return found


def _inputs(layer: AnyLayer, params: LayerParams) -> Iterator[Inputs]:
    """Yield shapes for every port: one for all, the declared examples, then combinations."""
    ports = list(layer.input_ports(params))
    names = {port.name for port in ports}
    yield from (given for given in layer.examples if set(given) == names)
    computing = [port for port in ports if not port.takes_mask]
    choices = [_TOKENS if port.takes_integers else _COMPUTED for port in computing]
    alike = [tuple(_nth(each, index) for each in choices) for index in range(len(_COMPUTED))]
    different = () if not 1 < len(choices) <= _MOST_INPUTS else itertools.product(*choices)
    for shapes in dict.fromkeys((*alike, *different)):
        given = dict(zip([port.name for port in computing], shapes, strict=True))
        yield _with_masks(ports, given)


def _nth(shapes: Sequence[Shape], index: int) -> Shape:
    return shapes[index % len(shapes)]


def _with_masks(ports: Sequence[Port], given: Mapping[str, Shape]) -> Inputs:
    """Give each mask the length of the sequences."""
    lengths = [size_of(shape, "T") for shape in given.values() if any(d.axis == "T" for d in shape)]
    mask = mask_shape(lengths[0] if lengths else 5)
    return {port.name: mask if port.takes_mask else given[port.name] for port in ports}


def _parameter_sets(layer: AnyLayer) -> Iterator[dict[str, ParamValue]]:
    """Yield the usual parameters, then each parameter at other values."""
    fields = layer.Params.model_fields
    described = [describe_param(name, field) for name, field in fields.items()]
    required: dict[str, ParamValue] = {
        param.name: _others(param)[0] for param in described if param.is_required
    }
    sets = [required]
    for param in described:
        sets += [{**required, param.name: value} for value in _others(param)]
    yield from sets[:_MOST_PARAMETER_SETS]


def _others(param: ParamDescription) -> list[ParamValue]:
    """Return values of a parameter that are not its default, nearest first."""
    values: list[ParamValue]
    default = param.default
    match param.kind:
        case "choice":
            values = list(param.choices)
        case "bool":
            values = [not default]
        case "int" | "float":
            base = default if isinstance(default, int | float) else param.minimum or 1
            values = [base + 1, base * 2, base / 2 if param.kind == "float" else base - 1]
        case "int_pair" | "int_triple":
            values = [[*[size] * (param.count or 1)] for size in (1, 2, 3)]
        case "padding":
            values = ["same", 1]
        case "int_list":
            values = [[1], [2, 1]]
        case "float_list":
            values = [[0.5], [1.0, 2.0]]
        case "text":
            values = []
    return [value for value in values if value != default] or [default]
