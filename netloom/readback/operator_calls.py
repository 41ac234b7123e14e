"""Calls of torch's functions that are operators: which ones, with which arguments."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

from pydantic import ValidationError

from netloom.layers.operator import call_text
from netloom.layers.operators import OPERATORS, OperatorType, arguments_text
from netloom.layers.operators.declare import NoArguments
from netloom.layers.operators.picking import UnbindArguments
from netloom.layers.operators.ports import port_names
from netloom.layers.operators.repeating import JoinArguments
from netloom.readback.values import Flow, is_plain

OPERATOR = "Operator"
_MOST_ITEMS = 4096
"""Of all arguments of a call: what stands in several places is written out as often."""
_OWN_CLASSES: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "Slice": ("slice", {}),
    "Expand": ("expand", {}),
    "ExpandToBatch": ("expand", {"to_batch": True}),
    "CastTo": ("cast", {}),
}


@dataclass(frozen=True, slots=True)
class OperatorCall:
    """A call that operators make.

    Attributes:
        text: The call over `t0`, `t1`...
        hints: Parameters of an `Operator` layer that makes it, as JSON.
    """

    text: str
    flows: tuple[Flow, ...]
    hints: tuple[str, ...]


@cache
def _by_function() -> Mapping[str, list[OperatorType]]:
    found: dict[str, list[OperatorType]] = {}
    for operator in OPERATORS.values():
        for name in _function_names(operator):
            found.setdefault(name, []).append(operator)
    return found


_TRIALS: Sequence[Mapping[str, object]] = (
    {}, {"dim": 0}, {"dim": [0]}, {"min": 0.0}, {"dims": [1]}, {"shape": [1]},
    {"dim0": 0, "dim1": 1}, {"shifts": [1], "dims": [1]}, {"padding": [0, 0]}, {"axes": "B"},
    {"dim": 0, "index": 0}, {"sizes": [1, 1]}, {"chunks": 2}, {"count": 2}, {"k": 1},
    {"num_classes": 1}, {"size": [1]}, {"equation": "a,b->ab"},
)  # fmt: skip
"""Arguments of little meaning, so that every operator can be asked for its function."""


def _function_names(operator: OperatorType) -> Iterator[str]:
    """Return what the function of an operator is called, asked with arguments of little meaning."""
    if operator.call is None:
        return
    for trial in _TRIALS:
        try:
            arguments = operator.arguments.model_validate_json(json.dumps(trial))
        except ValidationError:
            continue
        yield operator.call(arguments, _NO_SHAPES).function.rpartition(".")[2]
        return


_NO_SHAPES = [()] * 4


def operator_call(
    name: str, given: Sequence[object], keywords: Mapping[str, object]
) -> OperatorCall | None:
    """Return the operators that a function of torch may be; None where there is none.

    Args:
        name: Without the module.
        given: Positional arguments; for a method the tensor first.
    """
    found: OperatorCall | None = None
    for operator in _by_function().get(name, ()):
        read = _read(operator, given, keywords)
        if read is None or operator.call is None:
            continue
        arguments, text, flows = read
        names = [f"t{index}" for index in range(len(flows))]
        written = call_text(operator.call(arguments, [flow.shape or () for flow in flows]), names)
        hint = json.dumps({"op": operator.name, "arguments": text})
        if found is None:
            found = OperatorCall(written, flows, (hint,))
        elif found.text == written:
            found = OperatorCall(written, flows, (*found.hints, hint))
    return found


def _read(
    operator: OperatorType, given: Sequence[object], keywords: Mapping[str, object]
) -> tuple[NoArguments, str, tuple[Flow, ...]] | None:
    """Sort what a call is given into tensors and arguments."""
    flows: list[Flow] = []
    values: dict[str, object] = {}
    fields = [name for name in operator.arguments.model_fields if name not in ("num_inputs",)]
    free = iter([name for name in fields if name != "count"])
    for value in given:
        if isinstance(value, Flow):
            flows.append(value)
        elif isinstance(value, list) and value and _are_flows(cast("list[object]", value)):
            flows += cast("list[Flow]", value)
            values["num_inputs"] = len(cast("list[object]", value))
        else:
            name = next(free, None)
            if name is None:
                return None
            values[name] = value
    for name, value in keywords.items():
        if isinstance(value, Flow):
            flows.append(value)
            if name == "attn_mask":
                values["takes_mask"] = True
        else:
            values[name] = value
    if operator.arguments is UnbindArguments:
        values["count"] = _length(flows, values.get("dim", 0))
    if operator.arguments is JoinArguments and "num_inputs" not in values:
        return None
    return _checked(operator, values, tuple(flows))


def _checked(
    operator: OperatorType, values: dict[str, object], flows: tuple[Flow, ...]
) -> tuple[NoArguments, str, tuple[Flow, ...]] | None:
    if not is_plain(list(values.values()), _MOST_ITEMS):
        return None
    try:
        arguments = operator.arguments.model_validate_json(json.dumps(_listed(operator, values)))
    except (ValidationError, TypeError, ValueError):
        return None
    if len(port_names(operator.inputs, arguments)) != len(flows):
        return None
    dumped = arguments.model_dump(mode="json", exclude_defaults=True)
    return arguments, arguments_text(dumped), flows


def _listed(operator: OperatorType, values: Mapping[str, object]) -> dict[str, object]:
    """Return a list of one for a number that stands where several may: `dim=1`."""
    fields = operator.arguments.model_fields
    lists = {name for name in fields if str(fields[name].annotation).startswith("tuple")}
    return {
        name: [item] if name in lists and isinstance(item, int) else item
        for name, item in values.items()
    }


def _are_flows(values: Sequence[object]) -> bool:
    return all(isinstance(value, Flow) for value in values)


def _length(flows: Sequence[Flow], dim: object) -> object:
    shape = flows[0].shape if flows else None
    if shape is None or not isinstance(dim, int) or not -len(shape) <= dim < len(shape):
        return None
    return shape[dim].size if isinstance(shape[dim].size, int) else None


def hinted(values: Sequence[object]) -> Iterator[dict[str, str]]:
    """Yield the parameters of an `Operator` layer that hints name."""
    for value in values:
        if isinstance(value, str) and value.startswith('{"op"'):
            yield cast("dict[str, str]", json.loads(value))


def of_class(target: str, arguments: Mapping[str, object]) -> Iterator[dict[str, str]]:
    """Yield the parameters of an `Operator` layer that makes a call of one of our classes."""
    if target not in _OWN_CLASSES:
        return
    op, fixed = _OWN_CLASSES[target]
    values = {**arguments, **fixed}
    if op == "cast":
        values = {"to": arguments.get("kind")}
    try:
        found = OPERATORS[op].arguments.model_validate_json(json.dumps(values))
    except (ValidationError, TypeError, ValueError):
        return
    dumped = found.model_dump(mode="json", exclude_defaults=True)
    yield {"op": op, "arguments": arguments_text(dumped)}
