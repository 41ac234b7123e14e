"""Operators that lay numbers out anew: other axes, other order, repeated, moved, with a border."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from netloom.layers.operators.declare import (
    Given,
    Misfit,
    NoArguments,
    OperatorType,
    Shapes,
    TensorCall,
    argument,
    axis_index,
    axis_indices,
    placed,
)
from netloom.layers.operators.naming import (
    as_kind,
    kind_of,
    plain,
    regrouped,
    settled,
)
from netloom.layers.shapes import Dim, Shape, named_shape_text
from netloom.layers.sizes import Size, exact_divide, product

MAX_RANK = 8
AxisLetters = Annotated[str, Field(min_length=1, max_length=MAX_RANK)]
Numbers = Annotated[tuple[int, ...], Field(min_length=1, max_length=MAX_RANK)]
AXES = "BCDHWTFNMKGPQRUVXYZ"


def keeping_kind(shape: Shape, before: Shape) -> Sequence[Shape]:
    """Return one output that holds what arrived."""
    return (as_kind(shape, kind_of(before)),)


class TransposeArguments(NoArguments):
    """The two axes that change places."""

    dim0: int = argument("First axis", "Its number; 0 is the batch.")
    dim1: int = argument("Second axis", "Its number; 0 is the batch.")


def _transpose_shapes(given: TransposeArguments, shapes: Shapes) -> Sequence[Shape]:
    dims = [(dim.axis, dim.size) for dim in plain(shapes[0])]
    one, other = axis_index(given.dim0, len(dims)), axis_index(given.dim1, len(dims))
    dims[one], dims[other] = dims[other], dims[one]
    return keeping_kind(settled(dims), shapes[0])


class DimsArguments(NoArguments):
    """Numbers of axes."""

    dims: Numbers = argument("Axes", "Their numbers; 0 is the batch.")


def _permute_shapes(given: DimsArguments, shapes: Shapes) -> Sequence[Shape]:
    shape = plain(shapes[0])
    order = [axis_index(dim, len(shape)) for dim in given.dims]
    if sorted(order) != list(range(len(shape))):
        raise Misfit("every axis must be named once")
    return keeping_kind(settled((shape[at].axis, shape[at].size) for at in order), shapes[0])


def _flip_shapes(given: DimsArguments, shapes: Shapes) -> Sequence[Shape]:
    axis_indices(given.dims, len(shapes[0]))
    return (shapes[0],)


class ReshapeArguments(NoArguments):
    """The sizes to end with.

    Attributes:
        shape: −1 for the one that follows from the others.
    """

    shape: Annotated[tuple[Annotated[int, Field(ge=-1)], ...], Field(max_length=MAX_RANK)] = (
        argument("Shape", "The sizes to end with, the batch included; −1 for one that follows.")
    )


def _reshape_shapes(given: ReshapeArguments, shapes: Shapes) -> Sequence[Shape]:
    shape = plain(shapes[0])
    if given.shape.count(-1) > 1 or 0 in given.shape or not given.shape:
        raise Misfit("every size is at least 1, and one may be −1")
    known = product(size for size in given.shape if size != -1)
    total = product(dim.size for dim in shape)
    rest = exact_divide(total, known) if isinstance(known, int) else None
    if rest is None or rest == 0 or (-1 not in given.shape and rest != 1):
        raise Misfit(f"{total} numbers do not make up {list(given.shape)}")
    sizes: list[Size] = [rest if size == -1 else size for size in given.shape]
    return keeping_kind(regrouped(shape, sizes), shapes[0])


class FlattenArguments(NoArguments):
    """From which axis to which."""

    start_dim: int = argument("First axis", "Its number; 0 is the batch.", 1)
    end_dim: int = argument("Last axis", "Its number; −1 is the last.", -1)


def _flatten_shapes(given: FlattenArguments, shapes: Shapes) -> Sequence[Shape]:
    shape = plain(shapes[0])
    first, last = axis_index(given.start_dim, len(shape)), axis_index(given.end_dim, len(shape))
    if first > last:
        raise Misfit("the first axis stands behind the last")
    merged = product(dim.size for dim in shape[first : last + 1])
    sizes = [dim.size for dim in shape]
    return keeping_kind(regrouped(shape, [*sizes[:first], merged, *sizes[last + 1 :]]), shapes[0])


class DimArguments(NoArguments):
    """The number of an axis."""

    dim: int = argument("Axis", "Its number; 0 is the batch.")


def _squeeze_shapes(given: DimArguments, shapes: Shapes) -> Sequence[Shape]:
    shape = plain(shapes[0])
    at = axis_index(given.dim, len(shape))
    if shape[at].size != 1 or len(shape) < 2:
        raise Misfit(f"{shape[at].axis} has size {shape[at].size}, not 1")
    left = [(dim.axis, dim.size) for index, dim in enumerate(shape) if index != at]
    return keeping_kind(settled(left), shapes[0])


def _unsqueeze_shapes(given: DimArguments, shapes: Shapes) -> Sequence[Shape]:
    shape = plain(shapes[0])
    if len(shape) >= MAX_RANK:
        raise Misfit(f"a tensor has at most {MAX_RANK} axes here")
    at = axis_index(given.dim, len(shape), extra=1)
    dims: list[tuple[str | None, Size]] = [(dim.axis, dim.size) for dim in shape]
    dims.insert(at, (None, 1))
    return keeping_kind(settled(dims), shapes[0])


class AxesArguments(NoArguments):
    """What the axes are called, letter by letter, such as BTF."""

    axes: AxisLetters = argument("Axes", "A letter for each axis, such as BTF.")


def _name_shapes(given: AxesArguments, shapes: Shapes) -> Sequence[Shape]:
    shape = plain(shapes[0])
    letters = given.axes
    if len(letters) != len(shape) or len(set(letters)) < len(letters) or set(letters) - set(AXES):
        raise Misfit(f"{named_shape_text(shapes[0])} needs {len(shape)} different letters")
    if any(
        (letter == "B") != (dim.axis == "B") for letter, dim in zip(letters, shape, strict=True)
    ):
        raise Misfit("the batch keeps its name")
    named = tuple(Dim(letter, dim.size) for letter, dim in zip(letters, shape, strict=True))
    return keeping_kind(named, shapes[0])


OPERATORS = (
    OperatorType(
        "transpose",
        "Lets two axes change places.",
        _transpose_shapes,
        lambda given, shapes: TensorCall(
            "transpose", (Given(0), placed(given.dim0, shapes), placed(given.dim1, shapes))
        ),
        takes=("anything",),
        arguments=TransposeArguments,
        aliases=("swap axes",),
    ),
    OperatorType(
        "permute",
        "Brings axes into another order, the batch included.",
        _permute_shapes,
        lambda given, _: TensorCall("permute", (Given(0), given.dims)),
        takes=("anything",),
        arguments=DimsArguments,
    ),
    OperatorType(
        "flip",
        "Turns axes round.",
        _flip_shapes,
        lambda given, _: TensorCall("flip", (Given(0), given.dims)),
        takes=("anything",),
        arguments=DimsArguments,
        aliases=("reverse",),
    ),
    OperatorType(
        "reshape",
        "Cuts the same numbers into other axes, the batch included.",
        _reshape_shapes,
        lambda given, _: TensorCall("reshape", (Given(0), given.shape)),
        takes=("anything",),
        arguments=ReshapeArguments,
        aliases=("view",),
    ),
    OperatorType(
        "flatten",
        "Makes one axis of several, the batch included.",
        _flatten_shapes,
        lambda given, _: TensorCall("flatten", (Given(0), given.start_dim, given.end_dim)),
        takes=("anything",),
        arguments=FlattenArguments,
    ),
    OperatorType(
        "squeeze",
        "Takes away an axis of size 1.",
        _squeeze_shapes,
        lambda given, shapes: TensorCall(
            "squeeze", (Given(0),), {"dim": placed(given.dim, shapes)}
        ),
        takes=("anything",),
        arguments=DimArguments,
    ),
    OperatorType(
        "unsqueeze",
        "Adds an axis of size 1.",
        _unsqueeze_shapes,
        lambda given, shapes: TensorCall(
            "unsqueeze", (Given(0),), {"dim": placed(given.dim, shapes, extra=1)}
        ),
        takes=("anything",),
        arguments=DimArguments,
    ),
    OperatorType(
        "name_axes",
        "Says what the axes are, for the layers behind; numbers stay.",
        _name_shapes,
        lambda _, __: TensorCall("clone", (Given(0),)),
        takes=("anything",),
        arguments=AxesArguments,
        aliases=("rename",),
    ),
)
