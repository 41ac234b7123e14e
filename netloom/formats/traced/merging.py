"""Two recordings of one module at different batch sizes, as one with a symbolic batch.

A whole number that differs between them follows from the batch: `a·B + c`, as two values decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import nn

from netloom.formats.imported import FormatError
from netloom.formats.traced.calls import Call, Changed, Out, Recording, Ref, Stored
from netloom.layers.sizes import Size, symbol

BATCHES = (2, 3)
"""Small, different, and not 1, which torch would repeat to anything."""


class Varying:
    """A value that differs between the recordings and is no number that follows from the batch."""


VARYING = Varying()


@dataclass(frozen=True, slots=True)
class Result:
    """A tensor that a call gives, with symbolic sizes."""

    number: int
    sizes: tuple[Size, ...]
    dtype: torch.dtype


@dataclass(frozen=True, slots=True)
class Held:
    """A tensor that does not depend on the input, with symbolic sizes."""

    stored: Stored
    sizes: tuple[Size, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A call; as in the recording, with symbolic numbers and `Held` instead of `Stored`."""

    name: str
    module: nn.Module | None
    path: str
    args: Sequence[object]
    kwargs: Mapping[str, object]
    outputs: tuple[Result, ...]
    line: str
    label: str = ""
    is_known: bool = True
    decides_at: str = ""


@dataclass(frozen=True, slots=True)
class Program:
    """What a module computes."""

    inputs: tuple[Result, ...]
    steps: Sequence[Step]
    result: object


def merged(first: Recording, second: Recording) -> Program:
    """Join two recordings.

    Raises:
        FormatError: Other functions are called for another number of samples.
    """
    for one, other in zip(first.calls, second.calls, strict=False):
        if (one.name, one.path, len(one.outputs)) != (other.name, other.path, len(other.outputs)):
            raise FormatError(_other_calls(one))
    if len(first.calls) != len(second.calls):
        longest = max(first.calls, second.calls, key=len)
        raise FormatError(_other_calls(longest[min(len(first.calls), len(second.calls))]))
    steps = [_step(one, other) for one, other in zip(first.calls, second.calls, strict=True)]
    inputs = zip(first.inputs, second.inputs, strict=True)
    return Program(
        tuple(_result(one, other) for one, other in inputs),
        steps,
        _value(first.result, second.result),
    )


def _other_calls(call: Call) -> str:
    where = call.line or f"the module {call.path}"
    return (
        f"The module computes something else for {BATCHES[1]} samples than for {BATCHES[0]}, at "
        f"{where}. A network must treat every sample alike."
    )


def _step(one: Call, other: Call) -> Step:
    args = cast("Sequence[object]", _value(one.args, other.args))
    kwargs = cast("Mapping[str, object]", _value(one.kwargs, other.kwargs))
    outputs = zip(one.outputs, other.outputs, strict=True)
    results = tuple(_result(left, right) for left, right in outputs)
    return Step(
        one.name,
        one.module,
        one.path,
        args,
        kwargs,
        results,
        one.line,
        one.label,
        one.is_known,
        one.decides_at,
    )


def _result(one: Out, other: Out) -> Result:
    return Result(one.number, _sizes(one.sizes, other.sizes), one.dtype)


def _sizes(one: Sequence[int], other: Sequence[int]) -> tuple[Size, ...]:
    if len(one) != len(other):
        raise FormatError("A tensor has another number of axes for another number of samples.")
    return tuple(_number(left, right) for left, right in zip(one, other, strict=True))


def _number(one: int, other: int) -> Size:
    if one == other:
        return one
    few, many = BATCHES
    factor = (other - one) // (many - few)
    return symbol("B") * factor + (one - factor * few)


def _value(one: object, other: object) -> object:
    if isinstance(one, Stored) and isinstance(other, Stored):
        sizes = _sizes(one.tensor.shape, other.tensor.shape)
        if one.tensor.shape == other.tensor.shape and not torch.equal(one.tensor, other.tensor):
            return VARYING
        return Held(one, sizes)
    if type(one) is not type(other) or isinstance(one, Changed):
        return VARYING
    match one:
        case Ref():
            return one if one == other else VARYING
        case bool():
            return one if one == other else VARYING
        case int():
            return _number(one, cast("int", other))
        case list() | tuple():
            left, right = cast("Sequence[object]", one), cast("Sequence[object]", other)
            if len(left) != len(right):
                return VARYING
            values = [_value(a, b) for a, b in zip(left, right, strict=True)]
            return values if isinstance(one, list) else tuple(values)
        case dict():
            left_items = cast("dict[str, object]", one)
            right_items = cast("dict[str, object]", other)
            if left_items.keys() != right_items.keys():
                return VARYING
            return {key: _value(item, right_items[key]) for key, item in left_items.items()}
        case slice():
            parts = _parts(cast("object", one))
            return Cut(*(_value(a, b) for a, b in zip(parts, _parts(other), strict=True)))
        case _:
            return one if one == other else VARYING


def _parts(given: object) -> tuple[object, object, object]:
    found = cast("Any", given)
    return found.start, found.stop, found.step


@dataclass(frozen=True, slots=True)
class Cut:
    """A slice whose ends may follow from the batch."""

    start: object
    stop: object
    step: object


def leaves(value: object) -> Iterator[object]:
    """Yield everything in a value that holds nothing further."""
    match value:
        case list() | tuple():
            for item in cast("Sequence[object]", value):
                yield from leaves(item)
        case dict():
            for item in cast("dict[str, object]", value).values():
                yield from leaves(item)
        case Cut():
            yield from leaves([value.start, value.stop, value.step])
        case _:
            yield value
