"""The operations that lead from one document to another: exact, and as fine as operations are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from netloom.graph.document import BlockDefinition, Document, Graph, Node, Position, View
from netloom.graph.draft import named_nodes
from netloom.graph.operations import (
    AddBlock,
    AddEdge,
    AddNode,
    MoveNodes,
    Operation,
    RemoveBlock,
    RemoveEdge,
    RemoveNode,
    SetAttribute,
    SetBlock,
    SetBudget,
    SetFrame,
    SetGraphName,
    SetParam,
)
from netloom.graph.topology import Scope, block_order

_ATTRIBUTES = (
    "type",
    "name",
    "note",
    "is_frozen",
    "repeat",
    "weights",
    "weights_of",
    "overrides",
)


def operations_between(before: Document, after: Document) -> list[Operation]:
    """Return operations with `apply_operations(before, operations)[0] == after`.

    Nodes, edges, blocks and frames are the same when their ids are: a changed parameter is one
    `SetParam`. Only a node that became another block's, or that was imported from elsewhere, is
    taken out and added under its id. What goes is taken out of every scope before anything is
    added, so a node may change its scope.
    """
    old, new = before.graph, after.graph
    kept = sorted(old.blocks.keys() & new.blocks.keys())
    changes = [_change(None, old, new)]
    changes += [_change(key, old.blocks[key], new.blocks[key]) for key in kept]
    operations: list[Operation] = []
    if old.name != new.name:
        operations.append(SetGraphName(name=new.name))
    operations += _frames_first(before.view, after)
    for change in changes:
        operations += _taken_out(change)
    operations += _removed_blocks(old, new)
    order, recursive = block_order(new)
    for block_id in sorted(recursive - old.blocks.keys()):
        # It uses itself, so it has to be there before its content is.
        empty = BlockDefinition(name=new.blocks[block_id].name)
        operations.append(AddBlock(block_id=block_id, block=empty))
        changes.append(_change(block_id, empty, new.blocks[block_id]))
    positions = after.view.positions
    for block_id in order:
        if block_id not in old.blocks:
            block = new.blocks[block_id]
            drawn = {key: positions[key] for key in block.nodes if key in positions}
            operations.append(AddBlock(block_id=block_id, block=block, positions=drawn))
    for change in changes:
        operations += _put_in(change, positions)
    return [*operations, *_view(before.view, after.view, changes)]


@dataclass(frozen=True, slots=True)
class _Change:
    """A scope that is there before and after.

    Attributes:
        leaving: Nodes that are removed, those added again under their ids among them.
    """

    scope: str | None
    before: Scope
    after: Scope
    leaving: frozenset[str]

    def stays(self, edge_id: str) -> bool:
        """Whether an edge of either side is left as it is."""
        edge = self.before.edges.get(edge_id)
        if edge is None or self.after.edges.get(edge_id) != edge:
            return False
        return edge.source.node not in self.leaving and edge.target.node not in self.leaving


def _change(scope: str | None, before: Scope, after: Scope) -> _Change:
    leaving = {
        node_id
        for node_id, node in before.nodes.items()
        if node_id not in after.nodes or _must_be_made_anew(node, after.nodes[node_id])
    }
    return _Change(scope, before, after, frozenset(leaving))


def _must_be_made_anew(before: Node, after: Node) -> bool:
    return before.block != after.block or before.module_path != after.module_path


def _taken_out(change: _Change) -> Iterator[Operation]:
    for edge_id in sorted(change.before.edges):
        if not change.stays(edge_id):
            yield RemoveEdge(scope=change.scope, edge_id=edge_id)
    standing = _standing(change)
    if standing is not None and standing != _header(change.scope, change.before):
        # A node that is a port or has an exposed parameter cannot be taken out: free it first.
        yield standing
    for node_id in sorted(change.leaving):
        yield RemoveNode(scope=change.scope, node_id=node_id)


def _put_in(change: _Change, positions: Mapping[str, Position]) -> Iterator[Operation]:
    scope, before, after = change.scope, change.before, change.after
    for node_id in sorted(after.nodes):
        node = after.nodes[node_id]
        if node_id not in before.nodes or node_id in change.leaving:
            position = positions.get(node_id)
            yield AddNode(scope=scope, node_id=node_id, node=node, position=position)
        else:
            yield from _node(scope, node_id, before.nodes[node_id], node)
    for edge_id in sorted(after.edges):
        if not change.stays(edge_id):
            yield AddEdge(scope=scope, edge_id=edge_id, edge=after.edges[edge_id])
    wanted = _header(scope, after)
    if wanted is not None and wanted != _standing(change):
        yield wanted


def _header(block_id: str | None, block: Scope) -> SetBlock | None:
    """Return what sets name, ports and exposed parameters; the top level has none."""
    if block_id is None or isinstance(block, Graph):
        return None
    return SetBlock(
        block_id=block_id,
        name=block.name,
        inputs=block.inputs,
        outputs=block.outputs,
        exposed=block.exposed,
    )


def _standing(change: _Change) -> SetBlock | None:
    """Return the header of a block between taking out and putting in."""
    header = _header(change.scope, change.before)
    if header is None or isinstance(change.before, Graph):
        return None
    leaving = change.leaving
    if not leaving & named_nodes(change.before):
        return header
    return header.model_copy(
        update={
            "inputs": [node_id for node_id in header.inputs if node_id not in leaving],
            "outputs": [node_id for node_id in header.outputs if node_id not in leaving],
            "exposed": {
                name: each
                for name, each in header.exposed.items()
                if not any(target.node in leaving for target in each.targets)
            },
        }
    )


def _removed_blocks(old: Graph, new: Graph) -> Iterator[Operation]:
    """Remove blocks, each before those it uses."""
    order, recursive = block_order(old)
    recursive_ones = sorted(recursive - new.blocks.keys())
    for block_id in recursive_ones:
        # Something in it uses it: empty it first.
        block = old.blocks[block_id]
        yield from _taken_out(_change(block_id, block, BlockDefinition(name=block.name)))
    for block_id in [*recursive_ones, *reversed(order)]:
        if block_id not in new.blocks:
            yield RemoveBlock(block_id=block_id)


def _node(scope: str | None, node_id: str, before: Node, after: Node) -> Iterator[Operation]:
    for attribute in _ATTRIBUTES:
        value = getattr(after, attribute)
        if not _is_equal(value, getattr(before, attribute)):
            yield SetAttribute(scope=scope, node_id=node_id, attribute=attribute, value=value)
    for name in sorted(before.params.keys() - after.params.keys()):
        yield SetParam(scope=scope, node_id=node_id, param=name, is_set=False)
    for name, value in after.params.items():
        if name not in before.params or not _is_equal(value, before.params[name]):
            yield SetParam(scope=scope, node_id=node_id, param=name, value=value)


def _is_equal(one: object, other: object) -> bool:
    """Compare plain data as JSON does: 1, 1.0 and true are three values."""
    if one is other:
        return True
    return one == other and json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _frames_first(before: View, after: Document) -> Iterator[Operation]:
    """Remove the frames that go, and those drawn in a block that goes."""
    for frame_id, frame in sorted(before.frames.items()):
        is_homeless = frame.scope is not None and frame.scope not in after.graph.blocks
        if frame_id not in after.view.frames or is_homeless:
            yield SetFrame(frame_id=frame_id, frame=None)


def _view(before: View, after: View, changes: list[_Change]) -> Iterator[Operation]:
    """Move what stays, and set budgets and frames."""
    moved = {
        node_id: after.positions.get(node_id)
        for change in changes
        for node_id in change.before.nodes
        if node_id not in change.leaving
        and before.positions.get(node_id) != after.positions.get(node_id)
    }
    if moved:
        yield MoveNodes(positions=dict(sorted(moved.items())))
    for budget in sorted(before.budgets.keys() | after.budgets.keys()):
        limit = after.budgets.get(budget)
        if before.budgets.get(budget) != limit:
            yield SetBudget(budget=budget, limit=limit)
    for frame_id, frame in sorted(after.frames.items()):
        if before.frames.get(frame_id) != frame:
            yield SetFrame(frame_id=frame_id, frame=frame)
