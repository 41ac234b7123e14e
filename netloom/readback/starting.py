"""How weights start and learn, from `nn.init` calls and the factors of parameter groups."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import cast, get_args

from netloom.graph.document import ParamValue
from netloom.layers.learning import (
    LEARNING_NAMES,
    BiasInitialiser,
    LearningParams,
    WeightInitialiser,
    starts,
)
from netloom.readback.records import ReadNode
from netloom.readback.values import LayerModule, Plain, same
from netloom.readback.wanted import Params

_VALUES = ("val", "std", "gain", "b")
_MAX_FACTOR = 1e6


def with_starts(read: ReadNode) -> Params:
    """Return a layer's parameters with how its weights start, as the source says it."""
    module = read.module
    if not isinstance(module, LayerModule):
        return read.params
    factors = {"learning_rate_factor", "l2_factor"}
    params = {
        name: value
        for name, value in read.params.items()
        if name not in LEARNING_NAMES or name in factors or _still_says(name, read, module)
    }
    for tensor, function, arguments, _ in module.starts:
        params |= {
            name: value
            for name, value in _start(tensor, function, arguments).items()
            if not _says(params, tensor, function, arguments)
        }
    return params


def _still_says(name: str, read: ReadNode, module: LayerModule) -> bool:
    half = "bias" if name.startswith("bias") else "weight"
    return any(_half(tensor) == half for tensor, *_ in module.starts) or (
        read.params.get(f"{half}_init", "default") == "default"
    )


def _half(tensor: str) -> str:
    return "bias" if "bias" in tensor.rpartition(".")[2] else "weight"


def _says(params: Params, tensor: str, function: str, arguments: Mapping[str, Plain]) -> bool:
    """Whether parameters already start this tensor so."""
    own = {name: value for name, value in params.items() if name in LEARNING_NAMES}
    try:
        learning = LearningParams.model_validate(own)
    except ValueError:
        return False
    return any(
        start.function == function
        and same(sorted(start.arguments.items()), sorted(arguments.items()))
        for start in starts(learning, {tensor: (2, 2)})
    )


def _start(tensor: str, function: str, arguments: Mapping[str, Plain]) -> dict[str, ParamValue]:
    half = _half(tensor)
    names = get_args(BiasInitialiser if half == "bias" else WeightInitialiser)
    value = next((arguments[name] for name in _VALUES if name in arguments), None)
    number = abs(value) if isinstance(value, int | float) and "val" not in arguments else value
    for name in names:
        for given in (None, number):
            params: Params = {f"{half}_init": name}
            if given is not None:
                params[f"{half}_init_value"] = cast("ParamValue", given)
            if _says(params, tensor, function, arguments):
                return params
    return {}


def read_factors(function: ast.FunctionDef) -> dict[str, tuple[float, float]]:
    """Return the factors of learning rate and weight decay by module path."""
    for statement in ast.walk(function):
        match statement:
            case ast.Assign(targets=[ast.Name(id="factors")], value=ast.Dict() as table):
                try:
                    found = cast("Mapping[object, tuple[float, float]]", ast.literal_eval(table))
                except (ValueError, TypeError, MemoryError, RecursionError):
                    return {}
                return {
                    path: (float(pair[0]), float(pair[1]))
                    for path, pair in found.items()
                    if isinstance(path, str) and _is_pair(pair)
                }
            case _:
                pass
    return {}


def _is_pair(value: object) -> bool:
    items = cast("tuple[object, ...]", value) if isinstance(value, tuple) else ()
    return len(items) == 2 and all(
        isinstance(item, int | float) and abs(item) < _MAX_FACTOR for item in items
    )
