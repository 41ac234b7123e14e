"""Whether a network fits what it is to learn: the data at its input, classes at its output."""

from __future__ import annotations

from collections.abc import Iterator

from netloom.analyze import fixes
from netloom.analyze.fixes import NewLayer, Repairs
from netloom.analyze.model import Binding
from netloom.analyze.plan import PlannedNode, ScopePlan
from netloom.analyze.results import ScopeRun
from netloom.graph.diagnostics import Diagnostic, DiagnosticCode, Fix
from netloom.layers.input_output import ImageInput, ImageInputParams
from netloom.layers.shapes import Shape, axes_of, named_shape_text

_LARGEST_OFFERED_PX = 256
_WIDTH_PARAM = {
    "Linear": "out_features",
    "LowRankLinear": "out_features",
    "Bilinear": "out_features",
    "Conv1d": "out_channels",
    "Conv2d": "out_channels",
    "Conv3d": "out_channels",
    "SeparableConv1d": "out_channels",
    "SeparableConv2d": "out_channels",
    "SeparableConv3d": "out_channels",
}
"""Layers that decide how many classes come out, and the parameter that says it."""
_KEEPS_CLASSES = frozenset({"Activation", "Normalization", "Pooling", "Regularization"})
"""Families whose layers give as many channels or features as they receive."""

_PICKS = frozenset({"Flatten", "TakeStep"})
"""Layers that keep all features, or those of one position."""


def _keeps_classes(planned: PlannedNode) -> bool:
    if planned.layer is None or planned.node.type == "GLU":
        return False
    return planned.layer.category in _KEEPS_CLASSES or planned.node.type in _PICKS


def check_task_fit(
    repairs: Repairs, plan: ScopePlan, run: ScopeRun, binding: Binding
) -> Iterator[Diagnostic]:
    """Yield what keeps a network from learning well from the bound data."""
    yield from _check_inputs(plan)
    outputs = {
        key for key, each in plan.nodes.items() if each.layer and each.layer.role == "output"
    }
    for node_id, planned in plan.nodes.items():
        if isinstance(planned.params, ImageInputParams):
            yield from _check_input(node_id, planned.params, binding)
        if node_id not in outputs:
            continue
        if len(outputs) == 1:  # Cross-entropy takes one: scores beside boxes are no classifier.
            yield from _check_softmax(repairs, plan, node_id)
        if binding.class_names == []:
            yield _no_classes(node_id)
        result = run.nodes.get(node_id)
        if result is not None and binding.num_classes is not None:
            shape = result.outputs["output"]
            yield from _check_classes(repairs, plan, node_id, shape, binding.num_classes)


def _check_inputs(plan: ScopePlan) -> Iterator[Diagnostic]:
    """Yield the inputs that no training can fill: it reads images, for one input."""
    image_inputs = 0
    for node_id, planned in plan.nodes.items():
        if planned.layer is None or planned.layer.role != "input":
            continue
        is_image = planned.node.type == ImageInput.type_name
        image_inputs += is_image
        if is_image and image_inputs == 1:
            continue
        reason = (
            "Training feeds images to one input, and the network has several"
            if is_image
            else f"Training reads images so far, not what a {planned.layer.title} takes"
        )
        yield Diagnostic(
            code=DiagnosticCode.INPUT_NOT_TRAINED,
            severity="warning",
            message=(
                f"{reason}, so {planned.node.name} cannot be trained here yet. Shapes, costs, "
                "code and export work."
            ),
            node_id=node_id,
        )


def _no_classes(output_id: str) -> Diagnostic:
    return Diagnostic(
        code=DiagnosticCode.CLASS_COUNT_MISMATCH,
        severity="warning",
        message=(
            "The data has no classes yet. Add at least two and label images before training; the "
            "network then gives one logit per class."
        ),
        node_id=output_id,
    )


def _check_input(node_id: str, params: ImageInputParams, binding: Binding) -> Iterator[Diagnostic]:
    if binding.channels is not None and binding.channels != params.channels:
        words = {1: "grey", 3: "in colour"}
        message = (
            f"The images are {words.get(binding.channels, 'of another kind')} "
            f"({binding.channels} channels) but the input makes {params.channels}. They are "
            "converted."
        )
        label = f"Use {binding.channels} channel{'' if binding.channels == 1 else 's'}"
        values = {"channels": binding.channels} | _normalisation(params, binding.channels)
        yield Diagnostic(
            code=DiagnosticCode.INPUT_SHAPE_MISMATCH,
            severity="warning",
            message=message.replace("(1 channels)", "(1 channel)"),
            node_id=node_id,
            param="channels",
            fixes=[fixes.set_params(label, None, node_id, values)],
        )
    if binding.typical_size is not None and binding.typical_size != (params.height, params.width):
        height, width = binding.typical_size
        yield Diagnostic(
            code=DiagnosticCode.INPUT_SHAPE_MISMATCH,
            severity="info",
            message=(
                f"Most images are H {height} × W {width}; they are resized to "
                f"H {params.height} × W {params.width}."
            ),
            node_id=node_id,
            param="height",
            fixes=_size_fixes(node_id, height, width),
        )


