"""One network as the peers take it: React Flow's nodes and edges, and an ONNX file for Netron."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.registry import NotMeasurable
from netloom.graph.document import Document, Node

_ONNX_TYPES = {
    "Conv2d": "Conv",
    "BatchNorm2d": "BatchNormalization",
    "ReLU": "Relu",
    "Add": "Add",
}
_INPUT, _OUTPUT = "ImageInput", "Output"


def as_flow(document: Document) -> dict[str, Any]:
    """Return nodes at the same places with their names as labels, and edges without handles."""
    places = document.view.positions
    return {
        "nodes": [
            {
                "id": key,
                "position": {"x": places[key].x, "y": places[key].y},
                "data": {"label": node.name},
            }
            for key, node in document.graph.nodes.items()
        ],
        "edges": [
            {"id": key, "source": edge.source.node, "target": edge.target.node}
            for key, edge in document.graph.edges.items()
        ],
    }


def write_onnx(document: Document, path: Path) -> None:
    """Write the same layers and connections without weights, so that none have to be read.

    Raises:
        NotMeasurable: The onnx package is not installed.
    """
    try:
        from onnx import TensorProto, helper, save
    except ImportError as error:
        raise NotMeasurable(f"{error}; `make bench` installs it.") from error
    sources: dict[str, list[str]] = {key: [] for key in document.graph.nodes}
    for edge in document.graph.edges.values():
        sources[edge.target.node].append(edge.source.node)
    image = (1, 3, 32, 32)
    begins, ends, nodes = [], [], []
    for key, node in document.graph.nodes.items():
        if node.type == _INPUT:
            begins.append(helper.make_tensor_value_info(key, TensorProto.FLOAT, image))
        elif node.type == _OUTPUT:
            ends.append(helper.make_tensor_value_info(sources[key][0], TensorProto.FLOAT, None))
        else:
            kind = _ONNX_TYPES[node.type]
            attributes = _attributes(node) if kind == "Conv" else {}
            nodes.append(helper.make_node(kind, sources[key], [key], name=node.name, **attributes))
    graph = helper.make_graph(nodes, path.stem, begins, ends)
    save(helper.make_model(graph), str(path))


def _attributes(node: Node) -> dict[str, Any]:
    size = node.params["kernel_size"]
    padding = node.params["padding"]
    return {"kernel_shape": [size, size], "pads": [padding] * 4, "strides": [1, 1]}
