"""Named operations for networks of others: each declared once, with a shape rule without torch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import cast

from pydantic import ValidationError

from netloom.layers.operators import (
    arrays,
    elementwise,
    layout,
    picking,
    products,
    reducing,
    repeating,
)
from netloom.layers.operators.declare import (
    Given,
    Misfit,
    NoArguments,
    OperatorType,
    TensorCall,
)
from netloom.layers.refusals import RefusedArgument, explain_refusal

OPERATORS: Mapping[str, OperatorType] = {
    operator.name: operator
    for family in (elementwise, reducing, layout, repeating, picking, products, arrays)
    for operator in family.OPERATORS
}
"""Every operator by its name."""


@lru_cache(maxsize=4096)
def read_arguments(name: str, text: str) -> NoArguments:
    """Read the arguments of an operator.

    Args:
        text: A JSON object.

    Raises:
        RefusedArgument: They are not those of the operator; the text says what is wrong.
    """
    model = OPERATORS[name].arguments
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        [found, *_] = error.errors(include_url=False)
    if found["type"] in ("json_invalid", "model_type"):
        raise RefusedArgument(f"{name}: {text[:40]!r} is no JSON object.", "arguments")
    refusal = explain_refusal(name, model, found)
    if refusal.param not in model.model_fields:
        raise RefusedArgument(refusal.message, "arguments")
    raise RefusedArgument(f"{name}: {refusal.message}", f"arguments.{refusal.param}")


def arguments_text(arguments: Mapping[str, object]) -> str:
    """Return arguments as a document holds them: whole numbers without a point."""
    return json.dumps(_short(dict(arguments)), sort_keys=True)


def _short(value: object) -> object:
    match value:
        case float() if value.is_integer() and abs(value) < _EXACT:
            return int(value)
        case list() | tuple():
            return [_short(item) for item in cast("Sequence[object]", value)]
        case dict():
            return {name: _short(item) for name, item in cast("dict[str, object]", value).items()}
        case _:
            return value


_EXACT = 2.0**53


__all__ = [
    "OPERATORS",
    "Given",
    "Misfit",
    "NoArguments",
    "OperatorType",
    "TensorCall",
    "arguments_text",
    "read_arguments",
]
