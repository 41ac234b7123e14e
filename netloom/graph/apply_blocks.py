"""Operations on the definitions of blocks: each edits a draft and returns its inverse."""

from __future__ import annotations

from collections.abc import Mapping

from netloom.graph.document import BlockDefinition, Node
from netloom.graph.draft import Draft, named_nodes
from netloom.graph.limits import params_problem
from netloom.graph.operations import (
    AddBlock,
    OperationRefused,
    RemoveBlock,
    SetBlock,
)
from netloom.graph.refusals import (
    refuse,
    refuse_foreign_ends,
    refuse_known_id,
    refuse_missing_block,
)


def add_block(draft: Draft, operation: AddBlock) -> RemoveBlock:
    """Add a definition with all that is in it."""
    block, block_id = operation.block, operation.block_id
    if draft.has_block(block_id):
        raise OperationRefused(f"block {block_id} is already there")
    for node_id in block.nodes:
        refuse_known_id(draft, node_id)
    targets: set[tuple[str, str]] = set()
    for edge in block.edges.values():
        refuse_foreign_ends(edge, block.nodes)
        target = (edge.target.node, edge.target.port)
        if target in targets:
            raise OperationRefused(f"port {target[1]} of node {target[0]} has two connections")
        targets.add(target)
    _refuse_foreign_names(block, operation.positions.keys() | named_nodes(block), block.nodes)
    for node in block.nodes.values():
        refuse(params_problem(node))
    draft.put_block(block_id, block)
    for node in block.nodes.values():
        refuse_missing_block(draft, node)
    draft.positions().update(operation.positions)
    return RemoveBlock(block_id=block_id)


def remove_block(draft: Draft, operation: RemoveBlock) -> AddBlock:
    """Remove a definition that nobody uses."""
    block_id = operation.block_id
    block = draft.block(block_id)
    if draft.is_block_used(block_id):
        user = next(
            node
            for nodes in draft.scope_nodes()
            for node in nodes.values()
            if node.block == block_id
        )
        raise OperationRefused(f"{user.name} still uses block {block.name}")
    if draft.has_frame_in(block_id):
        raise OperationRefused(f"a frame is still drawn in block {block.name}")
    draft.put_block(block_id, None)
    positions = draft.positions()
    own = {node_id: positions.pop(node_id) for node_id in block.nodes if node_id in positions}
    return AddBlock(block_id=block_id, block=block, positions=own)


def set_block(draft: Draft, operation: SetBlock) -> SetBlock:
    """Change a definition's name, ports and exposed parameters."""
    scope = draft.scope(operation.block_id)
    block = scope.definition
    if block is None:
        raise OperationRefused(f"there is no block {operation.block_id}")
    changed = block.model_copy(
        update={
            "name": operation.name,
            "inputs": operation.inputs,
            "outputs": operation.outputs,
            "exposed": operation.exposed,
        }
    )
    _refuse_foreign_names(changed, named_nodes(changed), scope.nodes)
    scope.set_definition(changed)
    return SetBlock(
        block_id=operation.block_id,
        name=block.name,
        inputs=block.inputs,
        outputs=block.outputs,
        exposed=block.exposed,
    )


def _refuse_foreign_names(
    block: BlockDefinition, node_ids: set[str], nodes: Mapping[str, Node]
) -> None:
    for node_id in sorted(node_ids):
        if node_id not in nodes:
            raise OperationRefused(f"block {block.name} has no node {node_id}")
