"""Replace the head: other classes on the same backbone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from netloom.graph.document import Edge, Endpoint, ParamValue, Position
from netloom.layers.params import MAX_SIZE, param
from netloom.layers.shapes import axes_of
from netloom.surgery.act import Act, ActParams, ActRefused, Context, Outcome
from netloom.surgery.acts.freeze import FreezeUpTo
from netloom.surgery.edit import STEP_PX, GraphEdit
from netloom.surgery.expand import LayerUse
from netloom.surgery.model import Target
from netloom.surgery.widths import CHANNELS_PARAM

_PASSES = frozenset({"Activation", "Pooling", "Regularization", "Shape", "Normalization"})
_MOST_CLASSES = MAX_SIZE


class HeadParams(ActParams):
    num_classes: int = param(
        10, "Classes", "Outputs of the new head: one per class.", minimum=1, maximum=_MOST_CLASSES
    )
    style: Literal["same", "pooled"] = param(
        "same",
        "New head",
        "same: the last layer alone, of the same kind. pooled: everything behind the last feature "
        "map becomes global pooling, dropout and a Linear layer, which also takes images of "
        "another size.",
    )
    dropout: float = param(
        0.2, "Dropout", "Share of features dropped before a pooled head.", minimum=0, maximum=0.9
    )
    freeze_backbone: bool = param(
        False, "Freeze the rest", "Only the new head learns, which is fast and a good first run."
    )


class ReplaceHead(Act[HeadParams]):
    id = "replace_head"
    title = "Replace the head"
    summary = (
        "Puts a new last layer for N classes on the network; the backbone keeps its weights. "
        "Transfer learning begins like this."
    )
    places = ("network", "node")
    Params = HeadParams

    def defaults(self, context: Context) -> dict[str, ParamValue]:
        classes = context.binding.num_classes
        if classes is not None:
            return {"num_classes": classes}
        try:
            head = _find_head(context)
        except ActRefused:
            return {}
        width = getattr(head.use.params, CHANNELS_PARAM[head.use.node.type])
        return {"num_classes": int(width)}

    def perform(self, context: Context, params: HeadParams) -> Outcome:
        head = _find_head(context)
        edit = GraphEdit(context.document, None)
        if params.style == "same":
            new_id = _replace_last(edit, head, params.num_classes)
        else:
            new_id = _replace_pooled(edit, head, params, _top_uses(context))
        if params.freeze_backbone:
            _freeze_rest(edit, context, new_id)
        warnings: list[str] = []
        classes = context.binding.num_classes
        if classes is not None and classes != params.num_classes:
            warnings.append(f"The bound data has {classes} classes.")
        label = f"Replace the head: {params.num_classes} classes"
        return Outcome(label, edit, warnings, [new_id])


@dataclass(frozen=True, slots=True)
class _Head:
    """The last layer with weights before the output, and where spatial features end."""

    use: LayerUse
    output_id: str
    chain: tuple[str, ...]
    """Nodes from the output back to the layer, both left out."""


@dataclass(frozen=True, slots=True)
class _Tail:
    """What a pooled head replaces, and the tensor that stays."""

    gone: list[str]
    source: Endpoint
    is_spatial: bool


def _top_uses(context: Context) -> dict[str, LayerUse]:
    return {use.node_id: use for use in context.expansion.uses if use.scope_id is None}


def _find_head(context: Context) -> _Head:
    graph = context.document.graph
    outputs = [node_id for node_id, node in graph.nodes.items() if node.type == "Output"]
    if not outputs:
        raise ActRefused("The network has no Output. Add one behind the last layer first.")
    if len(outputs) > 1:
        raise ActRefused("The network has several outputs; this replaces the head of one.")
    sources = {edge.target.node: edge.source for edge in graph.edges.values()}
    chain: list[str] = []
    at = outputs[0]
    uses = _top_uses(context)
    while (source := sources.get(at)) is not None:
        at = source.node
        node, use = graph.nodes.get(at), uses.get(at)
        if node is None:
            break
        if node.block is not None:
            block = graph.blocks.get(node.block)
            raise ActRefused(
                f"The last layer is inside block {block.name if block else ''} ({node.name}). "
                "Dissolve the block, then replace the head."
            )
        if use is None:
            raise ActRefused(f"{node.name} has a problem of its own; solve that first.")
        if use.node.type in CHANNELS_PARAM:
            return _Head(use, outputs[0], tuple(chain))
        if use.layer.category not in _PASSES:
            raise ActRefused(
                f"The output comes from {node.name} ({use.layer.title}), which is no classifier. "
                "Put a Linear layer before the output instead."
            )
        chain.append(at)
    raise ActRefused("No layer with weights leads to the output.")


def _replace_last(edit: GraphEdit, head: _Head, num_classes: int) -> str:
    """Put a fresh layer of the same kind in the place of the last: its weights are new."""
    use = head.use
    arriving = edit.arriving(use.node_id)
    leaving = edit.leaving(use.node_id)
    values = {**use.node.params, CHANNELS_PARAM[use.node.type]: num_classes}
    place = edit.place(use.node_id)
    edit.remove([use.node_id])
    new_id = edit.add(use.node.type, values, near=place, stem=use.node.name)
    for port, (_, edge) in arriving.items():
        edit.connect(edge.source, Endpoint(node=new_id, port=port))
    _reconnect(edit, new_id, [edge for _, edge in leaving])
    return new_id


def _reconnect(edit: GraphEdit, new_id: str, leaving: list[Edge]) -> None:
    for edge in leaving:
        edit.connect(Endpoint(node=new_id, port="output"), edge.target)


def _replace_pooled(
    edit: GraphEdit, head: _Head, params: HeadParams, uses: Mapping[str, LayerUse]
) -> str:
    """Cut back to the last feature map and put pooling, dropout and a Linear layer behind it."""
    tail = _tail(edit, head, uses)
    gone, source = tail.gone, tail.source
    place = edit.place(source.node)
    for node_id in gone:
        if len(edit.leaving(node_id)) > 1:
            raise ActRefused(
                f"{edit.scope.nodes[node_id].name} also leads elsewhere, so the end of the network "
                "cannot be replaced as a whole. Choose the head “same”."
            )
    edit.remove(gone)
    layers: list[tuple[str, dict[str, ParamValue]]] = []
    if tail.is_spatial:
        layers.append(("GlobalAvgPool", {}))
    if params.dropout > 0:
        layers.append(("Dropout", {"p": params.dropout}))
    layers.append(("Linear", {"out_features": params.num_classes}))
    before, new_id = source, source.node
    for number, (type_name, values) in enumerate(layers, 1):
        near = None if place is None else Position(x=place.x + number * STEP_PX, y=place.y)
        stem = head.use.node.name if type_name == "Linear" else None
        new_id = edit.add(type_name, values, near=near, stem=stem)
        edit.connect(before, Endpoint(node=new_id, port="input"))
        before = Endpoint(node=new_id, port="output")
    edit.connect(before, Endpoint(node=head.output_id, port="input"))
    return new_id


def _tail(edit: GraphEdit, head: _Head, uses: Mapping[str, LayerUse]) -> _Tail:
    """Walk back from the last layer to the last feature map."""
    gone = [*head.chain, head.use.node_id]
    at = head.use.node_id
    walked: list[str] = []
    while at in uses and set(uses[at].inputs) == {"input"}:
        source = edit.arriving(at)["input"][1].source
        if "C" in axes_of(uses[at].inputs["input"].shape):
            while edit.scope.nodes[source.node].type.startswith("Adaptive"):
                walked.append(source.node)
                source = edit.arriving(source.node)["input"][1].source
            return _Tail([*gone, *walked], source, is_spatial=True)
        at = source.node
        walked.append(at)
    return _Tail(gone, edit.arriving(head.use.node_id)["input"][1].source, is_spatial=False)


def _freeze_rest(edit: GraphEdit, context: Context, new_id: str) -> None:
    """Freeze everything that leads to the new layer."""
    behind = Context(edit.document, Target(node_ids=[new_id]), context.binding)
    frozen = FreezeUpTo().perform(behind, FreezeUpTo.Params()).edit
    edit.do(
        operation
        for operation in frozen.operations
        if getattr(operation, "node_id", None) != new_id
    )


ACTS = (ReplaceHead(),)
