"""Operators that look at each number on its own, or at pairs of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import model_validator

from netloom.layers.base import Constructor
from netloom.layers.operators.declare import (
    Given,
    Misfit,
    NoArguments,
    OperatorType,
    Shapes,
    TensorCall,
    argument,
    of_kind,
    same_shape,
)
from netloom.layers.operators.naming import Kind, as_kind, broadcast_shapes, kind_of, plain
from netloom.layers.operators.ports import TWO_INPUTS, PortRule, Ports
from netloom.layers.shapes import Shape, named_shape_text


def together(shapes: Shapes) -> Shape:
    """Return the shape of tensors that are computed with number by number.

    Raises:
        Misfit: They do not fit.
    """
    found = broadcast_shapes([plain(shape) for shape in shapes])
    if found is None:
        words = ", ".join(named_shape_text(shape) for shape in shapes)
        raise Misfit(f"{words} do not fit together number by number")
    return found


def _unary(name: str, summary: str, *aliases: str) -> OperatorType:
    return OperatorType(
        name,
        summary,
        same_shape,
        lambda _, __: TensorCall(name, (Given(0),)),
        aliases=aliases,
    )


class OtherArguments(NoArguments):
    """The second operand.

    Attributes:
        other: A number; without it a second tensor arrives.
    """

    other: float | None = argument(
        "Other", "The second operand; empty takes a second tensor.", None
    )


_OPERANDS: Ports = (
    PortRule(name="input_1"),
    PortRule(name="input_2", condition="where_missing", argument="other"),
)


def _binary(
    name: str, function: str, summary: str, kind: Kind = "number", *aliases: str
) -> OperatorType:
    def shapes(_: OtherArguments, given: Shapes) -> Sequence[Shape]:
        return of_kind(together(given), kind)

    def call(arguments: OtherArguments, _: Shapes) -> TensorCall:
        other = Given(1) if arguments.other is None else arguments.other
        return TensorCall(function, (Given(0), other))

    takes = ("numbers",) if kind == "number" else ("anything",)
    return OperatorType(
        name, summary, shapes, call, inputs=_OPERANDS, arguments=OtherArguments, aliases=aliases,
        takes=takes,
    )  # fmt: skip


class PowerArguments(NoArguments):
    """To which power."""

    exponent: float = argument("Exponent", "Each number is raised to it.", 2.0)


class ClampArguments(NoArguments):
    """Limits; without one there is none on that side."""

    min: float | None = argument("Least", "Smaller numbers become it; empty for none.", None)
    max: float | None = argument("Most", "Larger numbers become it; empty for none.", None)

    @model_validator(mode="after")
    def _has_a_limit(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("give the least, the most or both")
        return self


def _clamp(arguments: ClampArguments, _: Shapes) -> TensorCall:
    limits = {"min": arguments.min, "max": arguments.max}
    given = {name: value for name, value in limits.items() if value is not None}
    return TensorCall("clamp", (Given(0),), given)


class CastArguments(NoArguments):
    """What the numbers become."""

    to: Literal["number", "integer", "boolean"] = argument(
        "To", "Numbers, whole numbers, or yes and no.", "number"
    )


def _cast_shapes(arguments: CastArguments, shapes: Shapes) -> Sequence[Shape]:
    return of_kind(shapes[0], arguments.to)


def _where_shapes(_: object, shapes: Shapes) -> Sequence[Shape]:
    if kind_of(shapes[1]) != kind_of(shapes[2]):
        raise Misfit("both choices must hold numbers of one kind")
    return of_kind(together(shapes), kind_of(shapes[1]))


class FillArguments(NoArguments):
    """What is written where the mask says so."""

    value: float = argument("Value", "Written where the mask is true.", 0.0)


def _logical(name: str, summary: str) -> OperatorType:
    return OperatorType(
        name,
        summary,
        lambda _, shapes: of_kind(together(shapes), "boolean"),
        lambda _, __: TensorCall(name, (Given(0), Given(1))),
        inputs=TWO_INPUTS,
        takes=("booleans",),
    )


OPERATORS = (
    _unary("abs", "Takes the absolute value of each number."),
    _unary("neg", "Changes the sign of each number.", "minus"),
    _unary("exp", "Raises e to each number."),
    _unary("expm1", "Raises e to each number and takes 1 off."),
    _unary("log", "Takes the natural logarithm of each number."),
    _unary("log1p", "Takes the logarithm of 1 plus each number."),
    _unary("sqrt", "Takes the square root of each number."),
    _unary("rsqrt", "Takes 1 over the square root of each number."),
    _unary("square", "Multiplies each number with itself."),
    _unary("reciprocal", "Takes 1 over each number.", "inverse"),
    _unary("erf", "Gives the error function of each number."),
    _unary("sin", "Takes the sine of each number."),
    _unary("cos", "Takes the cosine of each number."),
    _unary("tan", "Takes the tangent of each number."),
    _unary("atan", "Takes the arc tangent of each number."),
    _unary("sign", "Gives −1, 0 or 1 by the sign of each number."),
    _unary("floor", "Rounds each number down."),
    _unary("ceil", "Rounds each number up."),
    _unary("round", "Rounds each number to the nearest whole one."),
    OperatorType(
        "identity",
        "Passes a tensor on as it is.",
        lambda _, shapes: (shapes[0],),
        lambda _, __: TensorCall("clone", (Given(0),)),
        takes=("anything",),
    ),
    OperatorType(
        "pow",
        "Raises each number to a power.",
        same_shape,
        lambda arguments, _: TensorCall("pow", (Given(0), arguments.exponent)),
        arguments=PowerArguments,
        aliases=("power", "exponent"),
    ),
    OperatorType(
        "clamp",
        "Keeps each number within limits.",
        same_shape,
        _clamp,
        arguments=ClampArguments,
        aliases=("clip", "limit"),
    ),
    _binary("add", "add", "Adds a number or a tensor.", "number", "plus"),
    _binary("subtract", "sub", "Takes off a number or a tensor.", "number", "minus"),
    _binary("multiply", "mul", "Multiplies with a number or a tensor.", "number", "scale"),
    _binary("divide", "div", "Divides by a number or a tensor."),
    _binary("subtract_from", "rsub", "Takes what arrives off a number or another tensor."),
    _binary("remainder", "remainder", "Gives what a division leaves over.", "number", "mod"),
    _binary("equal", "eq", "Says where numbers are equal.", "boolean"),
    _binary("not_equal", "ne", "Says where numbers differ.", "boolean"),
    _binary("less", "lt", "Says where the first number is smaller.", "boolean"),
    _binary("less_equal", "le", "Says where the first number is not larger.", "boolean"),
    _binary("greater", "gt", "Says where the first number is larger.", "boolean"),
    _binary("greater_equal", "ge", "Says where the first number is not smaller.", "boolean"),
    _logical("logical_and", "Says where both are true."),
    _logical("logical_or", "Says where one is true."),
    _logical("logical_xor", "Says where just one is true."),
    OperatorType(
        "logical_not",
        "Says where something is not true.",
        lambda _, shapes: of_kind(shapes[0], "boolean"),
        lambda _, __: TensorCall("logical_not", (Given(0),)),
        takes=("booleans",),
    ),
    OperatorType(
        "where",
        "Takes the first choice where the condition holds, else the second.",
        _where_shapes,
        lambda _, __: TensorCall("where", (Given(0), Given(1), Given(2))),
        inputs=(PortRule(name="condition"), *TWO_INPUTS),
        takes=("booleans", "anything"),
        aliases=("select", "choose"),
    ),
    OperatorType(
        "masked_fill",
        "Writes a number wherever the mask is true.",
        lambda _, shapes: (as_kind(together(shapes), "number"),),
        lambda arguments, _: TensorCall("masked_fill", (Given(0), Given(1), arguments.value)),
        inputs=(PortRule(name="input"), PortRule(name="mask")),
        takes=("numbers", "booleans"),
        arguments=FillArguments,
    ),
    OperatorType(
        "cast",
        "Turns what arrives into numbers, whole numbers, or yes and no.",
        _cast_shapes,
        constructor=lambda arguments, _: Constructor("CastTo", (arguments.to,)),
        takes=("anything",),
        arguments=CastArguments,
        aliases=("convert", "float", "type"),
    ),
)
