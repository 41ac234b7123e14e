"""Operators that repeat and move numbers, put borders around them, and put tensors together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

from pydantic import Field

from netloom.layers.base import Constructor
from netloom.layers.operators.declare import (
    CallArgument,
    Given,
    Misfit,
    NoArguments,
    OperatorType,
    Shapes,
    TensorCall,
    argument,
    axis_index,
    axis_indices,
    fixed,
    placed,
    with_size,
)
from netloom.layers.operators.layout import MAX_RANK, Numbers, keeping_kind
from netloom.layers.operators.naming import has_batch, kind_of, plain, settled
from netloom.layers.operators.ports import PortRule, several
from netloom.layers.shapes import Dim, Shape
from netloom.layers.sizes import Size


class ExpandArguments(NoArguments):
    """The sizes that axes of size 1 are repeated to.

    Attributes:
        shape: −1 keeps a size.
        to_batch: The first axis becomes as long as that of a second tensor.
    """

    shape: Numbers = argument("Shape", "The sizes to end with; −1 keeps one.")
    to_batch: bool = argument(
        "To batch", "The first axis becomes as long as that of a second tensor.", False
    )


def _expand_shapes(given: ExpandArguments, shapes: Shapes) -> Sequence[Shape]:
    shape = plain(shapes[0])
    added = len(given.shape) - len(shape)
    if added < 0:
        raise Misfit(f"{len(shape)} axes cannot become {len(given.shape)}")
    dims: list[tuple[str | None, Size]] = []
    for place, wanted in enumerate(given.shape):
        before = shape[place - added] if place >= added else Dim("", 1)
        size: Size = before.size if wanted == -1 else wanted
        if place == 0 and given.to_batch:
            size = shapes[1][0].size
        if before.size not in (1, size) or (isinstance(size, int) and size < 1):
            raise Misfit(f"{before.size} numbers cannot be repeated to {size}")
        dims.append((before.axis if before.axis not in ("", "B") else None, size))
    return keeping_kind(settled(dims), shapes[0])


def _expand_constructor(given: ExpandArguments, _: Shapes) -> Constructor:
    name = "ExpandToBatch" if given.to_batch else "Expand"
    return Constructor(name, ([*given.shape],))


class TileArguments(NoArguments):
    """How often each axis is repeated."""

    dims: Annotated[
        tuple[Annotated[int, Field(ge=1, le=65_536)], ...], Field(max_length=MAX_RANK)
    ] = argument("Times", "How often each axis is repeated, the batch included.")


def _tile_shapes(given: TileArguments, shapes: Shapes) -> Sequence[Shape]:
    shape = plain(shapes[0])
    if len(given.dims) != len(shape):
        raise Misfit(f"give {len(shape)} numbers, one for each axis")
    dims = [(dim.axis, dim.size * times) for dim, times in zip(shape, given.dims, strict=True)]
    return keeping_kind(settled(dims), shapes[0])


class RollArguments(NoArguments):
    """By how much each axis is moved; what leaves at the end enters at the beginning."""

    shifts: Numbers = argument("Shifts", "By how much each axis is moved.")
    dims: Numbers = argument("Axes", "Numbers of the axes that are moved; 0 is the batch.")


def _roll_shapes(given: RollArguments, shapes: Shapes) -> Sequence[Shape]:
    if len(given.shifts) != len(given.dims):
        raise Misfit("give a shift for each axis")
    axis_indices(given.dims, len(shapes[0]))
    return (shapes[0],)


class PadArguments(NoArguments):
    """Borders of the last axes, last first: before, behind, before, behind...

    Attributes:
        padding: Negative numbers cut off.
    """

    padding: Annotated[tuple[int, ...], Field(min_length=2, max_length=2 * MAX_RANK)] = argument(
        "Padding", "Before and behind each axis, the last axis first; negative cuts off."
    )
    mode: Literal["constant", "reflect", "replicate", "circular"] = argument(
        "Mode", "What the border holds.", "constant"
    )
    value: float = argument("Value", "What a constant border holds.", 0.0)


def _pad_shapes(given: PadArguments, shapes: Shapes) -> Sequence[Shape]:
    shape = plain(shapes[0])
    count = len(given.padding) // 2
    if len(given.padding) % 2 or count > len(shape):
        raise Misfit("give two numbers for each axis, beginning with the last")
    if given.mode != "constant" and (count, len(shape)) not in ((1, 3), (2, 4), (3, 5)):
        raise Misfit(f"{given.mode} works on the positions of signals, images and volumes")
    for index in range(count):
        before, behind = given.padding[2 * index : 2 * index + 2]
        at = len(shape) - 1 - index
        size = shape[at].size + before + behind
        if has_batch(shape[at].size) and (before or behind):
            raise Misfit("the batch gets no border")
        if isinstance(size, int):
            real = fixed(shape[at])
            most = real - 1 if given.mode == "reflect" else real
            if size < 1 or (given.mode != "constant" and max(before, behind) > most):
                raise Misfit(f"{shape[at].axis}={real} is too small for this border")
        elif before < 0 or behind < 0 or given.mode != "constant":
            raise Misfit(f"the size {size} of {shape[at].axis} depends on the data")
        shape = with_size(shape, at, size)
    return keeping_kind(shape, shapes[0])


def _pad_call(given: PadArguments, _: Shapes) -> TensorCall:
    kwargs: dict[str, CallArgument] = {}
    if given.mode != "constant":
        kwargs["mode"] = given.mode
    elif given.value:
        kwargs["value"] = given.value
    return TensorCall("nn.functional.pad", (Given(0), given.padding), kwargs)


class JoinArguments(NoArguments):
    """How many tensors come together, and along which axis."""

    dim: int = argument("Axis", "Its number; 0 is the batch.", 0)
    num_inputs: Annotated[int, Field(ge=1, le=256)] = argument(
        "Inputs", "How many tensors come together.", 2
    )


def _stack_shapes(given: JoinArguments, shapes: Shapes) -> Sequence[Shape]:
    first = plain(shapes[0])
    sizes = [dim.size for dim in first]
    if any([dim.size for dim in shape] != sizes for shape in shapes):
        raise Misfit("all tensors need the same shape")
    at = axis_index(given.dim, len(first), extra=1)
    dims: list[tuple[str | None, Size]] = [(dim.axis, dim.size) for dim in first]
    dims.insert(at, (None, given.num_inputs))
    return keeping_kind(settled(dims), shapes[0])


def _concatenate_shapes(given: JoinArguments, shapes: Shapes) -> Sequence[Shape]:
    first = plain(shapes[0])
    at = axis_index(given.dim, len(first))
    total: Size = 0
    for shape in shapes:
        fits = len(shape) == len(first) and all(
            index == at or one.size == other.size
            for index, (one, other) in enumerate(zip(first, shape, strict=True))
        )
        if not fits or kind_of(shape) != kind_of(shapes[0]):
            raise Misfit("all sizes but those along the axis must be equal")
        total = shape[at].size + total
    return keeping_kind(with_size(first, at, total), shapes[0])


def _join_call(function: str) -> Callable[[JoinArguments, Shapes], TensorCall]:
    def call(given: JoinArguments, shapes: Shapes) -> TensorCall:
        tensors = tuple(Given(index) for index in range(given.num_inputs))
        dim = placed(given.dim, shapes, extra=int(function == "stack"))
        return TensorCall(function, (tensors,), {"dim": dim})

    return call


OPERATORS = (
    OperatorType(
        "expand",
        "Repeats axes of size 1 without copying.",
        _expand_shapes,
        constructor=_expand_constructor,
        inputs=(
            PortRule(name="input"),
            PortRule(name="like", condition="where_true", argument="to_batch", default=False),
        ),
        takes=("anything",),
        arguments=ExpandArguments,
        aliases=("broadcast", "repeat"),
    ),
    OperatorType(
        "tile",
        "Repeats whole axes one behind the other.",
        _tile_shapes,
        lambda given, _: TensorCall("tile", (Given(0), given.dims)),
        takes=("anything",),
        arguments=TileArguments,
        aliases=("repeat",),
    ),
    OperatorType(
        "roll",
        "Moves along axes; what leaves at the end enters at the beginning.",
        _roll_shapes,
        lambda given, _: TensorCall("roll", (Given(0), given.shifts, given.dims)),
        takes=("anything",),
        arguments=RollArguments,
        aliases=("shift", "cyclic"),
    ),
    OperatorType(
        "pad",
        "Puts borders around any axes, or cuts them off.",
        _pad_shapes,
        _pad_call,
        arguments=PadArguments,
        aliases=("border",),
    ),
    OperatorType(
        "stack",
        "Puts tensors of one shape side by side along a new axis.",
        _stack_shapes,
        _join_call("stack"),
        inputs=several("input", "num_inputs", default=2),
        takes=("anything",),
        arguments=JoinArguments,
    ),
    OperatorType(
        "concatenate",
        "Puts tensors one behind the other along any axis.",
        _concatenate_shapes,
        _join_call("cat"),
        inputs=several("input", "num_inputs", default=2),
        takes=("anything",),
        arguments=JoinArguments,
        aliases=("cat", "join"),
    ),
)
