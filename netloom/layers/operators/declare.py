"""What an operator declares: its arguments, its shape rule and the call of torch it stands for.

An operator is what networks of others contain and Netloom has no layer type for. Each is declared
once. Shape rules are plain Python and keep B and T as symbols; no torch is imported here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from netloom.layers.base import Argument, Constructor, Port
from netloom.layers.operators.naming import Kind, as_kind, plain
from netloom.layers.operators.ports import INPUT, OUTPUT, Ports, port_names
from netloom.layers.shapes import Dim, Shape
from netloom.layers.sizes import Size


class Misfit(ValueError):
    """An operator cannot work on what arrives; the text says why.

    Attributes:
        value: The number at fault, where it is one that an argument holds; None elsewhere.
    """

    def __init__(self, message: str, value: int | None = None) -> None:
        super().__init__(message)
        self.value = value


class NoArguments(BaseModel):
    """Arguments of an operator: closed, immutable, no silent conversions."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


_REQUIRED: Any = ...


def argument(title: str, description: str, default: Any = _REQUIRED) -> Any:
    """Declare an argument of an operator: what a person reads about it, and its default.

    Its kind, range and choices follow from its type.
    """
    return Field(default=default, title=title, description=description)


@dataclass(frozen=True, slots=True)
class Given:
    """A tensor that arrives, as an argument of a call."""

    index: int


CallArgument: TypeAlias = "Argument | float | tuple[int, ...] | Given | tuple[Given, ...]"


@dataclass(frozen=True, slots=True)
class TensorCall:
    """A call of a function of torch that changes nothing in place.

    Attributes:
        function: Name under `torch`, or with its module, `nn.functional.pad`.
        args: In order; a tuple of tensors is passed as a list.
    """

    function: str
    args: tuple[CallArgument, ...]
    kwargs: Mapping[str, CallArgument] = field(default_factory=dict[str, "CallArgument"])


Takes = Literal["numbers", "integers", "booleans", "anything"]
Shapes = Sequence[Shape]


@dataclass(frozen=True, slots=True)
class OperatorType:
    """One operator.

    Attributes:
        name: In documents; torch's name where it says enough.
        summary: One sentence.
        shapes: Shape of every output from arguments and what arrives; raises `Misfit`.
        call: The call it stands for; None where `constructor` says a class instead.
        inputs: Which ports there are, by the arguments.
        outputs: The same for what leaves.
        takes: What each port accepts; the last entry holds for all further ports.
        arguments: Type of the arguments.
        aliases: Other words to find it by.
    """

    name: str
    summary: str
    shapes: Callable[[Any, Shapes], Sequence[Shape]]
    call: Callable[[Any, Shapes], TensorCall] | None = None
    constructor: Callable[[Any, Shapes], Constructor] | None = None
    inputs: Ports = INPUT
    outputs: Ports = OUTPUT
    takes: tuple[Takes, ...] = ("numbers",)
    arguments: type[NoArguments] = NoArguments
    aliases: tuple[str, ...] = ()

    def input_ports(self, arguments: NoArguments) -> tuple[Port, ...]:
        """Return the ports that there are with these arguments."""
        names = port_names(self.inputs, arguments)
        return tuple(
            Port(name, _title(name), takes_any=self.taken(index) != "numbers")
            for index, name in enumerate(names)
        )

    def output_ports(self, arguments: NoArguments) -> tuple[Port, ...]:
        """Return the outputs that there are with these arguments."""
        return tuple(Port(name, _title(name)) for name in port_names(self.outputs, arguments))

    def taken(self, index: int) -> Takes:
        """Return what the port of this number accepts."""
        return self.takes[min(index, len(self.takes) - 1)]


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def axis_index(dim: int, rank: int, *, extra: int = 0) -> int:
    """Return the number of an axis counted from 0.

    Args:
        extra: Places behind the last axis that count too, as for a new axis.

    Raises:
        Misfit: There is no such axis.
    """
    count = rank + extra
    if not -count <= dim < count:
        raise Misfit(f"there is no axis {dim} among {rank}", value=dim)
    return dim % count


def axis_indices(dims: Sequence[int], rank: int) -> list[int]:
    """Return the numbers of axes counted from 0, each once and in order.

    Raises:
        Misfit: One is not there, or there twice.
    """
    found = sorted(axis_index(dim, rank) for dim in dims)
    if len(set(found)) < len(found):
        raise Misfit("an axis is named twice")
    return found


def placed(dim: int, shapes: Shapes, *, extra: int = 0) -> int:
    """Return the number of an axis as code has it: from 0 where the shape is known."""
    rank = len(shapes[0]) if shapes else 0
    return dim % (rank + extra) if -rank - extra <= dim < rank + extra else dim


def fixed(dim: Dim) -> int:
    """Return a size that must be a number.

    Raises:
        Misfit: It depends on the data.
    """
    if not isinstance(dim.size, int):
        raise Misfit(f"the size {dim.size} of {dim.axis} depends on the data")
    return dim.size


def with_size(shape: Shape, at: int, size: Size) -> Shape:
    """Return a shape in which one axis has another size."""
    return (*shape[:at], Dim(shape[at].axis, size), *shape[at + 1 :])


def same_shape(_: object, shapes: Shapes) -> Sequence[Shape]:
    """Declare that a tensor keeps its shape and holds numbers."""
    return (as_kind(shapes[0], "number"),)


def of_kind(shape: Shape, kind: Kind) -> Sequence[Shape]:
    """Return one output of a kind."""
    return (as_kind(plain(shape), kind),)
