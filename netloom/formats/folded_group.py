"""Nodes of one module that are to become a block, and what they are called inside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from netloom.graph.document import Edge, Endpoint, Node
from netloom.graph.names import UsedNames
from netloom.layers.registry import get_layer


@dataclass(frozen=True, slots=True)
class Group:
    """Nodes that are to become a block.

    Attributes:
        members: In drawing order.
        entering: What arrives from outside, each tensor once.
        leaving: What is needed outside, each tensor once.
    """

    path: str
    members: list[str]
    inner: list[Edge]
    entering: list[Endpoint]
    arriving: list[tuple[int, Endpoint]]
    leaving: list[Endpoint]


def is_end(node: Node) -> bool:
    """Say whether a node is where the network begins or ends."""
    return node.type == "Output" or node.type.endswith("Input")


def content_of(node: Node, index: Mapping[str, int]) -> dict[str, object]:
    """Return what a node is, without ids: two groups of the same are one definition."""
    found = node.model_dump(mode="json", exclude_defaults=True)
    if node.weights_of:
        found["weights_of"] = index.get(node.weights_of, node.weights_of)
    return found


def class_stem(class_name: str | None) -> str:
    """Return what the numbered instances of a class are called."""
    return "block" if class_name is None or class_name == "Sequential" else class_name.lower()


def local_nodes(group: Group, nodes: Iterable[Node]) -> list[Node]:
    """Return nodes with names and module paths as they are within the module."""
    used = UsedNames()
    prefix = f"{group.path.replace('.', '_')}_"
    found: list[Node] = []
    for node in nodes:
        path = node.module_path.removeprefix(group.path).removeprefix(".")
        name = node.name.removeprefix("layer_" if prefix[0].isdigit() else "")
        name = name.removeprefix(prefix) or node.name
        if name.isdigit() or name == prefix[:-1]:
            layer = get_layer(node.type)
            stem = "layer" if layer is None else layer.name_stem
            name = f"{stem}_{name}" if name.isdigit() else stem
        found.append(node.model_copy(update={"name": used.give(name), "module_path": path}))
    return found