def _size_fixes(node_id: str, height: int, width: int) -> list[Fix]:
    """Offer the images' own size, unless it would make the network needlessly slow."""
    if max(height, width) > _LARGEST_OFFERED_PX:
        return []
    values = {"height": height, "width": width}
    return [fixes.set_params(f"Use H {height} × W {width}", None, node_id, values)]


def _normalisation(params: ImageInputParams, channels: int) -> dict[str, None]:
    """Return the values per channel that another channel count makes meaningless."""
    return {
        name: None
        for name, values in (("mean", params.mean), ("std", params.std))
        if len(values) not in (1, channels)
    }


def _check_softmax(repairs: Repairs, plan: ScopePlan, output_id: str) -> Iterator[Diagnostic]:
    feeding = _source_of(plan, output_id)
    if feeding is None or plan.nodes[feeding].node.type != "Softmax":
        return
    name = plan.nodes[feeding].node.name
    yield Diagnostic(
        code=DiagnosticCode.SOFTMAX_BEFORE_LOSS,
        severity="warning",
        message=(
            f"{name} gives probabilities, but cross-entropy works on logits. Training then uses "
            "the logarithm of the probabilities, which is less exact. Predictions show "
            "probabilities without it as well."
        ),
        node_id=feeding,
        fixes=repairs.remove_and_join(None, feeding, f"Remove {name}"),
    )


def _check_classes(
    repairs: Repairs, plan: ScopePlan, output_id: str, shape: Shape, num_classes: int
) -> Iterator[Diagnostic]:
    edge_id = plan.wiring.arriving[output_id]["input"][0]
    if axes_of(shape) != "BF":
        yield Diagnostic(
            code=DiagnosticCode.SHAPE_MISMATCH,
            severity="error",
            message=(
                f"A classifier gives (B, F={num_classes}), one logit per class, but the output "
                f"receives {named_shape_text(shape)}."
            ),
            node_id=output_id,
            port="input",
            edge_id=edge_id,
            fixes=_head_fixes(repairs, edge_id, shape, num_classes),
        )
    elif shape[-1].size != num_classes:
        yield Diagnostic(
            code=DiagnosticCode.CLASS_COUNT_MISMATCH,
            severity="error",
            message=(
                f"The data has {num_classes} classes but the network gives {shape[-1].size} logits."
            ),
            node_id=output_id,
            port="input",
            edge_id=edge_id,
            fixes=_width_fixes(plan, output_id, shape, num_classes)
            or _linear_fixes(repairs, edge_id, num_classes),
        )


def _head_fixes(repairs: Repairs, edge_id: str, shape: Shape, num_classes: int) -> list[Fix]:
    match axes_of(shape):
        case "BCHW":
            layers = [NewLayer("AdaptiveAvgPool2d", {}), NewLayer("Flatten", {})]
            width = shape[1].size
        case "BTF":
            layers, width = [NewLayer("TakeStep", {})], shape[2].size
        case _:
            return []
    if width != num_classes:
        layers.append(NewLayer("Linear", {"out_features": num_classes}))
    label = "Insert " + ", ".join(layer.type_name for layer in layers)
    return repairs.insert_on_edge(None, edge_id, label, layers)


def _linear_fixes(repairs: Repairs, edge_id: str, num_classes: int) -> list[Fix]:
    """Offer a layer of the right width where none decides the number of logits by itself."""
    layer = NewLayer("Linear", {"out_features": num_classes})
    return repairs.insert_on_edge(
        None, edge_id, f"Insert Linear with {num_classes} outputs", [layer]
    )


def _width_fixes(plan: ScopePlan, output_id: str, shape: Shape, num_classes: int) -> list[Fix]:
    """Offer to set the width of the layer that decides the number of logits."""
    deciding = _source_of(plan, output_id)
    while deciding is not None and _keeps_classes(plan.nodes[deciding]):
        deciding = _source_of(plan, deciding)
    if deciding is None:
        return []
    planned = plan.nodes[deciding]
    param = _WIDTH_PARAM.get(planned.node.type)
    # A convolution decides only when nothing but its channels is left at the end.
    if param is None or getattr(planned.params, param, None) != shape[-1].size:
        return []
    label = f"Set {planned.node.name} to {num_classes} outputs"
    return [fixes.set_params(label, None, deciding, {param: num_classes})]


def _source_of(plan: ScopePlan, node_id: str) -> str | None:
    """Return the node connected to the only input port of a node."""
    edge_ids = plan.wiring.arriving[node_id].get("input")
    if not edge_ids:
        return None
    source = plan.scope.edges[edge_ids[0]].source.node
    return source if source in plan.nodes else None
