"""Parameters that a block offers: each has to set something."""

from __future__ import annotations

from collections.abc import Iterator

from netloom.analyze.plan import ScopePlan
from netloom.graph.diagnostics import Diagnostic, DiagnosticCode, Fix
from netloom.graph.document import BlockDefinition, ExposedParam, ExposedTarget, Graph
from netloom.graph.operations import SetBlock
from netloom.layers.block import BLOCK
from netloom.layers.learning import LEARNING_NAMES


def check_exposed(graph: Graph, plan: ScopePlan) -> Iterator[Diagnostic]:
    """Yield what the exposed parameters of a block are to set and cannot."""
    block = plan.scope
    if plan.scope_id is None or not isinstance(block, BlockDefinition):
        return
    lost = [
        (name, target)
        for name, exposed in sorted(block.exposed.items())
        for target in exposed.targets
        if not _is_there(graph, plan, target)
    ]
    repair = [_taken_out(plan.scope_id, block, [target for _, target in lost])] if lost else []
    for name, target in lost:
        planned = plan.nodes.get(target.node)
        owner = (
            "a layer that is not in it"
            if planned is None
            else f"{planned.node.name}, which has no such parameter"
        )
        yield Diagnostic(
            code=DiagnosticCode.UNKNOWN_PARAM,
            severity="warning",
            message=f"{name} of block {block.name} is to set {target.param!r} of {owner}.",
            scope=plan.scope_id,
            node_id=None if planned is None else target.node,
            fixes=repair,
        )


def _is_there(graph: Graph, plan: ScopePlan, target: ExposedTarget) -> bool:
    planned = plan.nodes.get(target.node)
    if planned is None:
        return False
    if planned.node.type == BLOCK:
        inner = graph.blocks.get(planned.node.block or "")
        return inner is None or target.param in inner.exposed
    layer = planned.layer
    if layer is None or target.param in layer.Params.model_fields:
        return True  # What a type takes that is not installed is not known.
    return layer.role == "layer" and target.param in LEARNING_NAMES


def _taken_out(block_id: str, block: BlockDefinition, lost: list[ExposedTarget]) -> Fix:
    """Offer to keep of the exposed parameters only what they can set."""
    left = {
        name: [target for target in exposed.targets if target not in lost]
        for name, exposed in block.exposed.items()
    }
    change = SetBlock(
        block_id=block_id,
        name=block.name,
        inputs=[node_id for node_id in block.inputs if node_id in block.nodes],
        outputs=[node_id for node_id in block.outputs if node_id in block.nodes],
        exposed={name: ExposedParam.of(targets) for name, targets in left.items() if targets},
    )
    return Fix(label="Take it out", operations=[change])
