"""Statements as text, broken over lines the way `ruff format` breaks them at 88 columns."""

from __future__ import annotations

from collections.abc import Sequence

from netloom.compile.expressions import Argument, Atom, Call, Chain, Expression, ListOf, Repeated

WIDTH = 88
STEP = 4


def assignment(target: str, value: Expression, indent: int) -> list[str]:
    """Return `target = value` as lines; a target may be several names."""
    if ", " in target and len(f"{' ' * indent}{target} = (") > WIDTH:
        names = [f"{' ' * (indent + STEP)}{name}," for name in target.split(", ")]
        return [f"{' ' * indent}(", *names, *assignment(")", value, indent)]
    flat = f"{' ' * indent}{target} = {flat_text(value)}"
    if is_flat(value) and len(flat) <= WIDTH:
        return [flat]
    opening = f"{' ' * indent}{target} = {_opening(value)}"
    if len(opening) <= WIDTH and _can_split(value):
        return _split(value, indent, f"{target} = ")
    inside = _lines(value, indent + STEP)
    if _can_split(value) or len(inside[0]) <= WIDTH:
        return [f"{' ' * indent}{target} = (", *inside, f"{' ' * indent})"]
    return [flat]


def statement(call: Call, indent: int) -> list[str]:
    """Return a call that stands alone as lines."""
    return _lines(call, indent)


def returned(values: Sequence[Expression], indent: int) -> list[str]:
    """Return `return a` or `return a, b` as lines."""
    flat = f"{' ' * indent}return {', '.join(flat_text(value) for value in values)}"
    if len(flat) <= WIDTH:
        return [flat]
    pad = " " * (indent + STEP)
    items = [f"{pad}{flat_text(value)}," for value in values]
    return [f"{' ' * indent}return (", *items, f"{' ' * indent})"]


def signature(name: str, parameters: Sequence[str], result: str, indent: int) -> list[str]:
    """Return `def name(self, ...) -> result:` as lines."""
    pad = " " * indent
    words = ["self", *parameters]
    flat = f"{pad}def {name}({', '.join(words)}) -> {result}:"
    if len(flat) <= WIDTH:
        return [flat]
    inside = f"{pad}{' ' * STEP}{', '.join(words)}"
    lines = [inside] if len(inside) <= WIDTH else [f"{pad}{' ' * STEP}{word}," for word in words]
    closing = f"{pad}) -> {result}:"
    if len(closing) <= WIDTH or not result.endswith("]"):
        return [f"{pad}def {name}(", *lines, closing]
    outer, _, inner = result.removesuffix("]").partition("[")
    kinds = [f"{pad}{' ' * STEP}{kind}," for kind in inner.split(", ")]
    return [f"{pad}def {name}(", *lines, f"{pad}) -> {outer}[", *kinds, f"{pad}]:"]


def flat_text(value: Expression) -> str:
    """Return an expression on one line."""
    match value:
        case Atom(text):
            return text
        case Call(target, arguments):
            return f"{target}({', '.join(_flat_argument(argument) for argument in arguments)})"
        case ListOf(items):
            return f"[{', '.join(flat_text(item) for item in items)}]"
        case Chain(operator, operands):
            return f" {operator} ".join(flat_text(operand) for operand in operands)
        case Repeated(element, count):
            return f"*({flat_text(element)} for _ in range({count}))"


def is_flat(value: Expression) -> bool:
    """Whether an expression may stand on one line; a list of repeats never does."""
    match value:
        case Call(_, arguments, is_exploded):
            return not is_exploded and all(is_flat(argument.value) for argument in arguments)
        case ListOf(items):
            return all(is_flat(item) for item in items)
        case _:
            return True


def _flat_argument(argument: Argument) -> str:
    prefix = f"{argument.name}=" if argument.name else ""
    return prefix + flat_text(argument.value)


def _can_split(value: Expression) -> bool:
    match value:
        case Call(_, arguments):
            return bool(arguments)
        case ListOf(items):
            return bool(items)
        case Atom():
            return False
        case _:
            return True


def _opening(value: Expression) -> str:
    match value:
        case Call(target):
            return f"{target}("
        case ListOf():
            return "["
        case Repeated():
            return "*("
        case Chain():
            return " " * WIDTH  # A chain is never split where it starts: it gets parentheses.
        case Atom(text):
            return text


def _lines(value: Expression, indent: int, prefix: str = "", suffix: str = "") -> list[str]:
    """Return an expression that starts a line of its own."""
    flat = f"{' ' * indent}{prefix}{flat_text(value)}{suffix}"
    if (is_flat(value) and len(flat) <= WIDTH) or not _can_split(value):
        return [flat]
    return _split(value, indent, prefix, suffix)


def _split(value: Expression, indent: int, prefix: str = "", suffix: str = "") -> list[str]:
    pad, inner = " " * indent, indent + STEP
    match value:
        case Call(target, arguments, is_exploded):
            words = [_flat_argument(argument) for argument in arguments]
            items = [
                (argument.value, f"{argument.name}=" if argument.name else "")
                for argument in arguments
            ]
            body = _body(items, words, inner, is_exploded or not is_flat(value))
            return [f"{pad}{prefix}{target}(", *body, f"{pad}){suffix}"]
        case ListOf(elements):
            words = [flat_text(element) for element in elements]
            body = _body([(element, "") for element in elements], words, inner, False)
            return [f"{pad}{prefix}[", *body, f"{pad}]{suffix}"]
        case Chain(operator, operands):
            first, *others = operands
            lines = _lines(first, indent, prefix)
            for other in others:
                lines += _lines(other, indent, f"{operator} ")
            lines[-1] += suffix
            return lines
        case Repeated(element, count):
            body = [*_lines(element, inner), f"{' ' * inner}for _ in range({count})"]
            return [f"{pad}{prefix}*(", *body, f"{pad}){suffix}"]
        case Atom(text):
            return [f"{pad}{prefix}{text}{suffix}"]


def _body(
    items: Sequence[tuple[Expression, str]], words: Sequence[str], indent: int, is_exploded: bool
) -> list[str]:
    joined = f"{' ' * indent}{', '.join(words)}"
    if not is_exploded and len(joined) <= WIDTH:
        return [joined]
    return [line for value, prefix in items for line in _lines(value, indent, prefix, ",")]
