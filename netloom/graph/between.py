"""The operations that lead from one document to another of the same ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netloom.graph.document import BlockDefinition, Document, Edge, Node
from netloom.graph.operations import (
    AddBlock,
    AddEdge,
    AddNode,
    MoveNodes,
    Operation,
    RemoveEdge,
    RemoveNode,
    SetAttribute,
    SetBlock,
    SetGraphName,
    SetParam,
)
from netloom.graph.topology import Scope, block_order


def operations_between(before: Document, after: Document) -> list[Operation]:
    """Return what turns one document into the other, in an order in which each step fits.

    Nodes are the same when their ids are; a node whose block differs is made anew under its id.
    Blocks that only `before` has stay.
    """
    old, new = before.graph, after.graph
    operations: list[Operation] = []
    if old.name != new.name:
        operations.append(SetGraphName(name=new.name))
    order, _ = block_order(new)
    for block_id in order:
        if block_id not in old.blocks:
            block = new.blocks[block_id]
            positions = {
                node_id: after.view.positions[node_id]
                for node_id in block.nodes
                if node_id in after.view.positions
            }
            operations.append(AddBlock(block_id=block_id, block=block, positions=positions))
    for block_id in order:
        if block_id in old.blocks:
            operations += _block(block_id, old.blocks[block_id], new.blocks[block_id], after)
    operations += _scope(None, old, new, after)
    kept = before.view.positions.keys() & after.view.positions.keys()
    moved = {
        node_id: after.view.positions[node_id]
        for node_id in sorted(kept)
        if after.view.positions[node_id] != before.view.positions[node_id]
    }
    return [*operations, MoveNodes(positions={**moved})] if moved else operations


def _block(
    block_id: str, before: BlockDefinition, after: BlockDefinition, document: Document
) -> Iterator[Operation]:
    def ports(block: BlockDefinition) -> SetBlock:
        return SetBlock(
            block_id=block_id,
            name=block.name,
            inputs=block.inputs,
            outputs=block.outputs,
            exposed=block.exposed,
        )

    gone = _gone(before, after)
    if gone & {*before.inputs, *before.outputs, *(each.node for each in before.exposed.values())}:
        still = before.model_copy(
            update={
                "inputs": [node_id for node_id in before.inputs if node_id not in gone],
                "outputs": [node_id for node_id in before.outputs if node_id not in gone],
                "exposed": {
                    name: each for name, each in before.exposed.items() if each.node not in gone
                },
            }
        )
        yield ports(still)
        before = still
    yield from _scope(block_id, before, after, document)
    if ports(before) != ports(after):
        yield ports(after)


def _scope(
    scope: str | None, before: Scope, after: Scope, document: Document
) -> Iterator[Operation]:
    gone = _gone(before, after)
    ends = {_ends(edge) for edge in after.edges.values()}
    kept: set[tuple[str, str, str, str]] = set()
    for edge_id, edge in sorted(before.edges.items()):
        is_loose = edge.source.node in gone or edge.target.node in gone
        if is_loose or _ends(edge) not in ends:
            yield RemoveEdge(scope=scope, edge_id=edge_id)
        else:
            kept.add(_ends(edge))
    for node_id in sorted(gone):
        yield RemoveNode(scope=scope, node_id=node_id)
    for node_id, node in after.nodes.items():
        if node_id not in before.nodes or node_id in gone:
            position = document.view.positions.get(node_id)
            yield AddNode(scope=scope, node_id=node_id, node=node, position=position)
        else:
            yield from _node(scope, node_id, before.nodes[node_id], node)
    for edge_id, edge in after.edges.items():
        if _ends(edge) not in kept:
            yield AddEdge(scope=scope, edge_id=edge_id, edge=edge)


def _gone(before: Scope, after: Scope) -> set[str]:
    """Return the nodes that are removed, those made anew among them."""
    return {
        node_id
        for node_id, node in before.nodes.items()
        if node_id not in after.nodes or after.nodes[node_id].block != node.block
    }


def _node(scope: str | None, node_id: str, before: Node, after: Node) -> Iterator[Operation]:
    for attribute in ("type", "name", "note", "is_frozen", "repeat", "weights", "overrides"):
        value = getattr(after, attribute)
        if value != getattr(before, attribute):
            yield SetAttribute(scope=scope, node_id=node_id, attribute=attribute, value=value)
    yield from _params(scope, node_id, before.params, after.params)


def _params(
    scope: str | None, node_id: str, before: Mapping[str, object], after: Mapping[str, object]
) -> Iterator[Operation]:
    for name in before:
        if name not in after:
            yield SetParam(scope=scope, node_id=node_id, param=name, is_set=False)
    for name, value in after.items():
        if name not in before or before[name] != value:
            yield SetParam.model_validate(
                {"scope": scope, "node_id": node_id, "param": name, "value": value}
            )


def _ends(edge: Edge) -> tuple[str, str, str, str]:
    return edge.source.node, edge.source.port, edge.target.node, edge.target.port
