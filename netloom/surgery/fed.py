"""What a network was made to take, against what it is given where it is merged in."""

from __future__ import annotations

from netloom.analyze import Analysis, Binding, analyze
from netloom.graph.document import Document, Endpoint, Node
from netloom.layers.input_output import ImageInputParams
from netloom.layers.registry import get_layer
from netloom.layers.shapes import DimJson


def fed_otherwise(
    document: Document,
    source: Endpoint,
    binding: Binding,
    other: Document,
    input_id: str,
    other_name: str,
) -> list[str]:
    """Say where the other network is given something else than its own input gave it.

    Args:
        source: What feeds it in `document` from now on.
        input_id: The other's own input, which is left out.
    """
    given = _dims(analyze(document, binding), source)
    wanted = _dims(analyze(other), Endpoint(node=input_id, port="output"))
    node = document.graph.nodes[source.node]
    if not given or not wanted:
        return []
    sizes = f"{other_name} was made for {_text(wanted)} and {node.name} gives {_text(given)}"
    is_input = getattr(get_layer(node.type), "role", "") == "input"
    if _axes(given) != _axes(wanted):
        help_ = (
            "Give both networks an input of the same kind, or merge after a layer that fits."
            if is_input
            else "Merge after a layer that gives that, or choose concatenate or add, where both "
            "take the same input."
        )
        return [f"{sizes}, which is of another kind: it cannot take it. {help_}"]
    if any(_differ(one, two) for one, two in zip(given, wanted, strict=True)):
        help_ = (
            f"Set {node.name} to that size if {other_name} is to see what it was trained on."
            if is_input
            else "Put a layer between them that makes it that size, if its weights are to fit."
        )
        own = "both take this one input" if is_input else "it takes what it is given"
        return [f"{sizes}: merged, {own}. {help_}"]
    return _prepared_otherwise(node, other.graph.nodes[input_id], other_name)


def _prepared_otherwise(ours: Node, theirs: Node, other_name: str) -> list[str]:
    """Say when images are normalised otherwise than the other network knows them."""
    if ours.type != "ImageInput" or theirs.type != "ImageInput":
        return []
    own, other = (ImageInputParams.model_validate(node.params) for node in (ours, theirs))
    if _normalisation(own) == _normalisation(other):
        return []
    return [
        f"{other_name} knows images normalised with mean {_numbers(other.mean)} and standard "
        f"deviation {_numbers(other.std)}; both take those of {ours.name}, with mean "
        f"{_numbers(own.mean)} and {_numbers(own.std)}. Give {ours.name} its values if its "
        "weights are to be used."
    ]


def _normalisation(params: ImageInputParams) -> list[tuple[float, ...]]:
    """Return mean and standard deviation of each channel."""
    return [
        values * params.channels if len(values) == 1 else values
        for values in (params.mean, params.std)
    ]


def _numbers(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:g}" for value in values)


def _dims(analysis: Analysis, end: Endpoint) -> list[DimJson]:
    """Return the shape that a port gives; empty where it is not known."""
    node = analysis.nodes.get(end.node)
    return [] if node is None else node.outputs.get(end.port, [])


def _axes(dims: list[DimJson]) -> list[str]:
    return [dim["axis"] for dim in dims]


def _differ(one: DimJson, other: DimJson) -> bool:
    """Say whether two sizes differ; a length that varies takes any."""
    sizes = one["size"], other["size"]
    return all(isinstance(size, int) for size in sizes) and sizes[0] != sizes[1]


def _text(dims: list[DimJson]) -> str:
    """Return a shape in axis words, as problems say it: `(B, C=3, H=32, W=32)`."""
    parts = [
        dim["axis"] if dim["size"] == dim["axis"] else f"{dim['axis']}={dim['size']}"
        for dim in dims
    ]
    return f"({', '.join(parts)})"
