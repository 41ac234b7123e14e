"""Replace the head: other classes on the same backbone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from netloom.graph.document import Edge, Endpoint, ParamValue, Position
from netloom.layers.params import MAX_SIZE, param
from netloom.surgery.act import Act, ActParams, ActRefused, Context, Outcome
from netloom.surgery.acts.freeze import freeze_before
from netloom.surgery.edit import STEP_PX, GraphEdit
from netloom.surgery.head_place import Head, find_head, find_tail
from netloom.surgery.widths import CHANNELS_PARAM

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

    def asks(self, name: str, chosen: Mapping[str, ParamValue]) -> bool:
        return name != "dropout" or chosen.get("style") == "pooled"

    def defaults(self, context: Context) -> dict[str, ParamValue]:
        classes = context.binding.num_classes
        if classes is not None:
            return {"num_classes": classes}
        try:
            head = find_head(context)
        except ActRefused:
            return {}
        width = getattr(head.use.params, CHANNELS_PARAM[head.use.node.type])
        return {"num_classes": int(width)}

    def perform(self, context: Context, params: HeadParams) -> Outcome:
        head = find_head(context)
        scope_id = head.use.scope_id if params.style == "same" else None
        edit = GraphEdit(context.document, scope_id)
        if params.style == "same":
            new_id = _replace_last(edit, head, params.num_classes)
        else:
            new_id = _replace_pooled(edit, head, params, context)
        if params.freeze_backbone:
            path = [*head.inside, new_id] if params.style == "same" else [new_id]
            freeze_before(edit, path, context.binding)
        warnings: list[str] = []
        classes = context.binding.num_classes
        if classes is not None and classes != params.num_classes:
            warnings.append(f"The bound data has {classes} classes.")
        label = f"Replace the head: {params.num_classes} classes"
        return Outcome(label, edit, warnings, [new_id])


def _replace_last(edit: GraphEdit, head: Head, num_classes: int) -> str:
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


def _replace_pooled(edit: GraphEdit, head: Head, params: HeadParams, context: Context) -> str:
    """Cut back to the last feature map and put pooling, dropout and a Linear layer behind it."""
    tail = find_tail(edit, head, context)
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


ACTS = (ReplaceHead(),)
