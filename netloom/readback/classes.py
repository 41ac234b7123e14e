"""Classes of a file: their methods, and which of them Netloom wrote itself."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache

from netloom.compile.own_classes import own_classes


@cache
def _own_dumps() -> Mapping[str, str]:
    return {name: ast.dump(ast.parse(own.text).body[0]) for name, own in own_classes().items()}


def is_carried(tree: ast.ClassDef | ast.FunctionDef) -> bool:
    """Whether this is a class or function that generated source carries, letter by letter."""
    own = _own_dumps().get(tree.name)
    return own is not None and own == ast.dump(tree)


def arguments_of(method: ast.FunctionDef) -> list[ast.arg]:
    """Return the positional arguments of a method, `self` first."""
    return [*method.args.posonlyargs, *method.args.args]


def constructor_of(tree: ast.ClassDef) -> ast.FunctionDef | None:
    """Return `__init__` of a class."""
    return method_of(tree, "__init__")


def method_of(tree: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    """Return a method of a class by its name."""
    for part in tree.body:
        if isinstance(part, ast.FunctionDef) and part.name == name:
            return part
    return None
