"""Operators that compare or add up along axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

from pydantic import Field

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
    placed,
    same_shape,
)
from netloom.layers.operators.naming import Kind, as_kind, has_batch, plain, settled
from netloom.layers.operators.ports import PortRule
from netloom.layers.shapes import Shape
from netloom.layers.sizes import Expr

Dims = Annotated[tuple[int, ...], Field(max_length=8)]


class ReduceArguments(NoArguments):
    """Which axes disappear."""

    dim: Dims = argument("Axes", "Numbers of the axes to go over; 0 is the batch.")
    keepdim: bool = argument("Keep axes", "They stay, with size 1.", False)


class ReduceOneArguments(NoArguments):
    """Which axis disappears."""

    dim: int = argument("Axis", "Number of the axis to go over; 0 is the batch.")
    keepdim: bool = argument("Keep axis", "It stays, with size 1.", False)


class AxisArguments(NoArguments):
    """Along which axis."""

    dim: int = argument("Axis", "Number of the axis; 0 is the batch.")


class NormArguments(ReduceArguments):
    """Which norm."""

    p: float = argument("Order", "1 adds up sizes, 2 is the length.", 2.0)


class SpreadArguments(ReduceArguments):
    """Statistics of a sample, or of all there is."""

    correction: int = argument("Correction", "1 for a sample, 0 for all there is.", 1)


class NormalizeArguments(NoArguments):
    """Which length becomes 1."""

    p: float = argument("Order", "1 adds up sizes, 2 is the length.", 2.0)
    dim: int = argument("Axis", "Number of the axis; 0 is the batch.", 1)
    eps: float = argument("Epsilon", "Smallest length that is divided by.", 1e-12)


def reduced(shape: Shape, dims: Sequence[int], *, keepdim: bool, kind: Kind = "number") -> Shape:
    """Return a shape without some axes, or with size 1 there.

    Raises:
        Misfit: Nothing would be left, or an axis is not there.
    """
    at = axis_indices(dims, len(shape))
    if not at:
        raise Misfit("name the axes to go over")
    if len(at) == len(shape) and not keepdim:
        raise Misfit("an axis must be left")
    dims_kept = [
        (dim.axis if index not in at else dim.axis if dim.axis != "B" else None, 1)
        if index in at
        else (dim.axis, dim.size)
        for index, dim in enumerate(plain(shape))
        if keepdim or index not in at
    ]
    return as_kind(settled(dims_kept), kind)


def _reduce(
    name: str,
    function: str,
    summary: str,
    arguments: type[NoArguments] = ReduceArguments,
    extra: Callable[[NormArguments], Mapping[str, CallArgument]] | None = None,
) -> OperatorType:
    def shapes(given: ReduceArguments, arriving: Shapes) -> Sequence[Shape]:
        return (reduced(arriving[0], given.dim, keepdim=given.keepdim),)

    def call(given: NormArguments, arriving: Shapes) -> TensorCall:
        dims = tuple(sorted(placed(dim, arriving) for dim in given.dim))
        kwargs: dict[str, CallArgument] = {"dim": dims[0] if len(dims) == 1 else dims}
        if given.keepdim:
            kwargs["keepdim"] = True
        return TensorCall(function, (Given(0),), {**(extra(given) if extra else {}), **kwargs})

    return OperatorType(
        name, summary, shapes, call, arguments=arguments, aliases=("reduce", f"reduce_{name}")
    )


def _reduce_one(name: str, summary: str, kind: Kind) -> OperatorType:
    def shapes(given: ReduceOneArguments, arriving: Shapes) -> Sequence[Shape]:
        return (reduced(arriving[0], [given.dim], keepdim=given.keepdim, kind=kind),)

    def call(given: ReduceOneArguments, arriving: Shapes) -> TensorCall:
        kwargs: dict[str, CallArgument] = {"dim": placed(given.dim, arriving)}
        if given.keepdim:
            kwargs["keepdim"] = True
        return TensorCall(name, (Given(0),), kwargs)

    return OperatorType(name, summary, shapes, call, arguments=ReduceOneArguments)


def _along(name: str, summary: str, *aliases: str) -> OperatorType:
    def shapes(given: AxisArguments, arriving: Shapes) -> Sequence[Shape]:
        axis_index(given.dim, len(arriving[0]))
        return same_shape(given, arriving)

    def call(given: AxisArguments, arriving: Shapes) -> TensorCall:
        return TensorCall(name, (Given(0),), {"dim": placed(given.dim, arriving)})

    return OperatorType(name, summary, shapes, call, arguments=AxisArguments, aliases=aliases)


def _normalize_shapes(given: NormalizeArguments, arriving: Shapes) -> Sequence[Shape]:
    axis_index(given.dim, len(arriving[0]))
    return same_shape(given, arriving)


class TopArguments(NoArguments):
    """How many are taken, and along which axis."""

    k: Annotated[int, Field(ge=1)] = argument("Count", "How many are taken.")
    dim: int = argument("Axis", "Number of the axis; −1 is the last.", -1)
    largest: bool = argument("Largest", "The largest numbers; off takes the smallest.", True)


def _top_shapes(given: TopArguments, arriving: Shapes) -> Sequence[Shape]:
    [shape] = arriving
    at = axis_index(given.dim, len(shape))
    size = shape[at].size
    if has_batch(size) or isinstance(size, Expr) or given.k > size:
        raise Misfit(f"there are not always {given.k} along {shape[at].axis}={size}")
    dims = [(dim.axis, given.k if index == at else dim.size) for index, dim in enumerate(shape)]
    found = settled(dims)
    return found, as_kind(found, "integer")


def _top_call(given: TopArguments, shapes: Shapes) -> TensorCall:
    kwargs: dict[str, CallArgument] = {"dim": placed(given.dim, shapes)}
    if not given.largest:
        kwargs["largest"] = False
    return TensorCall("topk", (Given(0), given.k), kwargs)


OPERATORS = (
    _reduce("mean", "mean", "Takes the mean along axes."),
    _reduce("sum", "sum", "Adds up along axes."),
    _reduce("amax", "amax", "Keeps the largest number along axes."),
    _reduce("amin", "amin", "Keeps the smallest number along axes."),
    _reduce("logsumexp", "logsumexp", "Adds up exponentials along axes and takes the logarithm."),
    _reduce("norm", "norm", "Gives the length of what lies along axes.", NormArguments,
            lambda given: {"p": given.p}),
    _reduce("var", "var", "Gives the variance along axes.", SpreadArguments,
            lambda given: {"correction": getattr(given, "correction", 1)}),
    _reduce("std", "std", "Gives the standard deviation along axes.", SpreadArguments,
            lambda given: {"correction": getattr(given, "correction", 1)}),
    _reduce_one("prod", "Multiplies along an axis.", "number"),
    _reduce_one("argmax", "Says where along an axis the largest number is.", "integer"),
    _reduce_one("argmin", "Says where along an axis the smallest number is.", "integer"),
    _along("softmax", "Turns numbers along an axis into shares that add up to 1."),
    _along("log_softmax", "The logarithm of softmax along an axis."),
    _along("cumsum", "Adds up along an axis, step by step.", "running sum"),
    _along("cumprod", "Multiplies along an axis, step by step."),
    OperatorType(
        "normalize",
        "Divides what lies along an axis by its length.",
        _normalize_shapes,
        lambda given, _: TensorCall(
            "nn.functional.normalize",
            (Given(0),),
            {"p": given.p, "dim": given.dim, "eps": given.eps},
        ),
        arguments=NormalizeArguments,
        aliases=("unit length", "l2 normalize"),
    ),
    OperatorType(
        "topk",
        "Gives the largest or smallest numbers along an axis, and where they were.",
        _top_shapes,
        _top_call,
        outputs=(PortRule(name="values"), PortRule(name="indices")),
        arguments=TopArguments,
    ),
)  # fmt: skip
