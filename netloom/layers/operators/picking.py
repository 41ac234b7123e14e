"""Operators that take parts of a tensor, and those that cut it into several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from netloom.layers.base import Constructor
from netloom.layers.operators.declare import (
    Given,
    Misfit,
    NoArguments,
    OperatorType,
    Shapes,
    TensorCall,
    argument,
    axis_index,
    fixed,
    placed,
    with_size,
)
from netloom.layers.operators.layout import DimArguments, keeping_kind
from netloom.layers.operators.naming import as_kind, has_batch, kind_of, plain, settled
from netloom.layers.operators.ports import WITH_INDEX, PortRule, several
from netloom.layers.shapes import Shape
from netloom.layers.sizes import Expr, Size

MAX_PIECES = 256


class SliceArguments(NoArguments):
    """A range of one axis, as Python counts."""

    dim: int = argument("Axis", "Its number; 0 is the batch.")
    start: int = argument("From", "First position; negative counts from the end.", 0)
    stop: int | None = argument("To", "Position behind the last; empty takes the rest.", None)
    step: Annotated[int, Field(ge=1)] = argument("Step", "1 takes every position.", 1)


def _slice_shapes(given: SliceArguments, shapes: Shapes) -> Sequence[Shape]:
    shape = plain(shapes[0])
    at = axis_index(given.dim, len(shape))
    size = _range_size(given, shape[at].size)
    return keeping_kind(with_size(shape, at, size), shapes[0])


def _range_size(given: SliceArguments, size: Size) -> Size:
    if isinstance(size, Expr):
        is_tail = given.start >= 0 and given.step == 1 and not has_batch(size)
        if given.stop is None and is_tail:
            return size + -given.start
        raise Misfit(f"what is left of {size} depends on the data")
    left = len(range(size)[given.start : given.stop : given.step])
    if left < 1:
        raise Misfit(f"nothing is left of {size}")
    return left


def _slice_constructor(given: SliceArguments, shapes: Shapes) -> Constructor:
    at = axis_index(given.dim, len(shapes[0]))
    values = {"start": given.start, "stop": given.stop, "step": given.step}
    usual = {"start": 0, "stop": None, "step": 1}
    changed = {name: value for name, value in values.items() if value != usual[name]}
    return Constructor("Slice", (at,), changed)


class SelectArguments(NoArguments):
    """One position of an axis, which disappears."""

    dim: int = argument("Axis", "Its number; 0 is the batch.")
    index: int = argument("Position", "Which is taken; negative counts from the end.")


def _select_shapes(given: SelectArguments, shapes: Shapes) -> Sequence[Shape]:
    shape = plain(shapes[0])
    at = axis_index(given.dim, len(shape))
    if len(shape) < 2:
        raise Misfit("an axis must be left")
    size = fixed(shape[at])
    if not -size <= given.index < size:
        raise Misfit(f"{shape[at].axis} has {size} positions, so there is no {given.index}")
    left = [(dim.axis, dim.size) for index, dim in enumerate(shape) if index != at]
    return keeping_kind(settled(left), shapes[0])


def _index_select_shapes(given: DimArguments, shapes: Shapes) -> Sequence[Shape]:
    shape, index = plain(shapes[0]), shapes[1]
    at = axis_index(given.dim, len(shape))
    if len(index) != 1:
        raise Misfit("the positions must be a list")
    fixed(shape[at])
    return keeping_kind(with_size(shape, at, index[0].size), shapes[0])


def _gather_shapes(given: DimArguments, shapes: Shapes) -> Sequence[Shape]:
    shape, index = plain(shapes[0]), plain(shapes[1])
    at = axis_index(given.dim, len(shape))
    others = zip(shape, index, strict=False)
    if len(index) != len(shape) or any(
        one.size != other.size for place, (one, other) in enumerate(others) if place != at
    ):
        raise Misfit("the positions need the shape of what they are taken from, but for the axis")
    dims = [(dim.axis, place.size) for dim, place in zip(shape, index, strict=True)]
    return (as_kind(settled(dims), kind_of(shapes[0])),)


class SplitArguments(NoArguments):
    """The sizes of the pieces along an axis."""

    sizes: Annotated[
        tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=2, max_length=256)
    ] = argument("Sizes", "Of the pieces, in order.")
    dim: int = argument("Axis", "Its number; 0 is the batch.", 1)


class ChunkArguments(NoArguments):
    """How many pieces of equal size, the last perhaps smaller."""

    chunks: Annotated[int, Field(ge=2, le=MAX_PIECES)] = argument(
        "Pieces", "How many of equal size; the last may be smaller."
    )
    dim: int = argument("Axis", "Its number; 0 is the batch.", 1)


class UnbindArguments(NoArguments):
    """Which axis is taken apart.

    Attributes:
        count: Positions of the axis: as many outputs there are.
    """

    count: Annotated[int, Field(ge=2, le=MAX_PIECES)] = argument(
        "Outputs", "As many as the axis has positions."
    )
    dim: int = argument("Axis", "Its number; 0 is the batch.", 1)


def _split_shapes(given: SplitArguments, shapes: Shapes) -> Sequence[Shape]:
    shape = plain(shapes[0])
    at = axis_index(given.dim, len(shape))
    if sum(given.sizes) != fixed(shape[at]):
        raise Misfit(f"the pieces have {sum(given.sizes)} positions, not {shape[at].size}")
    return [keeping_kind(with_size(shape, at, size), shapes[0])[0] for size in given.sizes]


def _chunk_shapes(given: ChunkArguments, shapes: Shapes) -> Sequence[Shape]:
    shape = plain(shapes[0])
    at = axis_index(given.dim, len(shape))
    size = fixed(shape[at])
    piece = -(-size // given.chunks)
    sizes = [min(piece, size - start) for start in range(0, size, piece)]
    if len(sizes) != given.chunks:
        raise Misfit(f"{size} positions make {len(sizes)} pieces, not {given.chunks}")
    return [keeping_kind(with_size(shape, at, each), shapes[0])[0] for each in sizes]


def _unbind_shapes(given: UnbindArguments, shapes: Shapes) -> Sequence[Shape]:
    shape = plain(shapes[0])
    at = axis_index(given.dim, len(shape))
    if fixed(shape[at]) != given.count:
        raise Misfit(f"{shape[at].axis} has {shape[at].size} positions, not {given.count}")
    one = _select_shapes(SelectArguments(dim=at, index=0), shapes)[0]
    return [one] * given.count


OPERATORS = (
    OperatorType(
        "slice",
        "Takes a range of one axis, the batch included.",
        _slice_shapes,
        constructor=_slice_constructor,
        takes=("anything",),
        arguments=SliceArguments,
        aliases=("narrow", "crop"),
    ),
    OperatorType(
        "select",
        "Takes one position of an axis, which disappears.",
        _select_shapes,
        lambda given, shapes: TensorCall(
            "select", (Given(0), placed(given.dim, shapes), given.index)
        ),
        takes=("anything",),
        arguments=SelectArguments,
        aliases=("index",),
    ),
    OperatorType(
        "index_select",
        "Takes the positions of an axis that a list of indices names.",
        _index_select_shapes,
        lambda given, _: TensorCall("index_select", (Given(0), given.dim, Given(1))),
        inputs=WITH_INDEX,
        takes=("anything", "integers"),
        arguments=DimArguments,
        aliases=("take", "lookup"),
    ),
    OperatorType(
        "gather",
        "Takes along an axis what indices of the same shape name.",
        _gather_shapes,
        lambda given, _: TensorCall("gather", (Given(0), given.dim, Given(1))),
        inputs=WITH_INDEX,
        takes=("anything", "integers"),
        arguments=DimArguments,
    ),
    OperatorType(
        "split",
        "Cuts an axis into pieces of given sizes.",
        _split_shapes,
        lambda given, shapes: TensorCall(
            "split", (Given(0), [*given.sizes]), {"dim": placed(given.dim, shapes)}
        ),
        outputs=(PortRule(name="output", condition="one_each", argument="sizes"),),
        takes=("anything",),
        arguments=SplitArguments,
    ),
    OperatorType(
        "chunk",
        "Cuts an axis into so many pieces.",
        _chunk_shapes,
        lambda given, shapes: TensorCall(
            "chunk", (Given(0), given.chunks), {"dim": placed(given.dim, shapes)}
        ),
        outputs=several("output", "chunks"),
        takes=("anything",),
        arguments=ChunkArguments,
    ),
    OperatorType(
        "unbind",
        "Gives every position of an axis on its own.",
        _unbind_shapes,
        lambda given, shapes: TensorCall("unbind", (Given(0),), {"dim": placed(given.dim, shapes)}),
        outputs=several("output", "count"),
        takes=("anything",),
        arguments=UnbindArguments,
    ),
)
