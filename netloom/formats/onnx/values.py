"""What a tensor of an ONNX graph is while it is drawn: known beforehand, or flowing through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from netloom.layers.operators.naming import Kind
from netloom.layers.shapes import Shape
from netloom.layers.sizes import Expr, Size

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


class CannotMap(Exception):
    """What no layer or operator says; it becomes a placeholder."""


@dataclass(frozen=True, slots=True)
class Wire:
    """A port of a planned node.

    Attributes:
        node: Its number in the plan.
    """

    node: int
    port: str


@dataclass(frozen=True, slots=True)
class Flow:
    """A tensor that depends on the input, or one that was drawn.

    Attributes:
        shape: None behind a placeholder of which nobody knows the shape.
        kind: What it holds; the shape tells so only for the rules of layers.
    """

    wire: Wire
    shape: Shape | None
    kind: Kind = "number"

    @property
    def sizes(self) -> tuple[Size, ...]:
        """The sizes along its axes.

        Raises:
            CannotMap: Nobody knows them.
        """
        if self.shape is None:
            raise CannotMap("the shape of what arrives is not known")
        return tuple(dim.size for dim in self.shape)


@dataclass(frozen=True, slots=True)
class Known:
    """A tensor whose values are known: a weight, or what follows from shapes.

    Attributes:
        array: Of `int` and `Expr` objects where sizes depend on the batch.
        name: Of the weight in the file; empty for what was computed.
    """

    array: Array
    name: str = ""

    @property
    def is_symbolic(self) -> bool:
        """Whether values depend on the batch."""
        return self.array.dtype == object


Value: TypeAlias = Flow | Known


def known_sizes(sizes: tuple[Size, ...] | list[Size] | Size) -> Known:
    """Return sizes as a tensor, whole numbers where they are."""
    array = np.array(sizes, dtype=object)
    return Known(settled_array(array))


def settled_array(array: Array) -> Array:
    """Return an array of sizes as whole numbers, where none depends on the batch."""
    if any(isinstance(item, Expr) for item in array.flat):
        return array
    return array.astype(np.int64)


def kind_of_array(array: Array) -> Kind:
    """Return what an array holds.

    Raises:
        CannotMap: Text, complex numbers or sizes that depend on the batch.
    """
    if array.dtype == bool:
        return "boolean"
    if array.dtype.kind in "iu":
        return "integer"
    if array.dtype.kind == "f" or array.dtype.name in ("bfloat16",):
        return "number"
    raise CannotMap(f"values of type {array.dtype} are no numbers")


def kind_of_elem(elem_type: int) -> Kind:
    """Return what a tensor of an ONNX element type holds.

    Raises:
        CannotMap: Text or complex numbers.
    """
    if elem_type in (1, 10, 11, 16):
        return "number"
    if elem_type in (2, 3, 4, 5, 6, 7, 12, 13):
        return "integer"
    if elem_type == 9:
        return "boolean"
    raise CannotMap(f"tensors of element type {elem_type} are not known")
