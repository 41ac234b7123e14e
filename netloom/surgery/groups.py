"""Layers that are frozen and thawed together: a block, or a layer with its normalization.

The act "unfreeze the next group" and a run that unfreezes gradually take the same groups. No torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netloom.graph.document import Document, Graph, Node
from netloom.graph.topology import Scope, topological_order
from netloom.surgery.expand import Expansion, expand

_GROUP_FOLLOWERS = frozenset({"Normalization"})


@dataclass(frozen=True, slots=True)
class LayerGroup:
    """Nodes of one scope.

    Attributes:
        name: Names of the nodes, for people.
    """

    name: str
    node_ids: tuple[str, ...]


def nodes_with_weights(scope: Scope, scope_id: str | None, expansion: Expansion) -> set[str]:
    """Return the nodes of a scope that hold weights, themselves or inside."""
    instances = {key for key, node in scope.nodes.items() if node.block is not None}
    holding = [use for use in expansion.uses if use.parameters or use.buffers]
    own = {use.node_id for use in holding if use.scope_id == scope_id}
    inside = {part for use in holding for part in use.path.split("/")[:-1:2]}
    return own | (inside & instances)


def layer_groups(scope: Scope, scope_id: str | None, expansion: Expansion) -> list[LayerGroup]:
    """Return the groups of a scope in computing order."""
    holding = nodes_with_weights(scope, scope_id, expansion)
    categories = {use.node_id: use.layer.category for use in expansion.uses}
    groups: list[list[str]] = []
    for node_id in topological_order(scope.nodes, scope.edges.values()):
        if node_id not in holding:
            continue
        if groups and categories.get(node_id) in _GROUP_FOLLOWERS:
            groups[-1].append(node_id)
        else:
            groups.append([node_id])
    return [
        LayerGroup(", ".join(scope.nodes[each].name for each in group), tuple(group))
        for group in groups
    ]


def frozen_groups(document: Document) -> list[LayerGroup]:
    """Return the groups of a network that hold something frozen, the last before the output first.

    A block counts as frozen as soon as a layer in it is.
    """
    graph = document.graph
    if not any(_all_frozen(graph)):
        return []
    groups = layer_groups(graph, None, expand(document))
    known: dict[str, bool] = {}
    return [
        group
        for group in reversed(groups)
        if any(_holds_frozen(graph.nodes[each], graph, known) for each in group.node_ids)
    ]


def _all_frozen(graph: Graph) -> list[bool]:
    scopes: list[Mapping[str, Node]] = [graph.nodes, *(b.nodes for b in graph.blocks.values())]
    return [node.is_frozen for nodes in scopes for node in nodes.values()]


def _holds_frozen(node: Node, graph: Graph, known: dict[str, bool]) -> bool:
    """Say whether a node or a layer inside is frozen; blocks contain each other without end never.

    Args:
        known: Answers for blocks so far.
    """
    if node.is_frozen or node.block is None or node.block not in graph.blocks:
        return node.is_frozen
    if node.block not in known:
        inner = graph.blocks[node.block].nodes.values()
        known[node.block] = any(_holds_frozen(each, graph, known) for each in inner)
    return known[node.block]
