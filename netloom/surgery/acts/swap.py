"""Swap a layer for one of another type, keeping the parameters and weights that fit."""

from __future__ import annotations

from netloom.graph.document import Node, ParamValue, Scalar
from netloom.graph.names import unique_name
from netloom.layers.base import AnyLayer, Inference
from netloom.layers.expect import infer_layer
from netloom.layers.learning import LEARNING_NAMES
from netloom.layers.params import param
from netloom.layers.parse import parse_params
from netloom.layers.registry import all_layers, get_layer
from netloom.surgery.act import (
    Act,
    ActParams,
    ActRefused,
    Context,
    Outcome,
    shared_block_warning,
)
from netloom.surgery.acts.insert import fitting_params
from netloom.surgery.edit import GraphEdit
from netloom.surgery.expand import LayerUse

_CLOSE = {
    "Conv2d": ("SeparableConv2d", "ConvTranspose2d"),
    "Conv1d": ("SeparableConv1d", "ConvTranspose1d"),
    "Conv3d": ("SeparableConv3d", "ConvTranspose3d"),
    "SeparableConv1d": ("Conv1d",),
    "SeparableConv2d": ("Conv2d",),
    "SeparableConv3d": ("Conv3d",),
    "MaxPool2d": ("Conv2d", "AvgPool2d"),
    "AvgPool2d": ("Conv2d", "MaxPool2d"),
    "LSTM": ("GRU", "RNN"),
    "GRU": ("LSTM", "RNN"),
    "ReLU": ("GELU", "SiLU", "LeakyReLU"),
    "BatchNorm2d": ("GroupNorm", "LayerNorm", "InstanceNorm2d"),
    "Add": ("Concatenate",),
    "Concatenate": ("Add",),
    "Linear": ("LowRankLinear",),
}


class SwapParams(ActParams):
    layer: str = param("", "New type", "Types that fit in the same place; the closest first.")


class SwapLayer(Act[SwapParams]):
    id = "swap_layer"
    title = "Swap for another type"
    summary = (
        "Gives layers another type and keeps connections, and the parameters and weights that "
        "fit. A name that only says the old type says the new one. A selection is swapped as a "
        "whole where its layers are of one type."
    )
    places = ("node", "selection")
    Params = SwapParams

    def choices(self, context: Context) -> dict[str, list[Scalar]]:
        try:
            use = _example(context)
        except ActRefused:
            return {}
        ranked = [(_rank(use, layer), layer.type_name) for layer in all_layers()]
        return {"layer": [name for rank, name in sorted(ranked, key=str) if rank is not None]}

    def perform(self, context: Context, params: SwapParams) -> Outcome:
        example = _example(context)
        layer = get_layer(params.layer)
        if layer is None or layer.role != "layer":
            raise ActRefused(f"There is no layer type {params.layer or 'chosen'}.")
        if layer.type_name == example.node.type:
            raise ActRefused(f"{example.node.name} is a {layer.title} already.")
        edit = context.edit()
        nodes = context.nodes()
        for node_id, node in nodes:
            uses = context.expansion.of(context.target.scope, node_id)
            _swap(edit, node_id, node, uses[0] if uses else example, layer)
        names = nodes[0][1].name if len(nodes) == 1 else f"{len(nodes)} layers"
        label = f"Swap {names} for {layer.title}"
        warnings = shared_block_warning(context)
        return Outcome(label, edit, warnings, [node_id for node_id, _ in nodes])


def _example(context: Context) -> LayerUse:
    """Return one use of the layers to swap; refused where they cannot be."""
    nodes = context.nodes()
    types = {node.type for _, node in nodes}
    if len(types) > 1:
        raise ActRefused("Select layers of one type to swap them together.")
    node_id, node = nodes[0]
    layer = get_layer(node.type)
    if node.block is not None:
        raise ActRefused("A block is not swapped as a whole. Open it, or dissolve it.")
    if layer is None or layer.role != "layer":
        raise ActRefused(f"{node.name} belongs to the ends of the network and stays what it is.")
    uses = context.expansion.of(context.target.scope, node_id)
    if not uses:
        raise ActRefused(f"What arrives at {node.name} is not known yet. Solve its problem first.")
    return uses[0]


