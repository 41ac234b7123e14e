"""Apply operations to a document. Pure: a new document and the inverse, or a refusal.

The same rules are written in TypeScript; `tests/fixtures/operations` holds both to them. What an
operation keeps true: node ids are unique over all scopes, an edge joins two nodes of its scope, an
input port has one edge, an instance's block exists, a position belongs to a node, and the
parameters that it sets are within their limits. Everything else that can be wrong with a network
is a diagnostic. A file from outside may break these rules; what breaks them can be removed, but
not brought back.

An operation costs what it changes, never what the document or the node holds already.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from pydantic import ValidationError

from netloom.graph.apply_blocks import add_block, remove_block, set_block
from netloom.graph.document import Document, Node
from netloom.graph.draft import Draft, ScopeDraft
from netloom.graph.limits import params_problem, value_problem
from netloom.graph.operations import (
    AddBlock,
    AddEdge,
    AddNode,
    MoveNodes,
    Operation,
    OperationRefused,
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
from netloom.graph.refusals import (
    refuse,
    refuse_foreign_ends,
    refuse_known_id,
    refuse_missing_block,
)

_ANY_NODE = {"type": "ReLU", "name": "relu"}


def apply_operation(document: Document, operation: Operation) -> tuple[Document, Operation]:
    """Return the edited document and the operation that undoes the edit.

    Raises:
        OperationRefused: The operation does not fit the document.
    """
    result, inverses = apply_operations(document, [operation])
    return result, inverses[0]


def apply_operations(
    document: Document, operations: Sequence[Operation]
) -> tuple[Document, list[Operation]]:
    """Return the edited document and what undoes the edit, in the order to apply it.

    Raises:
        OperationRefused: One operation does not fit. None is applied then.
    """
    draft = Draft(document)
    inverses = [_apply(draft, operation) for operation in operations]
    return draft.finish(), inverses[::-1]


def _apply(draft: Draft, operation: Operation) -> Operation:
    """Edit the draft and return the inverse."""
    match operation:
        case AddNode():
            return _add_node(draft, operation)
        case RemoveNode():
            return _remove_node(draft, operation)
        case SetParam():
            return _set_param(draft, operation)
        case SetAttribute():
            return _set_attribute(draft, operation)
        case AddEdge():
            return _add_edge(draft, operation)
        case RemoveEdge():
            return _remove_edge(draft, operation)
        case MoveNodes():
            return _move_nodes(draft, operation)
        case AddBlock():
            return add_block(draft, operation)
        case RemoveBlock():
            return remove_block(draft, operation)
        case SetBlock():
            return set_block(draft, operation)
        case SetFrame():
            return _set_frame(draft, operation)
        case SetBudget():
            return _set_budget(draft, operation)
        case SetGraphName(name=name):
            inverse = SetGraphName(name=draft.name)
            draft.name = name
            return inverse
        case _:
            assert_never(operation)


def _add_node(draft: Draft, operation: AddNode) -> RemoveNode:
    node_id = operation.node_id
    scope = draft.scope(operation.scope)
    refuse_known_id(draft, node_id)
    refuse_missing_block(draft, operation.node)
    refuse(params_problem(operation.node))
    draft.add_node(scope, node_id, operation.node)
    if operation.position is not None:
        draft.positions()[node_id] = operation.position
    return RemoveNode(scope=operation.scope, node_id=node_id)


def _remove_node(draft: Draft, operation: RemoveNode) -> AddNode:
    scope = draft.scope(operation.scope)
    node = _node(scope, operation.node_id)
    if scope.degrees.get(operation.node_id, 0):
        raise OperationRefused(f"node {node.name} still has connections")
    if operation.node_id in scope.named:
        raise OperationRefused(
            f"node {node.name} is a port of its block or has an exposed parameter"
        )
    draft.remove_node(scope, operation.node_id)
    position = draft.positions().pop(operation.node_id, None)
    return AddNode(scope=operation.scope, node_id=operation.node_id, node=node, position=position)


def _add_edge(draft: Draft, operation: AddEdge) -> RemoveEdge:
    scope, edge = draft.scope(operation.scope), operation.edge
    if operation.edge_id in scope.edges:
        raise OperationRefused(f"edge {operation.edge_id} is already there")
    refuse_foreign_ends(edge, scope.nodes)
    if scope.arrivals.get((edge.target.node, edge.target.port), 0):
        name = scope.nodes[edge.target.node].name
        raise OperationRefused(f"port {edge.target.port} of {name} is already connected")
    scope.add_edge(operation.edge_id, edge)
    return RemoveEdge(scope=operation.scope, edge_id=operation.edge_id)


def _remove_edge(draft: Draft, operation: RemoveEdge) -> AddEdge:
    scope = draft.scope(operation.scope)
    edge = scope.edges.get(operation.edge_id)
    if edge is None:
        raise OperationRefused(f"there is no edge {operation.edge_id}")
    scope.remove_edge(operation.edge_id)
    return AddEdge(scope=operation.scope, edge_id=operation.edge_id, edge=edge)


def _set_param(draft: Draft, operation: SetParam) -> SetParam:
    scope = draft.scope(operation.scope)
    node = _node(scope, operation.node_id)
    was_set = operation.param in node.params
    inverse = operation.model_copy(
        update={"is_set": was_set, "value": node.params.get(operation.param)}
    )
    if not operation.is_set:
        scope.params(operation.node_id).pop(operation.param, None)
        return inverse
    num_params = len(node.params) + (not was_set)
    refuse(value_problem(node.name, operation.param, operation.value, num_params))
    scope.params(operation.node_id)[operation.param] = operation.value
    return inverse


def _set_attribute(draft: Draft, operation: SetAttribute) -> SetAttribute:
    scope, attribute = draft.scope(operation.scope), operation.attribute
    node = _node(scope, operation.node_id)
    try:
        # Only the attribute is checked: the rest of the node is valid, and may be long.
        checked = Node.model_validate({**_ANY_NODE, attribute: operation.value}, strict=True)
    except ValidationError as error:
        reason = error.errors(include_url=False)[0]["msg"]
        raise OperationRefused(f"{attribute} of {node.name}: {reason}") from error
    changed = node.model_copy(update={attribute: getattr(checked, attribute)})
    if attribute == "overrides":
        refuse(params_problem(changed, of="overrides"))
    scope.nodes[operation.node_id] = changed
    return operation.model_copy(update={"value": getattr(node, attribute)})


def _move_nodes(draft: Draft, operation: MoveNodes) -> MoveNodes:
    for node_id in operation.positions:
        if not draft.has_node(node_id):
            raise OperationRefused(f"there is no node {node_id} to move")
    positions = draft.positions()
    inverse = MoveNodes(
        positions={node_id: positions.get(node_id) for node_id in operation.positions}
    )
    for node_id, position in operation.positions.items():
        if position is None:
            positions.pop(node_id, None)
        else:
            positions[node_id] = position
    return inverse


def _set_frame(draft: Draft, operation: SetFrame) -> SetFrame:
    frame_id, frame = operation.frame_id, operation.frame
    inverse = SetFrame(frame_id=frame_id, frame=draft.frames().get(frame_id))
    if frame is not None and frame.scope is not None and not draft.has_block(frame.scope):
        raise OperationRefused(f"there is no block {frame.scope} to draw a frame in")
    draft.put_frame(frame_id, frame)
    return inverse


def _set_budget(draft: Draft, operation: SetBudget) -> SetBudget:
    before = draft.put_budget(operation.budget, operation.limit)
    return SetBudget(budget=operation.budget, limit=before)


def _node(scope: ScopeDraft, node_id: str) -> Node:
    node = scope.nodes.get(node_id)
    if node is None:
        raise OperationRefused(f"there is no node {node_id}")
    return node
