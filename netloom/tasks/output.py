"""What feeds a network's output."""

from __future__ import annotations

from netloom.compile.plan import Scope
from netloom.graph.document import BlockDefinition, Document, Edge, Node
from netloom.layers.shapes import holds_detections

_PASS_THROUGH = frozenset({"Dropout", "Flatten"})
"""Layers that change no value when a network is evaluated."""


def detections_output(plan: Scope) -> int | None:
    """Return which output of a planned network gives boxes with scores and labels, or None."""
    shapes = [port.shape for port in plan.outputs]
    return next((index for index, shape in enumerate(shapes) if holds_detections(shape)), None)


def find_final_softmax(document: Document) -> str | None:
    """Return the path of the Softmax whose result is the network's output, or None.

    The path is the node id, or `instance/inner` within blocks.
    """
    graph = document.graph
    outputs = [key for key, node in graph.nodes.items() if node.type == "Output"]
    if len(outputs) != 1:
        return None
    return _search(document, graph.nodes, graph.edges, outputs[0], prefix="")


def _search(
    document: Document, nodes: dict[str, Node], edges: dict[str, Edge], target: str, prefix: str
) -> str | None:
    seen: set[str] = set()
    while target not in seen:
        seen.add(target)
        sources = [edge.source for edge in edges.values() if edge.target.node == target]
        if len(sources) != 1 or sources[0].node not in nodes:
            return None
        target, node = sources[0].node, nodes[sources[0].node]
        if node.type == "Softmax":
            return prefix + target
        if node.type == "Block":
            block = document.graph.blocks.get(node.block or "")
            end = _block_output(block, sources[0].port) if block else None
            if block is None or end is None:
                return None
            return _search(document, block.nodes, block.edges, end, f"{prefix}{target}/")
        if node.type not in _PASS_THROUGH:
            return None
    return None


def _block_output(block: BlockDefinition, port: str) -> str | None:
    matches = (key for key in block.outputs if key in block.nodes)
    return next((key for key in matches if block.nodes[key].name == port), None)
