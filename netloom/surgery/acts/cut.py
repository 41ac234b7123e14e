"""Cut a branch: a path that leaves the trunk and joins it again, or leads nowhere."""

from __future__ import annotations

from netloom.graph.document import BlockDefinition, Endpoint
from netloom.layers.base import AnyLayer
from netloom.layers.registry import get_layer
from netloom.surgery.act import Act, ActRefused, Context, Outcome, shared_block_warning
from netloom.surgery.acts.freeze import NoParams
from netloom.surgery.edit import GraphEdit


class CutBranch(Act[NoParams]):
    id = "cut_branch"
    title = "Cut this branch"
    summary = (
        "Removes the path through a layer or connection up to where it leaves the trunk and joins "
        "it again. A joining layer with one input left goes too."
    )
    places = ("node", "edge", "selection")
    Params = NoParams

    def perform(self, context: Context, params: NoParams) -> Outcome:
        edit = context.edit()
        scope = context.scope
        gone: set[str] = set()
        cut: set[str] = set()
        if context.target.edge_id is not None:
            edge = scope.edges.get(context.target.edge_id)
            if edge is None:
                raise ActRefused("The connection is not there any more.")
            cut.add(context.target.edge_id)
            what = f"{scope.nodes[edge.source.node].name} → {scope.nodes[edge.target.node].name}"
        else:
            nodes = context.nodes()
            gone |= {node_id for node_id, _ in nodes}
            what = nodes[0][1].name if len(nodes) == 1 else f"{len(nodes)} layers"
        _grow(context, gone, cut)
        _refuse_ends(context, gone)
        joints = _joints(context, gone, cut)
        edit.disconnect(sorted(cut))
        if gone:
            edit.remove(gone)
        for node_id in joints:
            _mend(edit, node_id)
        label = f"Cut the branch through {what}"
        warnings = shared_block_warning(context)
        return Outcome(label, edit, warnings, [j for j in joints if j in edit.scope.nodes])


def _variadic(context: Context, node_id: str) -> AnyLayer | None:
    layer = get_layer(context.scope.nodes[node_id].type)
    if layer is None or layer.variadic_inputs or layer.fixed_inputs:
        return None
    return layer if layer.variadic_param is not None else None


def _grow(context: Context, gone: set[str], cut: set[str]) -> None:
    """Add what can no longer work without the removed, and what only fed it."""
    edges = context.scope.edges
    arriving: dict[str, list[str]] = {}
    leaving: dict[str, list[str]] = {}
    for edge_id, edge in edges.items():
        arriving.setdefault(edge.target.node, []).append(edge_id)
        leaving.setdefault(edge.source.node, []).append(edge_id)

    def is_lost(edge_id: str) -> bool:
        edge = edges[edge_id]
        return edge_id in cut or edge.source.node in gone or edge.target.node in gone

    waiting = set(gone)
    for edge_id in cut:
        waiting |= {edges[edge_id].source.node, edges[edge_id].target.node}
    while waiting:
        node_id = waiting.pop()
        inputs, outputs = arriving.get(node_id, []), leaving.get(node_id, [])
        if node_id not in gone:
            lost_inputs = [each for each in inputs if is_lost(each)]
            can_spare = _variadic(context, node_id) is not None and len(lost_inputs) < len(inputs)
            is_starved = bool(lost_inputs) and not can_spare
            layer = get_layer(context.scope.nodes[node_id].type)
            may_go = layer is None or layer.role in ("layer", "block")
            is_idle = may_go and bool(outputs) and all(map(is_lost, outputs))
            if not (is_starved or is_idle):
                continue
            gone.add(node_id)
        neighbours = {edges[each].source.node for each in inputs}
        neighbours |= {edges[each].target.node for each in outputs}
        waiting |= (neighbours - gone) & context.scope.nodes.keys()


def _refuse_ends(context: Context, gone: set[str]) -> None:
    scope = context.scope
    for node_id in sorted(gone):
        node = scope.nodes[node_id]
        layer = get_layer(node.type)
        if layer is not None and layer.role in ("output", "block_output", "input", "block_input"):
            raise ActRefused(
                f"This is the trunk, not a branch: without it nothing leads to {node.name}. "
                "A branch joins the rest by an addition or a concatenation."
            )
        if isinstance(scope, BlockDefinition) and any(
            target.node == node_id
            for exposed in scope.exposed.values()
            for target in exposed.targets
        ):
            raise ActRefused(
                f"{node.name} has a parameter that the block exposes. Take it from the block's "
                "parameters first."
            )


def _joints(context: Context, gone: set[str], cut: set[str]) -> list[str]:
    """Return the layers that lose an input and stay."""
    return sorted(
        {
            edge.target.node
            for edge_id, edge in context.scope.edges.items()
            if edge.target.node not in gone and (edge.source.node in gone or edge_id in cut)
        }
    )


def _mend(edit: GraphEdit, node_id: str) -> None:
    """Number the inputs of a joining layer anew; with one left, join its ends instead."""
    node = edit.scope.nodes[node_id]
    layer = get_layer(node.type)
    arriving = edit.arriving(node_id)
    remaining = [arriving[port] for port in sorted(arriving, key=_port_number)]
    if layer is None or layer.variadic_param is None:
        return
    if len(remaining) == 1:
        source = remaining[0][1].source
        leaving = [edge for _, edge in edit.leaving(node_id)]
        edit.remove([node_id])
        for edge in leaving:
            edit.connect(source, edge.target)
        return
    edit.disconnect(edge_id for edge_id, _ in remaining)
    edit.set_params(node_id, {layer.variadic_param: len(remaining)})
    for number, (_, edge) in enumerate(remaining, 1):
        edit.connect(edge.source, Endpoint(node=node_id, port=f"input_{number}"))


def _port_number(port: str) -> int:
    return int(port.rpartition("_")[2]) if port.rpartition("_")[2].isdecimal() else 0


ACTS = (CutBranch(),)
