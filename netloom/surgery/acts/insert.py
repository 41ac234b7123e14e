"""Insert a layer before, after or on a connection: what fits comes first."""

from __future__ import annotations

from typing import Literal

from netloom.graph.document import Edge, Endpoint, ParamValue, Scalar
from netloom.layers.base import AnyLayer, Inference
from netloom.layers.expect import infer_layer
from netloom.layers.params import param
from netloom.layers.parse import parse_params
from netloom.layers.registry import all_layers, get_layer
from netloom.layers.shapes import Shape
from netloom.surgery.act import (
    Act,
    ActParams,
    ActRefused,
    Context,
    Outcome,
    shared_block_warning,
)
from netloom.surgery.edit import first_input
from netloom.surgery.spaces import channels_of
from netloom.surgery.widths import CHANNELS_PARAM

_USUAL = (
    "BatchNorm2d",
    "ReLU",
    "Dropout",
    "Conv2d",
    "BatchNorm1d",
    "Linear",
    "GELU",
    "SiLU",
    "MaxPool2d",
    "SqueezeExcite",
    "LayerNorm",
    "GroupNorm",
)


class InsertParams(ActParams):
    layer: str = param("ReLU", "Layer", "Layers that keep the shape stand first.")
    where: Literal["after", "before"] = param(
        "after", "Where", "Behind the chosen layer, or before it; a connection has one place only."
    )


class InsertLayer(Act[InsertParams]):
    id = "insert_layer"
    title = "Insert a layer"
    summary = (
        "Puts a layer before or behind a layer, or on a connection, as wide as what arrives there."
    )
    places = ("node", "edge")
    Params = InsertParams

    def choices(self, context: Context) -> dict[str, list[Scalar]]:
        try:
            shape = self._shape(context)
        except ActRefused:
            return {}
        ranked = [(_rank(layer, shape), layer.type_name) for layer in all_layers()]
        fitting = sorted((rank, name) for rank, name in ranked if rank is not None)
        return {"layer": [name for _, name in fitting]} if fitting else {}

    def _shape(self, context: Context) -> Shape | None:
        """Return what flows where the layer would go: after a node or on an edge."""
        scope = context.scope
        if context.target.edge_id is not None:
            edge = scope.edges.get(context.target.edge_id)
            if edge is None:
                raise ActRefused("The connection is not there any more.")
            target = edge.target
            for use in context.expansion.of(context.target.scope, target.node):
                if target.port in use.inputs:
                    return use.inputs[target.port].shape
            source = edge.source
        else:
            source = Endpoint(node=context.node()[0], port="output")
        for use in context.expansion.of(context.target.scope, source.node):
            return use.outputs.get(source.port)
        return None

    def perform(self, context: Context, params: InsertParams) -> Outcome:
        layer = get_layer(params.layer)
        if layer is None or not layer.inputs or not layer.outputs:
            raise ActRefused(f"{params.layer} cannot stand on a connection.")
        edges = self._edges(context, params.where)
        values = fitting_params(params.layer, self._shape(context))
        edit = context.edit()
        new_id = edit.insert_on(edges[0][0], params.layer, values)
        rest = edges[1:]
        edit.disconnect(edge_id for edge_id, _ in rest)
        for _, edge in rest:
            edit.connect(Endpoint(node=new_id, port="output"), edge.target)
        label = f"Insert {layer.title}"
        return Outcome(label, edit, shared_block_warning(context), [new_id])

    def _edges(self, context: Context, where: str) -> list[tuple[str, Edge]]:
        """Return the connections that the layer is put on: several that leave one port."""
        edit = context.edit()
        if context.target.edge_id is not None:
            edge = context.scope.edges.get(context.target.edge_id)
            if edge is None:
                raise ActRefused("The connection is not there any more.")
            return [(context.target.edge_id, edge)]
        node_id, node = context.node()
        if where == "before":
            arriving = list(edit.arriving(node_id).values())
            if len(arriving) != 1:
                raise ActRefused(
                    f"{node.name} has {len(arriving)} connections before it. Choose the one to "
                    "insert on."
                )
            return arriving
        leaving = edit.leaving(node_id)
        ports = {edge.source.port for _, edge in leaving}
        if len(ports) != 1:
            raise ActRefused(
                f"{node.name} has {len(ports)} connected outputs. Choose the connection to insert "
                "on."
            )
        return sorted(leaving)


def fitting_params(type_name: str, shape: Shape | None) -> dict[str, ParamValue]:
    """Return parameters that keep the width of what arrives."""
    width = None if shape is None else channels_of(shape)
    if width is None:
        return {}
    if type_name in CHANNELS_PARAM:
        return {CHANNELS_PARAM[type_name]: width}
    if type_name == "GroupNorm":
        return {"num_groups": next(count for count in (32, 16, 8, 4, 2, 1) if width % count == 0)}
    return {}


def _rank(layer: AnyLayer, shape: Shape | None) -> tuple[int, int] | None:
    """Return how well a layer fits: keeps the shape, works, or None."""
    if layer.role != "layer" or shape is None:
        return None
    parsed = parse_params(layer, fitting_params(layer.type_name, shape))
    if parsed.params is None or len(layer.input_ports(parsed.params)) != 1:
        return None
    found = infer_layer(layer, parsed.params, {first_input(layer.type_name): shape})
    if not isinstance(found, Inference) or "output" not in found.outputs:
        return None
    usual = _USUAL.index(layer.type_name) if layer.type_name in _USUAL else len(_USUAL)
    return (0 if found.outputs["output"] == shape else 1, usual)


ACTS = (InsertLayer(),)
