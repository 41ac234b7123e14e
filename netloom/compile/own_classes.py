"""The text of Netloom's own module classes, which generated source carries in itself.

The files are read, not imported: they need torch, and showing code must not load it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import cast

REQUIRED = "<required>"
Default = bool | int | float | str | None
_PACKAGE = "netloom.layers.modules"


@dataclass(frozen=True, slots=True)
class OwnClass:
    """A class, or a function that classes call, as it stands in its file.

    Attributes:
        needs: Others of the package that it uses.
        signature: Constructor arguments with their defaults.
    """

    name: str
    text: str
    needs: tuple[str, ...]
    signature: Mapping[str, Default]


@cache
def own_classes() -> Mapping[str, OwnClass]:
    """Return everything of the package by name, in the order of files and lines."""
    spec = find_spec(_PACKAGE)
    folders = (spec.submodule_search_locations if spec is not None else None) or []
    sources = [
        path.read_text(encoding="utf-8")
        for folder in folders
        for path in sorted(Path(folder).glob("*.py"))
        if path.name != "__init__.py"
    ]
    found = [
        (source, part)
        for source in sources
        for part in ast.parse(source).body
        if isinstance(part, ast.ClassDef | ast.FunctionDef)
    ]
    parts = {part.name: part for _, part in found}
    return {part.name: _own_class(source, part, parts) for source, part in found}


def carried(names: Iterable[str]) -> list[OwnClass]:
    """Return the classes of these names and all they need, what is needed first."""
    known = own_classes()
    placed: dict[str, OwnClass] = {}

    def place(name: str) -> None:
        if name in known and name not in placed:
            for needed in known[name].needs:
                place(needed)
            placed[name] = known[name]

    for name in sorted(names):
        place(name)
    return list(placed.values())


_Part = ast.ClassDef | ast.FunctionDef


def _own_class(source: str, part: _Part, parts: Mapping[str, _Part]) -> OwnClass:
    used = {node.id for node in ast.walk(part) if isinstance(node, ast.Name)}
    first = min([part.lineno, *(decorator.lineno for decorator in part.decorator_list)])
    lines = source.split("\n")[first - 1 : part.end_lineno]
    return OwnClass(
        part.name,
        "\n".join(lines) + "\n",
        tuple(sorted((used & parts.keys()) - {part.name})),
        _signature(part, parts) if isinstance(part, ast.ClassDef) else {},
    )


def _signature(part: ast.ClassDef, parts: Mapping[str, _Part]) -> dict[str, Default]:
    """Return the constructor's arguments, which a class without one has from its base."""
    for method in part.body:
        if isinstance(method, ast.FunctionDef) and method.name == "__init__":
            plain = method.args.args[1:]
            defaults = method.args.defaults
            required = [REQUIRED] * (len(plain) - len(defaults))
            values = [*required, *(ast.literal_eval(value) for value in defaults)]
            signature = zip((argument.arg for argument in plain), values, strict=True)
            by_keyword = (
                (argument.arg, REQUIRED if value is None else ast.literal_eval(value))
                for argument, value in zip(
                    method.args.kwonlyargs, method.args.kw_defaults, strict=True
                )
            )
            return cast("dict[str, Default]", {**dict(signature), **dict(by_keyword)})
    for base in part.bases:
        inherited = parts.get(base.id) if isinstance(base, ast.Name) else None
        if isinstance(inherited, ast.ClassDef) and (found := _signature(inherited, parts)):
            return found
    return {}
