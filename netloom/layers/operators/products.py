"""Operators that multiply matrices, and those that resize."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from netloom.layers.operators.declare import (
    CallArgument,
    Given,
    Misfit,
    NoArguments,
    OperatorType,
    Shapes,
    TensorCall,
    argument,
    fixed,
)
from netloom.layers.operators.naming import broadcast_shapes, plain, settled
from netloom.layers.operators.ports import TWO_INPUTS, PortRule, Ports
from netloom.layers.patterns import MAX_BETWEEN, most_between
from netloom.layers.shapes import BATCH, Dim, Shape, named_shape_text
from netloom.layers.sizes import Size, product


def _leading(shapes: Shapes) -> list[tuple[str | None, Size]]:
    """Return the axes before the matrices."""
    fronts = [plain(shape)[:-2] for shape in shapes]
    if not any(fronts):
        return []
    found = broadcast_shapes([front for front in fronts if front])
    if found is None:
        raise Misfit("the axes before the last two do not fit together")
    return [(dim.axis, dim.size) for dim in found]


def _matmul_shapes(_: object, shapes: Shapes) -> Sequence[Shape]:
    left, right = (plain(shape) for shape in shapes)
    if len(left) < 2 or len(right) < 2:
        raise Misfit("both need rows and columns")
    if left[-1].size != right[-2].size:
        raise Misfit(
            f"the columns of {named_shape_text(left)} must be as many as the rows of "
            f"{named_shape_text(right)}"
        )
    last: list[tuple[str | None, Size]] = [
        (left[-2].axis if left[-2].axis != "F" else None, left[-2].size),
        (right[-1].axis, right[-1].size),
    ]
    return (settled([*_leading(shapes), *last]),)


class AttentionArguments(NoArguments):
    """What may be seen, and by what products are multiplied."""

    is_causal: bool = argument("Causal", "A position sees those before it alone.", False)
    scale: float | None = argument(
        "Scale", "Products are multiplied with it; empty takes 1 over the root of the size.", None
    )
    takes_mask: bool = argument("Takes a mask", "A fourth tensor says what is seen.", False)


_ATTENTION: Ports = (
    PortRule(name="query"),
    PortRule(name="key"),
    PortRule(name="value"),
    PortRule(name="mask", condition="where_true", argument="takes_mask", default=False),
)


def _attention_shapes(given: AttentionArguments, shapes: Shapes) -> Sequence[Shape]:
    query, key, value = (plain(shape) for shape in shapes[:3])
    if given.takes_mask and given.is_causal:
        raise Misfit("a mask and causal exclude each other")
    if min(len(query), len(key), len(value)) < 2 or query[-1].size != key[-1].size:
        raise Misfit("query and key need as many features")
    if key[-2].size != value[-2].size:
        raise Misfit("key and value need as many positions")
    front = [(dim.axis, dim.size) for dim in query[:-2]]
    if [size for _, size in front] != [dim.size for dim in key[:-2]] or [
        size for _, size in front
    ] != [dim.size for dim in value[:-2]]:
        raise Misfit("the axes before the last two must be equal")
    rows = (query[-2].axis, query[-2].size)
    return (settled([*front, rows, (value[-1].axis, value[-1].size)]),)


def _attention_call(given: AttentionArguments, _: Shapes) -> TensorCall:
    kwargs: dict[str, CallArgument] = {}
    if given.takes_mask:
        kwargs["attn_mask"] = Given(3)
    if given.is_causal:
        kwargs["is_causal"] = True
    if given.scale is not None:
        kwargs["scale"] = given.scale
    arguments = (Given(0), Given(1), Given(2))
    return TensorCall("nn.functional.scaled_dot_product_attention", arguments, kwargs)


_EQUATION = re.compile(r"[A-Za-z]{1,8}(,[A-Za-z]{1,8})*->[A-Za-z]{1,8}")


class EinsumArguments(NoArguments):
    """Letters for the axes of every input and of the output, such as bij,bjk->bik."""

    equation: Annotated[str, Field(max_length=200)] = argument(
        "Equation", "Letters for the axes of each input and the output: bij,bjk->bik."
    )

    @model_validator(mode="after")
    def _is_readable(self) -> Self:
        if not _EQUATION.fullmatch(self.equation):
            raise ValueError("write letters for each input and the output: bij,bjk->bik")
        inputs, output = self.read
        known = {letter for letters in inputs for letter in letters}
        parts = [*inputs, output]
        if set(output) - known or any(len(set(part)) < len(part) for part in parts):
            raise ValueError("every letter of the output stands in an input, and once in each")
        return self

    @property
    def read(self) -> tuple[list[str], str]:
        """The letters of every input, and of the output."""
        inputs, _, output = self.equation.partition("->")
        return inputs.split(","), output


def _einsum_shapes(given: EinsumArguments, shapes: Shapes) -> Sequence[Shape]:
    inputs, output = given.read
    dims: dict[str, Dim] = {}
    for letters, shape in zip(inputs, shapes, strict=True):
        if len(letters) != len(shape):
            raise Misfit(f"{letters} does not name the axes of {named_shape_text(shape)}")
        for letter, dim in zip(letters, plain(shape), strict=True):
            if dims.setdefault(letter, dim).size != dim.size:
                raise Misfit(f"{letter} stands for {dims[letter].size} and for {dim.size}")
    sizes = {letter: dim.size for letter, dim in dims.items()}
    if most_between(inputs, output, sizes) > MAX_BETWEEN:
        raise Misfit(
            f"{given.equation} multiplies out to more than {MAX_BETWEEN:,} numbers on the way"
        )
    return (settled((dims[letter].axis, dims[letter].size) for letter in output),)


def einsum_work(given: EinsumArguments, shapes: Shapes) -> Size:
    """Return the operations of one sample: every combination of letters, for each factor."""
    sizes: dict[str, Size] = {}
    for letters, shape in zip(given.read[0], shapes, strict=True):
        sizes |= {
            letter: dim.size for letter, dim in zip(letters, shape, strict=True) if dim != BATCH
        }
    return product(sizes.values()) * len(shapes)


def _einsum_call(given: EinsumArguments, _: Shapes) -> TensorCall:
    tensors = tuple(Given(index) for index in range(len(given.read[0])))
    return TensorCall("einsum", (given.equation, *tensors))


ResizeMode = Literal[
    "nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear", "area"
]


class ResizeArguments(NoArguments):
    """The sides to end with."""

    size: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1, max_length=3)] = (
        argument("Size", "Of each side: length, or height and width.")
    )
    mode: ResizeMode = argument("Mode", "How values in between are found.", "nearest")
    align_corners: bool = argument("Align corners", "Corners stay where they are.", False)
    antialias: bool = argument("Antialias", "Smooths while making smaller.", False)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        rank = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}.get(self.mode)
        if rank is not None and len(self.size) != rank:
            raise ValueError(f"{self.mode} takes {rank} sides")
        if self.antialias and self.mode not in ("bilinear", "bicubic"):
            raise ValueError("only bilinear and bicubic can be smoothed")
        if self.align_corners and rank is None:
            raise ValueError(f"{self.mode} has no corners to align")
        return self


def _resize_shapes(given: ResizeArguments, shapes: Shapes) -> Sequence[Shape]:
    shape = plain(shapes[0])
    if len(shape) != len(given.size) + 2:
        raise Misfit(f"{len(given.size)} sides do not fit {named_shape_text(shape)}")
    for dim in shape[2:]:
        fixed(dim)
    sides = [(dim.axis, size) for dim, size in zip(shape[2:], given.size, strict=True)]
    return (settled([*((dim.axis, dim.size) for dim in shape[:2]), *sides]),)


def _resize_call(given: ResizeArguments, _: Shapes) -> TensorCall:
    kwargs: dict[str, CallArgument] = {"size": given.size, "mode": given.mode}
    if given.mode in ("linear", "bilinear", "bicubic", "trilinear"):
        kwargs["align_corners"] = given.align_corners
    if given.antialias:
        kwargs["antialias"] = True
    return TensorCall("nn.functional.interpolate", (Given(0),), kwargs)


OPERATORS = (
    OperatorType(
        "matmul",
        "Multiplies matrices; axes before them are repeated to fit.",
        _matmul_shapes,
        lambda _, __: TensorCall("matmul", (Given(0), Given(1))),
        inputs=TWO_INPUTS,
        aliases=("matrix product",),
    ),
    OperatorType(
        "scaled_dot_product_attention",
        "Lets every query gather values by how well their keys fit.",
        _attention_shapes,
        _attention_call,
        inputs=_ATTENTION,
        takes=("numbers", "numbers", "numbers", "anything"),
        arguments=AttentionArguments,
        aliases=("attention", "sdpa"),
    ),
    OperatorType(
        "einsum",
        "Multiplies tensors and sums over axes, as letters say.",
        _einsum_shapes,
        _einsum_call,
        inputs=(PortRule(name="input", condition="operands", argument="equation"),),
        arguments=EinsumArguments,
        aliases=("einstein sum",),
    ),
    OperatorType(
        "interpolate",
        "Resizes signals, images and volumes to given sides.",
        _resize_shapes,
        _resize_call,
        arguments=ResizeArguments,
        aliases=("resize", "upsample"),
    ),
)
