"""Which layers learn: everything up to a place frozen, thawed again from one, group by group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from netloom.analyze.model import Binding
from netloom.graph.document import Edge, Node
from netloom.graph.operations import SetAttribute
from netloom.graph.topology import Scope, reachable_from
from netloom.layers.params import param
from netloom.surgery.act import (
    Act,
    ActParams,
    ActRefused,
    Context,
    Outcome,
    shared_block_warning,
)
from netloom.surgery.edit import GraphEdit
from netloom.surgery.groups import layer_groups, nodes_with_weights
from netloom.surgery.model import Target


def _turned(edge: Edge) -> Edge:
    return Edge(source=edge.target, target=edge.source)


def _reached(nodes: Iterable[tuple[str, Node]], edges: list[Edge]) -> set[str]:
    reached: set[str] = set()
    for node_id, _ in nodes:
        reached |= reachable_from(node_id, edges)
    return reached


def _with_weights(context: Context) -> set[str]:
    return nodes_with_weights(context.scope, context.target.scope, context.expansion)


def _named(nodes: Iterable[Node]) -> str:
    names = [node.name for node in nodes]
    return ", ".join(names) if len(names) <= 3 else f"{len(names)} layers"


class NoParams(ActParams):
    """Nothing to choose."""


class FreezeUpTo(Act[NoParams]):
    id = "freeze_up_to"
    title = "Freeze up to here"
    summary = "Freezes the chosen layer and every layer that leads to it; what follows learns."
    places = ("node", "selection")
    Params = NoParams

    def perform(self, context: Context, params: NoParams) -> Outcome:
        chosen = context.nodes()
        turned = [_turned(edge) for edge in context.scope.edges.values()]
        upstream = _reached(chosen, turned)
        holding = _with_weights(context) & upstream
        if not holding:
            raise ActRefused("Nothing up to here has weights to freeze.")
        nodes = context.scope.nodes
        edit = context.edit()
        edit.freeze(sorted(each for each in holding if not nodes[each].is_frozen), is_frozen=True)
        warnings = shared_block_warning(context)
        if context.target.scope is not None:
            warnings.append(
                "Layers before the block, outside of it, are not frozen: freeze up to the block "
                "in the network for that."
            )
        remaining = _with_weights(context) - holding
        if context.target.scope is None and all(nodes[each].is_frozen for each in remaining):
            warnings.append("Nothing is left that learns.")
        label = f"Freeze up to {_named(node for _, node in chosen)}"
        return Outcome(label, edit, warnings, [node_id for node_id, _ in chosen])


class UnfreezeFrom(Act[NoParams]):
    id = "unfreeze_from"
    title = "Unfreeze from here on"
    summary = "Thaws the chosen layer and every layer behind it."
    places = ("node", "selection")
    Params = NoParams

    def perform(self, context: Context, params: NoParams) -> Outcome:
        chosen = context.nodes()
        edges = list(context.scope.edges.values())
        following = _reached(chosen, edges)
        nodes = context.scope.nodes
        edit = context.edit()
        edit.freeze(sorted(each for each in following if nodes[each].is_frozen), is_frozen=False)
        label = f"Unfreeze from {_named(node for _, node in chosen)} on"
        warnings = shared_block_warning(context)
        return Outcome(label, edit, warnings, [node_id for node_id, _ in chosen])


class NextGroupsParams(ActParams):
    num_groups: int = param(
        1,
        "Groups",
        "How many groups to thaw, from the output backwards. A group is a block, or a layer with "
        "the normalization behind it.",
        minimum=1,
        maximum=1000,
    )


class UnfreezeNext(Act[NextGroupsParams]):
    id = "unfreeze_next"
    title = "Unfreeze the next group"
    summary = (
        "Thaws the frozen group nearest to the output: train a while, thaw one more, go on from "
        "the best weights. A run can do it by itself, every few epochs."
    )
    places = ("network",)
    Params = NextGroupsParams

    def perform(self, context: Context, params: NextGroupsParams) -> Outcome:
        found = layer_groups(context.scope, context.target.scope, context.expansion)
        groups = [group.node_ids for group in found]
        nodes = context.scope.nodes
        frozen = [group for group in groups if any(nodes[each].is_frozen for each in group)]
        if not frozen:
            raise ActRefused("No layer is frozen here.")
        chosen = frozen[-params.num_groups :]
        thawed = [each for group in chosen for each in group if nodes[each].is_frozen]
        edit = context.edit()
        edit.freeze(thawed, is_frozen=False)
        left = len(frozen) - len(chosen)
        warnings = shared_block_warning(context)
        if left:
            warnings.append(f"{left} group{'s stay' if left > 1 else ' stays'} frozen.")
        label = f"Unfreeze {_named(nodes[each] for each in thawed)}"
        return Outcome(label, edit, warnings, thawed)


def freeze_before(edit: GraphEdit, path: Sequence[str], binding: Binding) -> None:
    """Freeze everything that leads to a node, in each scope around it; the node itself learns.

    Args:
        path: Instances from the outermost inwards, then the node.
    """
    graph = edit.document.graph
    scope_id: str | None = None
    for node_id in path:
        scope: Scope = graph if scope_id is None else graph.blocks[scope_id]
        turned = [_turned(edge) for edge in scope.edges.values()]
        before = reachable_from(node_id, turned) - {node_id}
        within = Context(edit.document, Target(scope=scope_id), binding)
        holding = _with_weights(within) & before
        names = sorted(each for each in holding if not scope.nodes[each].is_frozen)
        edit.do(
            SetAttribute(scope=scope_id, node_id=each, attribute="is_frozen", value=True)
            for each in names
        )
        scope_id = scope.nodes[node_id].block


ACTS = (FreezeUpTo(), UnfreezeFrom(), UnfreezeNext())
