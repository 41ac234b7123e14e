"""What mappings see of the importer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

import numpy as np

from netloom.formats.onnx.board import Board
from netloom.formats.onnx.inputs import Reading
from netloom.formats.onnx.node import Op
from netloom.formats.onnx.values import Array, CannotMap, Flow, Value
from netloom.graph.document import ParamValue


class State(Protocol):
    """The state of an import."""

    board: Board
    reading: Reading
    file_batch: int | None

    def flow(self, value: Value) -> Flow:
        """Return a tensor that layers can take: a known one is drawn."""
        ...

    def num_uses(self, name: str) -> int:
        """Return how often a tensor of the graph that is being read is taken."""
        ...


Map: TypeAlias = Callable[[State, Op], Sequence[Value]]
Maps: TypeAlias = Mapping[str, Map]


def axis_of(axis: int, rank: int) -> int:
    """Return the number of an axis from 0.

    Raises:
        CannotMap: There is no such axis.
    """
    if not -rank <= axis < max(rank, 1):
        raise CannotMap(f"there is no axis {axis} among {rank}")
    return axis % rank if rank else 0


def whole_size(flow: Flow, axis: int) -> int:
    """Return a size that must be a number.

    Raises:
        CannotMap: It depends on the data.
    """
    size = flow.sizes[axis]
    if not isinstance(size, int):
        raise CannotMap(f"the size of axis {axis} depends on the data")
    return size


def is_filled(array: Array, value: float) -> bool:
    """Say whether an array holds one number everywhere."""
    return array.dtype.kind in "fiub" and bool(np.all(array == value))


def as_float32(array: Array) -> Array:
    """Return weights as layers save them.

    Raises:
        CannotMap: They are no numbers.
    """
    if array.dtype.kind in "fiub" or array.dtype.name == "bfloat16":
        return np.ascontiguousarray(array.astype(np.float32))
    raise CannotMap("weights are no numbers")


def sides(values: Sequence[int], count: int) -> ParamValue:
    """Return what a layer takes along its directions: one number for one direction.

    Raises:
        CannotMap: There are more or fewer numbers.
    """
    if len(values) != count:
        raise CannotMap(f"{len(values)} numbers do not fit {count} directions")
    return values[0] if count == 1 else [*values]
