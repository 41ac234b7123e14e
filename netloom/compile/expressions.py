"""The small part of Python that generated source is made of.

What a layer declares reaches the generated file only through these types: literals are written
from checked values and names are checked, so nothing a person typed can become code.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

from netloom.compile.errors import CompileError
from netloom.layers.base import Constructor, argument_text

_TARGET = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$")
_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.MatMult: "@",
}


@dataclass(frozen=True, slots=True)
class Atom:
    """A literal or a name; never split over lines."""

    text: str


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call; positional when it has no name."""

    name: str | None
    value: Expression


@dataclass(frozen=True, slots=True)
class Call:
    target: str
    arguments: tuple[Argument, ...] = ()
    is_exploded: bool = False


@dataclass(frozen=True, slots=True)
class ListOf:
    """`[a, b]`."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """`a + b + c`: one operator between all operands, read from the left."""

    operator: str
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Repeated:
    """`*(element for _ in range(count))`, as an argument of a call."""

    element: Expression
    count: int


Expression: TypeAlias = Atom | Call | ListOf | Chain | Repeated


def literal(value: object) -> Atom:
    """Return plain data as source, with double quotes.

    Raises:
        CompileError: The value is not plain data.
    """
    if isinstance(value, list | tuple):
        items = [literal(item).text for item in cast("Sequence[object]", value)]
        if isinstance(value, list):
            return Atom(f"[{', '.join(items)}]")
        return Atom(f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})")
    if value is None or isinstance(value, bool | int):
        return Atom(repr(value))
    if isinstance(value, float):
        text = repr(value)
        return Atom(text if text[-1].isdigit() else f'float("{text}")')
    if isinstance(value, str):
        text = repr(value)
        return Atom(f'"{text[1:-1]}"' if text[0] == "'" and '"' not in text else text)
    raise CompileError(f"{type(value).__name__} cannot be written as source.")


def constructor_call(constructor: Constructor) -> Call:
    """Return a layer's constructor as an expression.

    Raises:
        CompileError: The declaration names something that is not a class, or passes no plain data.
    """
    if not _TARGET.match(constructor.target):
        raise CompileError(f"{constructor.target!r} is not the name of a class.")
    arguments = [Argument(None, _argument(value)) for value in constructor.args]
    for name, value in constructor.kwargs.items():
        if not _TARGET.match(name) or "." in name:
            raise CompileError(f"{name!r} is not the name of an argument.")
        arguments.append(Argument(name, _argument(value)))
    return Call(constructor.target, tuple(arguments))


def _argument(value: object) -> Atom:
    if isinstance(value, tuple):
        return literal(ast.literal_eval(argument_text(cast("tuple[int, ...]", value))))
    return literal(value)


def parse_expression(text: str, names: Collection[str]) -> Expression:
    """Read what a layer says it computes, such as `torch.cat([a, b], dim=1)`.

    Args:
        names: The local variables it may use.

    Raises:
        CompileError: It is anything but arithmetic, and calls of `torch` and `nn.functional`, on
            those names and literals.
    """
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise CompileError(f"{text!r} is not an expression.") from error
    return _convert(tree, names)


def _convert(tree: ast.expr, names: Collection[str]) -> Expression:
    match tree:
        case ast.Name(id=name) if name in names:
            return Atom(name)
        case ast.Constant(value=value):
            return literal(value)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return literal(-value)
        case ast.List(elts=items):
            return ListOf(tuple(_convert(item, names) for item in items))
        case ast.Tuple(elts=items):
            return literal(tuple(ast.literal_eval(item) for item in items))
        case ast.BinOp(op=operator) if type(operator) in _OPERATORS:
            operands = _operands(tree, type(operator))
            converted = tuple(_convert(operand, names) for operand in operands)
            if not any(isinstance(operand, Chain) for operand in converted):
                return Chain(_OPERATORS[type(operator)], converted)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="torch"), attr=function)):
            return _called(f"torch.{function}", tree, names)
        case ast.Call(
            func=ast.Attribute(
                value=ast.Attribute(value=ast.Name(id="nn"), attr="functional"), attr=function
            )
        ):
            return _called(f"nn.functional.{function}", tree, names)
        case _:
            pass
    raise CompileError(f"{ast.unparse(tree)!r} cannot stand in generated source.")


def _called(target: str, tree: ast.Call, names: Collection[str]) -> Call:
    arguments = [Argument(None, _convert(item, names)) for item in tree.args]
    arguments += [
        Argument(keyword.arg, _convert(keyword.value, names)) for keyword in tree.keywords
    ]
    return Call(target, tuple(arguments))


def _operands(tree: ast.expr, operator: type[ast.operator]) -> Sequence[ast.expr]:
    operands: list[ast.expr] = []
    while isinstance(tree, ast.BinOp) and isinstance(tree.op, operator):
        operands.append(tree.right)
        tree = tree.left
    return [tree, *reversed(operands)]
