"""Operators as array libraries have them: any rank, whole numbers, tensors on both sides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Literal

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
    of_kind,
    placed,
)
from netloom.layers.operators.elementwise import together
from netloom.layers.operators.layout import (
    AXES,
    MAX_RANK,
    AxisLetters,
    DimArguments,
    keeping_kind,
)
from netloom.layers.operators.naming import Kind, as_kind, plain, settled
from netloom.layers.operators.picking import WITH_INDEX
from netloom.layers.operators.ports import TWO_INPUTS, PortRule
from netloom.layers.shapes import Dim, Shape, named_shape_text
from netloom.layers.sizes import Size


class DeclareArguments(NoArguments):
    """What the axes are called, letter by letter, and what the numbers are."""

    axes: AxisLetters = argument("Axes", "A letter for each axis, such as BTF.")
    kind: Literal["number", "integer", "boolean"] = argument(
        "Kind", "Numbers, whole numbers, or yes and no.", "number"
    )


def _declare_shapes(given: DeclareArguments, shapes: Shapes) -> Sequence[Shape]:
    shape, letters = plain(shapes[0]), given.axes
    if len(letters) != len(shape) or len(set(letters)) < len(letters) or set(letters) - set(AXES):
        raise Misfit(f"{named_shape_text(shapes[0])} needs {len(shape)} different letters")
    named = tuple(Dim(letter, dim.size) for letter, dim in zip(letters, shape, strict=True))
    if given.kind == "integer" and letters == "BT":
        return (named,)
    return (as_kind(named, given.kind) if given.kind != "number" else named,)


class ViewArguments(NoArguments):
    """The sizes to end with; none for a single number."""

    shape: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(max_length=MAX_RANK)] = (
        argument("Shape", "The sizes to end with; empty for a single number.", ())
    )


def _view_shapes(given: ViewArguments, shapes: Shapes) -> Sequence[Shape]:
    total = math.prod(fixed(dim) for dim in shapes[0])
    if total != math.prod(given.shape):
        raise Misfit(f"{total} numbers do not make up {list(given.shape)}")
    sizes: list[tuple[str | None, Size]] = [(None, size) for size in given.shape]
    return keeping_kind(settled(sizes), shapes[0]) if sizes else ((),)


def _take_shapes(given: DimArguments, shapes: Shapes) -> Sequence[Shape]:
    shape, index = plain(shapes[0]), plain(shapes[1])
    at = axis_index(given.dim, len(shape))
    if len(shape) - 1 + len(index) > MAX_RANK:
        raise Misfit(f"a tensor has at most {MAX_RANK} axes here")
    middle = [(dim.axis, dim.size) for dim in index]
    before = [(dim.axis, dim.size) for dim in shape[:at]]
    behind = [(dim.axis, dim.size) for dim in shape[at + 1 :]]
    return keeping_kind(settled([*before, *middle, *behind]), shapes[0])


def _pair(name: str, function: str, summary: str, *aliases: str) -> OperatorType:
    return OperatorType(
        name,
        summary,
        lambda _, shapes: of_kind(together(shapes), "number"),
        lambda _, __: TensorCall(function, (Given(0), Given(1))),
        inputs=TWO_INPUTS,
        aliases=aliases,
    )


def _each(name: str, summary: str, kind: Kind = "number") -> OperatorType:
    return OperatorType(
        name,
        summary,
        lambda _, shapes: (as_kind(plain(shapes[0]), kind),),
        lambda _, __: TensorCall(name, (Given(0),)),
    )


class DivideArguments(NoArguments):
    """How the quotient is rounded."""

    rounding_mode: Literal["trunc", "floor"] = argument(
        "Rounding", "Towards zero (trunc), or down (floor).", "trunc"
    )


class DiagonalArguments(NoArguments):
    """Which diagonal is the last that stays; 0 is the main one, 1 the one above."""

    diagonal: int = argument("Diagonal", "0 is the main one, 1 the one above.", 0)


def _matrix_part(name: str, summary: str) -> OperatorType:
    def shapes(_: DiagonalArguments, given: Shapes) -> Sequence[Shape]:
        if len(given[0]) < 2:
            raise Misfit("a matrix needs two axes")
        return (given[0],)

    return OperatorType(
        name,
        summary,
        shapes,
        lambda arguments, _: TensorCall(name, (Given(0), arguments.diagonal)),
        takes=("anything",),
        arguments=DiagonalArguments,
    )


class OneHotArguments(NoArguments):
    """How many classes there are."""

    num_classes: Annotated[int, Field(ge=1, le=1_000_000)] = argument(
        "Classes", "How many there are."
    )


def _one_hot_shapes(given: OneHotArguments, shapes: Shapes) -> Sequence[Shape]:
    dims: list[tuple[str | None, Size]] = [(dim.axis, dim.size) for dim in plain(shapes[0])]
    return (as_kind(settled([*dims, (None, given.num_classes)]), "integer"),)


def _scatter_shapes(given: DimArguments, shapes: Shapes) -> Sequence[Shape]:
    axis_index(given.dim, len(shapes[0]))
    if len({len(shape) for shape in shapes}) > 1:
        raise Misfit("all three need as many axes")
    return (shapes[0],)


def _pick_shapes(_: object, shapes: Shapes) -> Sequence[Shape]:
    table, index = plain(shapes[0]), plain(shapes[1])
    depth = fixed(index[-1]) if index else 0
    if not 1 <= depth <= len(table):
        raise Misfit("the positions name more axes than there are")
    dims = [*index[:-1], *table[depth:]]
    found = settled((dim.axis, dim.size) for dim in dims)
    return keeping_kind(found, shapes[0]) if found else ((),)


def _matmul_shapes(_: object, shapes: Shapes) -> Sequence[Shape]:
    left, right = (plain(shape) for shape in shapes)
    if not left or not right or left[-1].size != right[max(-2, -len(right))].size:
        raise Misfit(f"{named_shape_text(left)} and {named_shape_text(right)} do not fit")
    front: list[tuple[str | None, Size]] = []
    if left[:-2] or right[:-2]:
        fronts = [shape[:-2] for shape in (left, right) if shape[:-2]]
        front = [(dim.axis, dim.size) for dim in together(fronts)]
    rows = [(left[-2].axis, left[-2].size)] if len(left) > 1 else []
    columns = [(right[-1].axis, right[-1].size)] if len(right) > 1 else []
    return (settled([*front, *rows, *columns]),)


OPERATORS = (
    OperatorType(
        "declare",
        "Says what axes and numbers are, for the layers behind; nothing is computed.",
        _declare_shapes,
        lambda _, __: TensorCall("clone", (Given(0),)),
        takes=("anything",),
        arguments=DeclareArguments,
        aliases=("name axes", "assume"),
    ),
    OperatorType(
        "view",
        "Cuts the same numbers into fixed axes, or takes the only one out.",
        _view_shapes,
        lambda given, _: TensorCall("reshape", (Given(0), tuple(given.shape))),
        takes=("anything",),
        arguments=ViewArguments,
        aliases=("scalar",),
    ),
    OperatorType(
        "take",
        "Takes the positions of an axis that a tensor of indices names; its axes come in there.",
        _take_shapes,
        constructor=lambda given, shapes: Constructor(
            "Take", (placed(given.dim, shapes),)
        ),
        inputs=WITH_INDEX,
        takes=("anything", "integers"),
        arguments=DimArguments,
        aliases=("gather", "lookup"),
    ),
    OperatorType(
        "pick",
        "Takes what tuples of indices along the last axis name.",
        _pick_shapes,
        constructor=lambda _, __: Constructor("Pick"),
        inputs=WITH_INDEX,
        takes=("anything", "integers"),
        aliases=("gather_nd",),
    ),
    OperatorType(
        "scatter",
        "Writes numbers to the positions of an axis that indices name.",
        _scatter_shapes,
        lambda given, shapes: TensorCall(
            "scatter", (Given(0), placed(given.dim, shapes), Given(1), Given(2))
        ),
        inputs=(*WITH_INDEX, PortRule(name="updates")),
        takes=("numbers", "integers", "numbers"),
        arguments=DimArguments,
    ),
    OperatorType(
        "one_hot",
        "Writes each index as a row of zeros with a one.",
        _one_hot_shapes,
        lambda given, _: TensorCall("nn.functional.one_hot", (Given(0), given.num_classes)),
        takes=("integers",),
        arguments=OneHotArguments,
    ),
    OperatorType(
        "product",
        "Multiplies vectors and matrices as NumPy does; axes before them are repeated to fit.",
        _matmul_shapes,
        lambda _, __: TensorCall("matmul", (Given(0), Given(1))),
        inputs=TWO_INPUTS,
        aliases=("dot", "matrix product"),
    ),
    _pair("maximum", "maximum", "Keeps the larger of two numbers.", "max"),
    _pair("minimum", "minimum", "Keeps the smaller of two numbers.", "min"),
    _pair("power", "pow", "Raises one tensor to the power of another."),
    _pair("fmod", "fmod", "Gives what a division leaves over, with the sign of what is divided."),
    OperatorType(
        "divide_whole",
        "Divides and rounds to a whole number.",
        lambda _, shapes: of_kind(together(shapes), "number"),
        lambda given, _: TensorCall(
            "div", (Given(0), Given(1)), {"rounding_mode": given.rounding_mode}
        ),
        inputs=TWO_INPUTS,
        arguments=DivideArguments,
    ),
    *(
        _each(name, f"Takes the {words} of each number.")
        for name, words in (
            ("asin", "arc sine"), ("acos", "arc cosine"), ("sinh", "hyperbolic sine"),
            ("cosh", "hyperbolic cosine"), ("asinh", "inverse hyperbolic sine"),
            ("acosh", "inverse hyperbolic cosine"), ("atanh", "inverse hyperbolic tangent"),
        )
    ),
    _each("isnan", "Says where there is no number.", "boolean"),
    _each("isinf", "Says where a number is infinite.", "boolean"),
    _each("isposinf", "Says where a number is plus infinity.", "boolean"),
    _each("isneginf", "Says where a number is minus infinity.", "boolean"),
    _matrix_part("triu", "Keeps what lies on and above a diagonal; the rest becomes 0."),
    _matrix_part("tril", "Keeps what lies on and below a diagonal; the rest becomes 0."),
)  # fmt: skip
