"""From text to a syntax tree within limits. Source is parsed and looked at, never executed."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice

from netloom.layers.registry import installed_layers
from netloom.readback.classes import is_carried
from netloom.readback.model import SourceProblem

MAX_SOURCE_CHARS = 1_000_000
MAX_WORDS = 150_000
"""Words and signs: the parser takes about a kilobyte for each. 5,000 layers have 90,000."""
MAX_TREE_DEPTH = 100
MAX_TREE_NODES = 400_000

_WORD = re.compile(r"\w+|[^\w\s]")
_LONG_PATH = re.compile(r"(?:\.[\s\\]*\w+[\s\\]*){100}")
"""Of names within names; the parser takes memory by their number squared."""
_MODULES = {"torch", "torch.nn", "torch.nn.functional", "torch.nn.init"}
_SHORT = {"torch.nn.functional.": "F.", "torch.nn.init.": "nn.init.", "torch.nn.": "nn."}


class CannotRead(Exception):
    """A piece of source that cannot be read, and why."""

    def __init__(self, node: ast.AST, message: str) -> None:
        super().__init__(message)
        self.node = node
        self.message = message


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The parts of a file that can matter.

    Attributes:
        imports: Full dotted name by the name it has in the file.
        carried: Names of the classes that Netloom wrote itself.
    """

    classes: Mapping[str, ast.ClassDef] = field(default_factory=dict[str, ast.ClassDef])
    functions: Mapping[str, ast.FunctionDef] = field(default_factory=dict[str, ast.FunctionDef])
    imports: Mapping[str, str] = field(default_factory=dict[str, str])
    carried: frozenset[str] = frozenset()

    def dotted_name(self, node: ast.expr) -> str | None:
        """Return `nn.Conv2d`, `F.relu` or `torch.cat` however it was imported; None for others."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self.imports:
            return None
        name = ".".join([self.imports[node.id], *reversed(parts)])
        for long, short in _SHORT.items():
            if name.startswith(long):
                return short + name.removeprefix(long)
        return name


def is_packaged(name: str) -> bool:
    """Whether a dotted name is of an installed package that adds layers."""
    return name.partition(".")[0] in installed_layers().modules


def problem_at(node: ast.AST, message: str, *, is_note: bool = False) -> SourceProblem:
    """Return a problem where a part of the tree begins."""
    return SourceProblem(
        line=getattr(node, "lineno", 1),
        column=getattr(node, "col_offset", 0) + 1,
        message=message,
        severity="note" if is_note else "error",
    )


def parse_file(source: str) -> tuple[SourceFile, list[SourceProblem]]:
    """Parse source and sort its parts; what is wrong with it are problems, never exceptions."""
    message = _size_problem(source)
    if message is not None:
        return SourceFile(), [SourceProblem(line=1, column=1, message=message)]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Such as of "\d" in a text: it is not ours to say.
            tree = ast.parse(source)
    except SyntaxError as error:
        message = f"This is not Python yet: {error.msg}."
        line, column = max(error.lineno or 1, 1), max(error.offset or 1, 1)
        return SourceFile(), [SourceProblem(line=line, column=column, message=message)]
    except (ValueError, RecursionError, MemoryError):
        message = "This cannot be parsed: it is nested too deep, or holds characters no text has."
        return SourceFile(), [SourceProblem(line=1, column=1, message=message)]
    too_much = _limit_problem(tree)
    if too_much is not None:
        return SourceFile(), [too_much]
    return _sorted_parts(tree)


def _size_problem(source: str) -> str | None:
    """Say what is too large before it is parsed."""
    if len(source) > MAX_SOURCE_CHARS:
        return (
            f"The source has {len(source):,} characters; {MAX_SOURCE_CHARS:,} can be read. "
            "Leave out what is not the network."
        )
    num_words = sum(1 for _ in islice(_WORD.finditer(source), MAX_WORDS + 1))
    if num_words > MAX_WORDS:
        return (
            f"The source has more than {MAX_WORDS:,} words and signs. Write what repeats as a "
            "class or a loop."
        )
    if _LONG_PATH.search(source):
        return "A name here has more than a hundred parts. Leave out what is not the network."
    return None


def _limit_problem(tree: ast.Module) -> SourceProblem | None:
    count = 0
    level: list[tuple[ast.AST, ast.AST]] = [(tree, tree)]
    for _ in range(MAX_TREE_DEPTH):
        following: list[tuple[ast.AST, ast.AST]] = []
        for node, place in level:
            children = ast.iter_child_nodes(node)
            following += [(each, each if hasattr(each, "lineno") else place) for each in children]
        count += len(following)
        if count > MAX_TREE_NODES:
            return problem_at(tree, "The source has too many parts to be read.")
        if not following:
            return None
        level = following
    return problem_at(level[0][1], "This is nested too deep. Write it in several statements.")


def _sorted_parts(tree: ast.Module) -> tuple[SourceFile, list[SourceProblem]]:
    classes: dict[str, ast.ClassDef] = {}
    functions: dict[str, ast.FunctionDef] = {}
    imports: dict[str, str] = {}
    problems: list[SourceProblem] = []
    for part in tree.body:
        match part:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                if name in classes or name in functions:
                    problems.append(problem_at(part, f"{name[:64]} is defined twice."))
                elif isinstance(part, ast.ClassDef):
                    classes[name] = part
                else:
                    functions[name] = part
            case ast.Import(names=names):
                for alias in names:
                    if alias.name in _MODULES or is_packaged(alias.name):
                        name = alias.name if alias.asname else alias.name.split(".")[0]
                        imports[alias.asname or name] = name
            case ast.ImportFrom(module=str() as module, names=names):
                known = names if module in _MODULES or is_packaged(module) else []
                imports |= {each.asname or each.name: f"{module}.{each.name}" for each in known}
            case ast.Expr(value=ast.Constant()) | ast.If() | ast.Pass():
                pass  # A docstring, and what runs when the file is started: not the network.
            case _:
                message = "Only imports, classes and functions are read outside of classes."
                problems.append(problem_at(part, message, is_note=True))
    carried = frozenset(name for name, tree in classes.items() if is_carried(tree))
    return SourceFile(classes, functions, imports, carried), problems
