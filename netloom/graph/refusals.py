"""What keeps an operation from a document."""

from __future__ import annotations

from netloom.graph.document import Edge, Node
from netloom.graph.draft import Draft
from netloom.graph.operations import (
    OperationRefused,
)


def refuse(problem: str | None) -> None:
    """Refuse an operation that has a problem."""
    if problem is not None:
        raise OperationRefused(problem)


def refuse_known_id(draft: Draft, node_id: str) -> None:
    """Refuse a second node of an id, in any scope."""
    if draft.has_node(node_id):
        raise OperationRefused(f"node {node_id} is already there")


def refuse_missing_block(draft: Draft, node: Node) -> None:
    """Refuse an instance of a block that is not there."""
    if node.block is not None and not draft.has_block(node.block):
        raise OperationRefused(f"there is no block {node.block} for {node.name}")


def refuse_foreign_ends(edge: Edge, nodes: dict[str, Node]) -> None:
    """Refuse an edge to or from a node of another scope."""
    for end in (edge.source, edge.target):
        if end.node not in nodes:
            raise OperationRefused(f"there is no node {end.node} to connect")
