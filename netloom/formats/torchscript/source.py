"""Code of a TorchScript file as syntax: classes with methods, and functions, by their full name."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from netloom.formats.imported import FormatError
from netloom.formats.torchscript.objects import AGAIN, OWN

MAX_NAME = 1000
"""Letters in the full name of a class or function."""
MAX_FIELDS = 1000
"""Items of a tuple whose items have names."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function or method.

    Attributes:
        name: With dots.
        file: Below `code/`, for the text of an error.
    """

    name: str
    file: str
    syntax: ast.FunctionDef


@dataclass(frozen=True, slots=True)
class Class:
    """A class of modules, of tuples with names, or of other objects.

    Attributes:
        is_tuple: Its objects are tuples whose items have names.
        fields: Names of attributes, in their order.
        learned: Names of the attributes that are parameters.
        constants: Syntax of the attributes that are the same for all objects.
    """

    name: str
    is_tuple: bool
    methods: Mapping[str, Function] = field(default_factory=dict[str, Function])
    fields: Sequence[str] = ()
    learned: frozenset[str] = frozenset()
    constants: Mapping[str, ast.expr] = field(default_factory=dict[str, ast.expr])

    @property
    def short_name(self) -> str:
        """As its author called it."""
        return self.name.rpartition(".")[2]


class Code:
    """Everything that the code of a file defines; each of its files is parsed when it is needed."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources
        self._known: dict[str, dict[str, Class | Function]] = {}

    def find(self, name: str) -> Class | Function | None:
        """Return what a name such as `__torch__.models.resnet.ResNet` stands for."""
        if len(name) > MAX_NAME:
            return None
        room, _, last = name.rpartition(".")
        file = f"{room.replace('.', '/')}.py"
        if not name.startswith(OWN) or file not in self._sources:
            return None
        if file not in self._known:
            self._known[file] = _parsed(self._sources[file], file, room)
        return self._known[file].get(last)

    def class_of(self, name: str) -> Class:
        """Return a class; raises FormatError where there is none."""
        found = self.find(name)
        if not isinstance(found, Class):
            raise FormatError(f"The class {name[:200]} is not in the file's code. {AGAIN}")
        return found


def _parsed(text: str, file: str, room: str) -> dict[str, Class | Function]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise FormatError(
            f"code/{file[:200]} is no code of TorchScript: {str(error)[:200]}. {AGAIN}"
        ) from error
    found: dict[str, Class | Function] = {}
    for each in module.body:
        match each:
            case ast.FunctionDef():
                found[each.name] = Function(f"{room}.{each.name}", file, each)
            case ast.ClassDef():
                found[each.name] = _class(each, f"{room}.{each.name}", file)
            case _:
                raise FormatError(
                    f"code/{file[:200]}, line {each.lineno}, does something while it is loaded, "
                    f"which TorchScript never does. {AGAIN}"
                )
    return found


def _class(syntax: ast.ClassDef, name: str, file: str) -> Class:
    methods: dict[str, Function] = {}
    fields: list[str] = []
    learned: list[str] = []
    constants: dict[str, ast.expr] = {}
    for each in syntax.body:
        match each:
            case ast.FunctionDef():
                methods[each.name] = Function(f"{name}.{each.name}", file, each)
            case ast.AnnAssign(target=ast.Name(id=key), value=value):
                fields.append(key)
                if value is not None:
                    constants[key] = value
            case ast.Assign(targets=[ast.Name(id="__parameters__")], value=ast.List(elts=items)):
                learned = [item.value for item in items if isinstance(item, ast.Constant)
                           and isinstance(item.value, str)]  # fmt: skip
            case _:
                pass
    bases = [base.id for base in syntax.bases if isinstance(base, ast.Name)]
    is_tuple = bases == ["NamedTuple"]
    if is_tuple and len(fields) > MAX_FIELDS:
        raise FormatError(f"A tuple in code/{file[:200]} has more items than are followed. {AGAIN}")
    return Class(name, is_tuple, methods, fields, frozenset(learned), constants)
