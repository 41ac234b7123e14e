"""Put a layer or an operator in the place of what an import could not compute."""

from __future__ import annotations

from collections.abc import Sequence

from netloom.graph.document import Endpoint, Node, ParamValue, Scalar
from netloom.layers.base import AnyLayer, Inference, Port
from netloom.layers.expect import infer_layer
from netloom.layers.operators import OPERATORS
from netloom.layers.params import param
from netloom.layers.parse import parse_params
from netloom.layers.placeholder import PLACEHOLDER
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
from netloom.surgery.acts.insert import fitting_params
from netloom.surgery.edit import GraphEdit
from netloom.surgery.expand import LayerUse

_OPERATOR = "Operator "
Params = dict[str, ParamValue]


class ReplaceParams(ActParams):
    layer: str = param(
        "",
        "Becomes",
        "Layers and operators that take what arrives; those that keep what leaves come first.",
    )


class ReplacePlaceholder(Act[ReplaceParams]):
    id = "replace_placeholder"
    title = "Replace the placeholder"
    summary = (
        "Puts a layer or an operator where an import could not compute something. Connections "
        "stay, in the order of the ports."
    )
    places = ("node",)
    Params = ReplaceParams

    def choices(self, context: Context) -> dict[str, list[Scalar]]:
        try:
            use = _use(context)
        except ActRefused:
            return {}
        names = [each.type_name for each in all_layers() if each.role == "layer"]
        offered = [*names, *(f"{_OPERATOR}{name}" for name in OPERATORS)]
        ranked = [(_rank(use, choice), choice) for choice in offered if choice != "Operator"]
        fitting = [(rank, choice) for rank, choice in ranked if rank is not None]
        return {"layer": [choice for _, choice in sorted(fitting, key=lambda each: each[0])]}

    def perform(self, context: Context, params: ReplaceParams) -> Outcome:
        use = _use(context)
        node_id, node = context.node()
        layer, values = _chosen(params.layer, use)
        found = _inferred(use, layer, values)
        if found is None:
            raise ActRefused(
                f"{params.layer or 'Nothing'} cannot stand here: it does not take what arrives at "
                f"{node.name}, or gives another number of tensors."
            )
        edit = context.edit()
        _replace(edit, node_id, node, layer, values)
        label = f"Replace {node.name} by {params.layer}"
        return Outcome(label, edit, shared_block_warning(context), [node_id])


def _use(context: Context) -> LayerUse:
    node_id, node = context.node()
    if node.type != PLACEHOLDER:
        raise ActRefused(f"{node.name} is no placeholder.")
    uses = context.expansion.of(context.target.scope, node_id)
    if not uses:
        raise ActRefused(f"What arrives at {node.name} is not known yet. Solve its problem first.")
    return uses[0]


def _chosen(choice: str, use: LayerUse) -> tuple[AnyLayer, Params]:
    """Return a type with the parameters that it needs here."""
    name, values = choice, Params()
    if choice.startswith(_OPERATOR):
        name, values = "Operator", {"op": choice.removeprefix(_OPERATOR)}
    layer = get_layer(name)
    if layer is None or layer.role != "layer":
        raise ActRefused(f"There is no layer type {choice or 'chosen'}.")
    shapes = _shapes(use)
    values |= fitting_params(name, shapes[0] if shapes else None)
    if layer.variadic_param is not None:
        values[layer.variadic_param] = len(shapes)
    return layer, values


def _shapes(use: LayerUse) -> list[Shape]:
    return [value.shape for value in use.inputs.values()]


def _inferred(use: LayerUse, layer: AnyLayer, values: Params) -> list[Shape] | None:
    """Return what leaves a layer in the place of the placeholder; None where it cannot stand."""
    parsed = parse_params(layer, values)
    if parsed.params is None or parsed.unknown:
        return None
    ports = layer.input_ports(parsed.params)
    shapes = _shapes(use)
    if len(ports) != len(shapes) or not shapes:
        return None
    given = {port.name: shape for port, shape in zip(ports, shapes, strict=True)}
    found = infer_layer(layer, parsed.params, given)
    if not isinstance(found, Inference):
        return None
    outputs = [found.outputs[port.name] for port in layer.output_ports(parsed.params)]
    return outputs if len(outputs) == len(use.outputs) else None


def _rank(use: LayerUse, choice: str) -> int | None:
    """Return 0 for what gives what the file says, 1 for the rest; None where it cannot stand."""
    try:
        layer, values = _chosen(choice, use)
        outputs = _inferred(use, layer, values)
    except ActRefused:
        return None
    if outputs is None:
        return None
    wanted = [[dim.size for dim in shape] for shape in use.outputs.values()]
    return 0 if [[dim.size for dim in shape] for shape in outputs] == wanted else 1


def _replace(edit: GraphEdit, node_id: str, node: Node, layer: AnyLayer, values: Params) -> None:
    old = get_layer(node.type)
    before = None if old is None else parse_params(old, node.params).params
    after = parse_params(layer, values).params
    if old is None or before is None or after is None:
        raise ActRefused(f"{node.name} cannot be read. Solve its problem first.")
    inputs = _renamed(old.input_ports(before), layer.input_ports(after))
    outputs = _renamed(old.output_ports(before), layer.output_ports(after))
    arriving = [*edit.arriving(node_id).values()]
    leaving = edit.leaving(node_id)
    edit.disconnect([edge_id for edge_id, _ in [*arriving, *leaving]])
    edit.set_params(node_id, dict.fromkeys(node.params))
    edit.set_type(node_id, layer.type_name)
    edit.set_params(node_id, values)
    for _, edge in arriving:
        edit.connect(edge.source, Endpoint(node=node_id, port=inputs[edge.target.port]))
    for _, edge in leaving:
        edit.connect(Endpoint(node=node_id, port=outputs[edge.source.port]), edge.target)


def _renamed(old: Sequence[Port], new: Sequence[Port]) -> dict[str, str]:
    return {one.name: other.name for one, other in zip(old, new, strict=True)}


ACTS = (ReplacePlaceholder(),)
