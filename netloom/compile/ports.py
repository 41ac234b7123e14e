"""What generated source says of its ports in docstrings: where tensors come from, and their names.

Shapes follow from it, so that the source alone is the whole network.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from netloom.compile.expressions import literal
from netloom.compile.layout import STEP
from netloom.compile.steps import Scope
from netloom.graph.document import Node, ParamValue

_PLAIN_TEXT = re.compile(r"[A-Za-z0-9_ .,:=-]*\Z")
_LINE = re.compile(r"([A-Za-z]\w*)(?:: ([A-Za-z][\w.]*)\((.*)\))?\Z")
_INPUTS, _OUTPUTS = "Inputs:", "Outputs:"
_USUAL_OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class InputPort:
    """An input as a docstring has it."""

    name: str
    type_name: str
    params: Mapping[str, ParamValue]


@dataclass(frozen=True, slots=True)
class Ports:
    """What a docstring says; empty where it says nothing.

    Attributes:
        bad_lines: Lines that look like ports and cannot be read, counted from the docstring's.
    """

    inputs: Sequence[InputPort] = ()
    outputs: Sequence[str] = ()
    bad_lines: Sequence[int] = field(default_factory=list[int])


def docstring(scope: Scope, nodes: Mapping[str, Node]) -> list[str]:
    """Return the lines of a class's docstring.

    The network's names the source of every input; a block's only outputs that have other names
    than usual.

    Args:
        nodes: Those of the top level.
    """
    outputs = [port.name for port in scope.outputs]
    inputs: list[str] = []
    if scope.block_id is None:
        inputs = [_input_line(nodes[port.value.node_id]) for port in scope.inputs]
    elif outputs == [_USUAL_OUTPUT]:
        return []
    pad, inner = " " * STEP, " " * 2 * STEP
    lines = [f'{pad}"""{_summary(scope)}', ""]
    if inputs:
        lines += [f"{pad}{_INPUTS}", *(inner + line for line in inputs)]
    if outputs != [_USUAL_OUTPUT]:
        lines += [""] if inputs else []
        lines += [f"{pad}{_OUTPUTS}", *(inner + name for name in outputs)]
    return [*lines, f'{pad}"""', ""]


def _summary(scope: Scope) -> str:
    return "A network." if scope.block_id is None else "A block."


def _input_line(node: Node) -> str:
    words = [
        f"{name}={literal(value).text}"
        for name, value in sorted(node.params.items())
        if name.isascii() and name.isidentifier() and _is_plain(value)
    ]
    return f"{node.name}: {node.type}({', '.join(words)})"


def _is_plain(value: ParamValue) -> bool:
    """Whether a value can stand in a docstring as it is."""
    if isinstance(value, list):
        return all(not isinstance(item, str) for item in value)
    return not isinstance(value, str) or _PLAIN_TEXT.match(value) is not None


def read_ports(text: str | None) -> Ports:
    """Read the ports of a docstring."""
    inputs: list[InputPort] = []
    outputs: list[str] = []
    bad_lines: list[int] = []
    section = ""
    for number, line in enumerate((text or "").split("\n")):
        words = line.strip()
        if words in (_INPUTS, _OUTPUTS):
            section = words
            continue
        if not words or not section:
            continue
        found = _LINE.match(words)
        params = _params(found[3] or "") if found else None
        if found and section == _OUTPUTS:
            outputs.append(found[1])
        elif found and found[2] and params is not None:
            inputs.append(InputPort(found[1], found[2], params))
        else:
            bad_lines.append(number)
    return Ports(inputs, outputs, bad_lines)


def _params(text: str) -> dict[str, ParamValue] | None:
    try:
        tree = ast.parse(f"f({text})", mode="eval").body
        if not isinstance(tree, ast.Call) or tree.args:
            return None
        return {each.arg: ast.literal_eval(each.value) for each in tree.keywords if each.arg}
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return None