def carried_params(use: LayerUse, layer: AnyLayer) -> dict[str, ParamValue]:
    """Return the parameters of a layer that another type takes over, with those it needs."""
    width = use.inputs[next(iter(use.inputs))].shape if use.inputs else None
    values: dict[str, ParamValue] = dict(fitting_params(layer.type_name, width))
    if use.layer.category == "Pooling" and layer.category == "Convolution":
        # Pooling steps by its window and adds nothing; a convolution would do neither.
        typed = use.params.model_dump(mode="json")
        for name in ("kernel_size", "stride", "padding"):
            if name in typed:
                values[name] = typed[name]
        if values.get("stride") is None:
            values["stride"] = values.get("kernel_size")
    for name, value in use.node.params.items():
        is_known = name in layer.Params.model_fields or name in LEARNING_NAMES
        if is_known and parse_params(layer, {**values, name: value}).params is not None:
            values[name] = value
    variadic = use.layer.variadic_param
    if variadic is not None and variadic == layer.variadic_param:
        values[variadic] = getattr(use.params, variadic)
    return {name: value for name, value in values.items() if value is not None}


def _ports(layer: AnyLayer, values: dict[str, ParamValue]) -> tuple[set[str], set[str]] | None:
    parsed = parse_params(layer, values)
    if parsed.params is None:
        return None
    inputs = {port.name for port in layer.input_ports(parsed.params)}
    return inputs, {port.name for port in layer.output_ports(parsed.params)}


def _rank(use: LayerUse, layer: AnyLayer) -> tuple[int, int, str] | None:
    """Return how close another type is; None where it does not fit in the place."""
    if layer.role != "layer" or layer.type_name == use.node.type:
        return None
    close = _CLOSE.get(use.node.type, ())
    is_kin = layer.category == use.layer.category
    if not is_kin and layer.type_name not in close:
        return None
    values = carried_params(use, layer)
    parsed = parse_params(layer, values)
    ports = _ports(layer, values)
    if parsed.params is None or ports is None or ports[0] != set(use.inputs):
        return None
    shapes = {port: value.shape for port, value in use.inputs.items()}
    found = infer_layer(layer, parsed.params, shapes)
    if not isinstance(found, Inference) or "output" not in found.outputs:
        return None
    order = close.index(layer.type_name) if layer.type_name in close else len(close)
    keeps = found.outputs["output"] == use.outputs.get("output")
    return (order, 0 if keeps else 1, layer.type_name)


def _swap(edit: GraphEdit, node_id: str, node: Node, use: LayerUse, layer: AnyLayer) -> None:
    values = carried_params(use, layer)
    ports = _ports(layer, values)
    used_inputs = set(edit.arriving(node_id))
    used_outputs = {edge.source.port for _, edge in edit.leaving(node_id)}
    if ports is None or not (used_inputs <= ports[0] and used_outputs <= ports[1]):
        raise ActRefused(
            f"{layer.title} has other inputs or outputs than {node.name}. Remove the connections "
            "that it does not have first."
        )
    edit.set_params(node_id, {name: None for name in node.params if name not in values})
    edit.set_type(node_id, layer.type_name)
    edit.set_params(
        node_id, {name: value for name, value in values.items() if node.params.get(name) != value}
    )
    old = get_layer(node.type)
    if old is not None and node.name.rstrip("_0123456789") == old.name_stem:
        taken = {each.name for key, each in edit.scope.nodes.items() if key != node_id}
        name = unique_name(layer.name_stem, taken)
        if old.name_stem != layer.name_stem:
            edit.rename(node_id, name)


ACTS = (SwapLayer(),)
