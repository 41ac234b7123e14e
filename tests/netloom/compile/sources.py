"""Nodes that give a tensor of a wished shape, for networks around one layer."""

from __future__ import annotations

from netloom.graph.document import Node
from netloom.layers.shapes import Shape, axes_of
from tests.netloom.compile.networks import node


def source_of(shape: Shape, name: str) -> tuple[dict[str, Node], str, list[str]]:
    """Return nodes by id, which of them gives the shape (`id` or `id.port`), and their edges."""
    sizes = [dim.size for dim in shape[1:]]
    match axes_of(shape):
        case "BCHW":
            made = node("ImageInput", name, channels=sizes[0], height=sizes[1], width=sizes[2])
        case "BF":
            made = node("FeatureInput", name, num_features=sizes[0])
        case axes:
            raise AssertionError(f"no input layer gives {axes}")
    return {name: made}, name, []
