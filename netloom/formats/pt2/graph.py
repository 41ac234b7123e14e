"""The graph of an exported program: which operator is called with what, and what it gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import torch

from netloom.formats.imported import FormatError
from netloom.formats.pt2.archive import AGAIN, Archive, Json, dtype_of, items_of, objects, whole_of

MAX_NODES = 100_000
_OPERATORS = "torch.ops."


@dataclass(frozen=True, slots=True)
class Name:
    """A tensor or number that is computed, by its name in the graph."""

    name: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """An argument that is neither tensor nor number: a graph, an object, an operator."""

    kind: str


@dataclass(frozen=True, slots=True)
class Node:
    """A call of an operator.

    Attributes:
        target: Such as `aten.conv2d.default`.
        args: By the name that the operator's schema gives them.
        outputs: Names of what it gives; empty for what is not there.
        path: Of the module whose `forward` makes the call.
        is_single: The operator gives one thing, not several.
    """

    target: str
    args: Mapping[str, object]
    outputs: Sequence[str]
    path: str
    is_single: bool


@dataclass(frozen=True, slots=True)
class Given:
    """A tensor that the program takes.

    Attributes:
        sizes: With the number of samples first, as it was exported.
    """

    name: str
    sizes: tuple[int, ...]
    dtype: torch.dtype


@dataclass(frozen=True, slots=True)
class Graph:
    """A program.

    Attributes:
        stored: Names in the graph of parameters, buffers and constants, to those of their tensors.
        learned: Names of the tensors that are parameters.
        has_open_batch: It was exported for any number of samples.
        sizes: Of every tensor as it was exported.
        class_names: Class of each module, by its path.
    """

    inputs: Sequence[Given]
    nodes: Sequence[Node]
    outputs: Sequence[str]
    stored: Mapping[str, str]
    learned: frozenset[str]
    has_open_batch: bool
    sizes: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    dtypes: Mapping[str, torch.dtype] = field(default_factory=dict[str, torch.dtype])
    class_names: Mapping[str, str] = field(default_factory=dict[str, str])


def read_graph(archive: Archive, name: str) -> Graph:
    """Read the graph of a program.

    Raises:
        FormatError: It is laid out otherwise, too large, or takes and gives other than tensors.
    """
    module = objects(archive.model.get("graph_module"), name)
    graph = objects(module.get("graph"), name)
    signature = objects(module.get("signature"), name)
    nodes = items_of(graph.get("nodes"))
    if len(nodes) > MAX_NODES:
        raise FormatError(f"{name} has more than {MAX_NODES:,} operators.")
    values = objects(graph.get("tensor_values"), name)
    sizes: dict[str, tuple[int, ...]] = {}
    dtypes: dict[str, torch.dtype] = {}
    for key, told in values.items():
        meta = objects(told, name)
        known = [_size(each) for each in items_of(meta.get("sizes"))]
        dtypes[key] = dtype_of(meta.get("dtype")) or torch.float32
        if None not in known:
            sizes[key] = cast("tuple[int, ...]", tuple(known))
    stored, learned, given = _inputs(signature, name)
    first = objects(values.get(given[0]), name) if given else {}
    batch = next(iter(items_of(first.get("sizes"))), None)
    class_names: dict[str, str] = {}
    return Graph(
        inputs=[
            Given(each, sizes.get(each, ()), dtypes.get(each, torch.float32)) for each in given
        ],
        nodes=[_node(objects(each, name), name, class_names) for each in nodes],
        outputs=_outputs(signature, name),
        stored=stored,
        learned=frozenset(learned),
        has_open_batch=whole_of(batch) is None,
        sizes=sizes,
        dtypes=dtypes,
        class_names=class_names,
    )


def _inputs(signature: Json, name: str) -> tuple[dict[str, str], list[str], list[str]]:
    stored: dict[str, str] = {}
    learned: list[str] = []
    given: list[str] = []
    keys = {"parameter": "parameter_name", "buffer": "buffer_name",
            "tensor_constant": "tensor_constant_name"}  # fmt: skip
    for each in items_of(signature.get("input_specs")):
        kind, told = next(iter(objects(each, name).items()), ("", None))
        spec = objects(told, name)
        if kind in keys:
            source = str(spec.get(keys[kind]))
            stored[str(objects(spec.get("arg"), name).get("name"))] = source
            if kind == "parameter":
                learned.append(source)
        elif kind == "user_input":
            tensor = objects(spec.get("arg"), name).get("as_tensor")
            if not isinstance(tensor, dict):
                raise FormatError(f"{name} takes something that is no tensor. {AGAIN}")
            given.append(str(cast("Json", tensor).get("name")))
        else:
            raise FormatError(
                f"{name} takes {kind[:50] or 'something unknown'} among its inputs, which only a "
                f"program could make; it was not opened. {AGAIN}"
            )
    if not given:
        raise FormatError(f"{name} takes no tensors: what it gives is always the same.")
    return stored, learned, given


def _outputs(signature: Json, name: str) -> list[str]:
    found: list[str] = []
    for each in items_of(signature.get("output_specs")):
        told = objects(each, name).get("user_output")
        if isinstance(told, dict):
            tensor = objects(cast("Json", told).get("arg"), name).get("as_tensor")
            if isinstance(tensor, dict):
                found.append(str(cast("Json", tensor).get("name")))
    if not found:
        raise FormatError(f"{name} gives no tensors.")
    return found


def _node(given: Json, name: str, class_names: dict[str, str]) -> Node:
    target = str(given.get("target"))[:200]
    args: dict[str, object] = {}
    for each in items_of(given.get("inputs")):
        told = objects(each, name)
        args[str(told.get("name"))] = _value(told.get("arg"))
    outputs: list[str] = []
    is_single = True
    for each in items_of(given.get("outputs")):
        for kind, told in objects(each, name).items():
            if kind in ("as_tensors", "as_optional_tensors"):
                is_single = False
            outputs += [_name(item) for item in (items_of(told) or [told])]
    path = _path(objects(given.get("metadata") or {}, name).get("nn_module_stack"), class_names)
    return Node(
        target.removeprefix(_OPERATORS), args, outputs, path, is_single and len(outputs) == 1
    )


def _name(told: object) -> str:
    """Return the name in any of the ways in which the file wraps one."""
    for _ in range(4):
        if not isinstance(told, dict):
            return ""
        inner = cast("Json", told)
        for key in ("name", "as_name"):
            if isinstance(inner.get(key), str):
                return str(inner[key])
        told = next(iter(inner.values()), None)
    return ""


def _path(stack: object, class_names: dict[str, str]) -> str:
    if not isinstance(stack, str):
        return ""
    path = ""
    for each in stack.split(";"):
        parts = each.split(",")
        if len(parts) != 3 or parts[0].startswith("_empty"):
            continue
        path = parts[1].removeprefix("L['self'].").removeprefix("L['self']")[:500]
        class_names[path] = parts[2].rpartition(".")[2][:60] or "Module"
    return path


def _value(told: object) -> object:
    """Return an argument: numbers as they are, what is computed by name."""
    if not isinstance(told, dict) or len(cast("Json", told)) != 1:
        return Unknown("argument")
    [(kind, value)] = cast("dict[str, object]", told).items()
    match kind:
        case "as_none":
            return None
        case "as_int" | "as_float" | "as_bool" | "as_string":
            return _float_in_words(value) if kind == "as_float" else value
        case "as_ints" | "as_floats" | "as_bools" | "as_strings":
            return items_of(value)
        case "as_tensor" | "as_sym_int" | "as_sym_float" | "as_sym_bool" | "as_optional_tensor":
            return _computed(value)
        case "as_tensors" | "as_sym_ints" | "as_optional_tensors" | "as_sym_floats":
            return [_computed(each) for each in items_of(value)]
        case "as_scalar_type":
            return dtype_of(value) or Unknown("type")
        case "as_device" | "as_layout" | "as_memory_format":
            return None
        case _:
            return Unknown(kind)


def _float_in_words(value: object) -> object:
    """Return a float; those that JSON cannot write, such as infinity, come as text."""
    if not isinstance(value, str):
        return value
    try:
        return float(value)
    except ValueError:
        return Unknown("number")


def _computed(told: object) -> object:
    if isinstance(told, dict):
        inner = cast("Json", told)
        if "as_none" in inner:
            return None
        for key in ("as_int", "as_float", "as_bool"):
            if key in inner:
                return inner[key]
        return Name(_name(inner)) if _name(inner) else Unknown("argument")
    return Unknown("argument")


def _size(told: object) -> int | None:
    """Return a size; of one that was left open, that of the example."""
    known = whole_of(told)
    if known is not None or not isinstance(told, dict):
        return known
    expression = cast("Json", told).get("as_expr")
    if not isinstance(expression, dict):
        return None
    return whole_of(cast("Json", expression).get("hint"))
