"""The operations that turn one document into another, so that going back is one more save.

Pure. What differs is taken out and put in again rather than described finely: the result counts,
and it is the same on every machine that replays the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from netloom.graph.document import BlockDefinition, Document, Edge, Graph, Node
from netloom.graph.operations import (
    AddBlock,
    AddEdge,
    AddNode,
    MoveNodes,
    Operation,
    RemoveBlock,
    RemoveEdge,
    RemoveNode,
    SetBlock,
    SetBudget,
    SetFrame,
    SetGraphName,
)
from netloom.graph.topology import block_order

Scope: TypeAlias = "Graph | BlockDefinition"
EMPTY = BlockDefinition(name="empty")


def operations_between(before: Document, after: Document) -> list[Operation]:
    """Return operations with `apply_operations(before, operations) == after`."""
    old, new = before.graph, after.graph
    kept_blocks = old.blocks.keys() & new.blocks.keys()
    operations: list[Operation] = []
    if old.name != new.name:
        operations.append(SetGraphName(name=new.name))
    changed_blocks = [key for key in sorted(kept_blocks) if old.blocks[key] != new.blocks[key]]
    operations += [
        SetFrame(frame_id=frame_id, frame=None) for frame_id in _changed_frames(before, after)
    ]
    operations += _disconnect(None, old, new)
    for block_id in changed_blocks:
        # A node that is a port or has an exposed parameter cannot be taken out: free them first.
        operations.append(_header(block_id, old.blocks[block_id], is_bare=True))
        operations += _disconnect(block_id, old.blocks[block_id], new.blocks[block_id])
    for block_id in sorted(block_order(old)[1] - new.blocks.keys()):
        # It contains itself, so something in it uses it: empty it first.
        operations.append(_header(block_id, old.blocks[block_id], is_bare=True))
        operations += _disconnect(block_id, old.blocks[block_id], EMPTY)
    operations += [RemoveBlock(block_id=block_id) for block_id in _removal_order(old, new)]
    recursive = sorted(block_order(new)[1] - old.blocks.keys())
    empty = {key: EMPTY.model_copy(update={"name": new.blocks[key].name}) for key in recursive}
    operations += [
        AddBlock(block_id=block_id, block=empty.get(block_id, new.blocks[block_id]))
        for block_id in dict.fromkeys([*recursive, *_addition_order(old, new)])
    ]
    for block_id in [*changed_blocks, *recursive]:
        operations += _connect(block_id, old.blocks.get(block_id, EMPTY), new.blocks[block_id])
        operations.append(_header(block_id, new.blocks[block_id]))
    operations += _connect(None, old, new)
    return operations + _view(before, after)


def _disconnect(scope: str | None, old: Scope, new: Scope) -> list[Operation]:
    """Remove the edges and nodes that go or change."""
    leaving = _changed(old.nodes, new.nodes)
    edges = {
        edge_id
        for edge_id, edge in old.edges.items()
        if new.edges.get(edge_id) != edge
        or edge.source.node in leaving
        or edge.target.node in leaving
    }
    return [
        *(RemoveEdge(scope=scope, edge_id=edge_id) for edge_id in sorted(edges)),
        *(RemoveNode(scope=scope, node_id=node_id) for node_id in sorted(leaving)),
    ]


def _connect(scope: str | None, old: Scope, new: Scope) -> list[Operation]:
    """Add the nodes and edges that come or changed."""
    coming = _changed(new.nodes, old.nodes)
    edges = {
        edge_id
        for edge_id, edge in new.edges.items()
        if old.edges.get(edge_id) != edge
        or edge.source.node in coming
        or edge.target.node in coming
    }
    return [
        *(
            AddNode(scope=scope, node_id=node_id, node=new.nodes[node_id])
            for node_id in sorted(coming)
        ),
        *(
            AddEdge(scope=scope, edge_id=edge_id, edge=new.edges[edge_id])
            for edge_id in sorted(edges)
        ),
    ]


def _changed(
    one: Mapping[str, Node] | Mapping[str, Edge], other: Mapping[str, Node] | Mapping[str, Edge]
) -> set[str]:
    return {key for key, value in one.items() if other.get(key) != value}


def _header(block_id: str, block: BlockDefinition, *, is_bare: bool = False) -> SetBlock:
    return SetBlock(
        block_id=block_id,
        name=block.name,
        inputs=[] if is_bare else block.inputs,
        outputs=[] if is_bare else block.outputs,
        exposed={} if is_bare else block.exposed,
    )


def _addition_order(old: Graph, new: Graph) -> list[str]:
    """New blocks, each after the blocks it uses."""
    return _by_dependency(new, new.blocks.keys() - old.blocks.keys())


def _removal_order(old: Graph, new: Graph) -> list[str]:
    """Blocks that go, each before the blocks it uses."""
    return list(reversed(_by_dependency(old, old.blocks.keys() - new.blocks.keys())))


def _by_dependency(graph: Graph, block_ids: set[str]) -> list[str]:
    ordered: dict[str, None] = {}
    waiting = sorted(block_ids)
    visiting: set[str] = set()

    def visit(block_id: str) -> None:
        if block_id in ordered or block_id in visiting:
            return
        visiting.add(block_id)
        for node in graph.blocks[block_id].nodes.values():
            if node.block in block_ids:
                visit(node.block)
        ordered[block_id] = None

    for block_id in waiting:
        visit(block_id)
    return list(ordered)


def _changed_frames(before: Document, after: Document) -> list[str]:
    """Frames that go or change; they are put in again when everything else stands."""
    kept = after.view.frames
    return [key for key, frame in sorted(before.view.frames.items()) if kept.get(key) != frame]


def _view(before: Document, after: Document) -> list[Operation]:
    old, new = before.view, after.view
    scopes: list[Scope] = [after.graph, *after.graph.blocks.values()]
    node_ids = sorted(node_id for scope in scopes for node_id in scope.nodes)
    positions = {
        node_id: new.positions.get(node_id)
        for node_id in node_ids
        if node_id in new.positions or node_id in old.positions
    }
    operations: list[Operation] = [MoveNodes(positions=positions)] if positions else []
    operations += [
        SetBudget(budget=budget, limit=new.budgets.get(budget))
        for budget in sorted(old.budgets.keys() | new.budgets.keys())
        if old.budgets.get(budget) != new.budgets.get(budget)
    ]
    return operations + [
        SetFrame(frame_id=frame_id, frame=frame)
        for frame_id, frame in sorted(new.frames.items())
        if old.frames.get(frame_id) != frame
    ]
