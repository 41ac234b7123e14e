"""What differs between two networks, in the words of people."""

from __future__ import annotations

import json
from collections import defaultdict

from netloom.graph.comparison import (
    BlockDifference,
    EdgeDifference,
    Kind,
    NodeDifference,
    ValueChange,
)
from netloom.graph.document import Document, Edge, Node
from netloom.graph.topology import Scope

MARKS: dict[Kind, str] = {"added": "+", "removed": "-", "changed": "~"}
MAX_VALUE_CHARS = 80


def type_words(document: Document, node: Node) -> str:
    """The type of a layer, or the name of the block that it is an instance of."""
    block = document.graph.blocks.get(node.block or "")
    return node.type if block is None else block.name


def value_words(value: object) -> str:
    """A value as a person writes it, cut when it is long."""
    if isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, str):
        text = " ".join(value.split())
    else:
        text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_VALUE_CHARS else f"{text[: MAX_VALUE_CHARS - 1]}…"


class Neighbours:
    """What stands before and behind each node of a scope."""

    def __init__(self, scope: Scope) -> None:
        self.before: dict[str, set[str]] = defaultdict(set)
        self.after: dict[str, set[str]] = defaultdict(set)
        for edge in scope.edges.values():
            self.before[edge.target.node].add(edge.source.node)
            self.after[edge.source.node].add(edge.target.node)


def place_words(scope: Scope, key: str, neighbours: Neighbours) -> str:
    """Where a node stands: between which others."""
    before, after = (sorted(of.get(key, ())) for of in (neighbours.before, neighbours.after))
    left = " and ".join(node_name(scope, node_id) for node_id in before)
    right = " and ".join(node_name(scope, node_id) for node_id in after)
    if left and right:
        return f"between {left} and {right}"
    if left or right:
        return f"after {left}" if left else f"before {right}"
    return ""


def edge_words(scope: Scope, edge: Edge) -> tuple[str, str]:
    """The two ends in words; a port is named when it is not the usual one."""
    source, target = (node_name(scope, end.node) for end in (edge.source, edge.target))
    return (
        source if edge.source.port == "output" else f"{source}.{edge.source.port}",
        target if edge.target.port == "input" else f"{target}.{edge.target.port}",
    )


def comparison_lines(
    before: Document,
    after: Document,
    name: ValueChange | None,
    blocks: list[BlockDifference],
    nodes: list[NodeDifference],
    edges: list[EdgeDifference],
) -> list[str]:
    """Everything that differs, a line each."""
    lines = [f"~ network: {_arrow(name)}"] if name else []
    for block in blocks:
        changes = ", ".join(_arrow(value) for value in block.values)
        lines.append(f"{MARKS[block.kind]} block {block.name}{': ' if changes else ''}{changes}")
    for node in nodes:
        changes = ", ".join(_arrow(value) for value in node.values)
        tail = f": {changes}" if changes else f" {node.place}" if node.place else ""
        where = _inside(before, after, node.scope)
        lines.append(f"{MARKS[node.kind]} {where}{node.name} ({node.type}){tail}")
    for edge in edges:
        if edge.is_implied:
            continue
        where = _inside(before, after, edge.scope)
        lines.append(f"{MARKS[edge.kind]} {where}{edge.source} -> {edge.target}")
    return lines


def _arrow(value: ValueChange) -> str:
    before = "default" if value.before is None else value.before or "nothing"
    after = "default" if value.after is None else value.after or "nothing"
    return f"{value.name} {before} -> {after}"


def _inside(before: Document, after: Document, scope_id: str | None) -> str:
    if scope_id is None:
        return ""
    block = after.graph.blocks.get(scope_id) or before.graph.blocks.get(scope_id)
    return f"{block.name if block else scope_id}/"


def node_name(scope: Scope, node_id: str) -> str:
    """The name of a node; its id where there is none."""
    return scope.nodes[node_id].name if node_id in scope.nodes else node_id
