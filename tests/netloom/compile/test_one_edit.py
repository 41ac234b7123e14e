"""One edited parameter changes the lines of its layer, and no other line of the source."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator

import pytest

from netloom.compile import CompileError, generate_source
from netloom.graph.document import Document, ParamValue, Scalar
from netloom.layers.base import AnyLayer
from netloom.layers.fields import ParamDescription, describe_param
from netloom.layers.registry import get_layer
from tests.netloom.layers.cases import CASES
from tests.netloom.readback.test_round_trip import around

COUNTS_PORTS = {
    "Add", "Average", "ClassToken", "Divide", "Einsum", "MatMul", "Maximum", "Minimum", "Multiply",
    "Stack", "Subtract",
}  # fmt: skip
"""Their one parameter is which tensors arrive, which is an edit of connections too."""
HAS_ONE_CHOICE = {"MaxUnpool2d", "MaxUnpool3d", "Permute", "Rearrange", "Reshape", "Squeeze"}
"""No other value of the kind that is tried here fits what arrives in their cases."""


def layer_of(type_name: str) -> AnyLayer:
    layer = get_layer(type_name)
    assert layer is not None
    return layer


EDITABLE = sorted(
    {each for each in CASES if layer_of(each).Params.model_fields} - COUNTS_PORTS - HAS_ONE_CHOICE
)


def other_values(param: ParamDescription, present: object) -> Iterator[ParamValue]:
    """Values that a person may choose next."""
    match present:
        case bool():
            yield not present
        case int():
            yield from (present + 1, present * 2, 2, 1)
        case float():
            yield from (present / 2 + 0.1, present + 1.0)
        case tuple() | list() if all(isinstance(each, int) for each in present):
            for more in (1, 2, -1):
                moved: list[Scalar] = [int(each) + more for each in present]
                yield moved
        case _:
            pair: list[Scalar] = [1, 1]
            yield from (1, 2, pair, 0.5, True)
    yield from (choice for choice in param.choices if choice != present)


def edits(type_name: str) -> Iterator[tuple[str, Document, Document]]:
    """Networks around a layer before and after an edit of each of its parameters."""
    fields = layer_of(type_name).Params.model_fields
    for name, field in fields.items():
        for case in CASES[type_name]:
            present = case.params.get(name, field.default)
            for value in other_values(describe_param(name, field), present):
                before = around(type_name, case)
                node = before.graph.nodes["layer"]
                edited = node.model_copy(update={"params": {**node.params, name: value}})
                nodes = {**before.graph.nodes, "layer": edited}
                graph = before.graph.model_copy(update={"nodes": nodes})
                yield name, before, before.model_copy(update={"graph": graph})


def statements(source: str) -> dict[str, set[int]]:
    """Every statement of the network's methods as one line of text, with the lines it takes."""
    network = [part for part in ast.parse(source).body if isinstance(part, ast.ClassDef)][-1]
    return {
        ast.unparse(each): set(range(each.lineno, (each.end_lineno or each.lineno) + 1))
        for method in network.body
        if isinstance(method, ast.FunctionDef)
        for each in method.body
    }


def changed_lines(before: str, after: str) -> tuple[set[int], set[int]]:
    """Line numbers of either text that are not in the other."""
    matcher = difflib.SequenceMatcher(None, before.split("\n"), after.split("\n"), autojunk=False)
    removed: set[int] = set()
    added: set[int] = set()
    for kind, start, end, new_start, new_end in matcher.get_opcodes():
        if kind != "equal":
            removed |= set(range(start + 1, end + 1))
            added |= set(range(new_start + 1, new_end + 1))
    return removed, added


def is_of_layer(statement: str) -> bool:
    """Whether a statement makes or calls the layer, or hands on what it gives."""
    return "layer" in statement or statement.startswith(("x = ", "return "))


@pytest.mark.parametrize("type_name", EDITABLE)
def test_an_edited_parameter_changes_the_lines_of_its_layer_only(type_name: str) -> None:
    edited: set[str] = set()
    for param, before, after in edits(type_name):
        if param in edited:
            continue
        try:
            old, new = generate_source(before), generate_source(after)
        except CompileError:
            continue  # It no longer fits what arrives.
        if old == new:
            continue
        edited.add(param)
        removed, added = changed_lines(old, new)
        was, now = statements(old), statements(new)
        gone, come = was.keys() - now.keys(), now.keys() - was.keys()
        assert removed <= {line for text in gone for line in was[text]}
        assert added <= {line for text in come for line in now[text]}
        assert all(is_of_layer(text) for text in gone | come), (param, gone, come)
        if num_outputs(before) == num_outputs(after):
            assert (len(gone), len(come)) == (1, 1), (param, gone, come)
    assert edited


def num_outputs(document: Document) -> int:
    node = document.graph.nodes["layer"]
    layer = layer_of(node.type)
    return len(layer.output_ports(layer.Params.model_validate(node.params)))
