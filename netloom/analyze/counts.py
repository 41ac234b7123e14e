"""How many layers a network has, whether or not its shapes are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from netloom.graph.document import Graph, Node
from netloom.graph.limits import COUNTED_NODES
from netloom.graph.topology import block_order
from netloom.layers import all_layers


def count_layers(graph: Graph) -> int:
    """Count what computes, without inputs and outputs, what blocks hold as often as it is applied.

    Of types that are not installed each counts, and `COUNTED_NODES` is the most that is counted.
    """
    ends = {layer.type_name for layer in all_layers() if layer.role != "layer"}
    order, recursive = block_order(graph)
    sizes: dict[str, int] = dict.fromkeys(recursive, 0)
    for block_id in order:
        sizes[block_id] = _count(graph.blocks[block_id].nodes.values(), sizes, ends)
    return _count(graph.nodes.values(), sizes, ends)


def _count(nodes: Iterable[Node], sizes: Mapping[str, int], ends: set[str]) -> int:
    counts = (
        node.repeat * sizes.get(node.block, 0) if node.block is not None else node.type not in ends
        for node in nodes
    )
    return min(sum(counts), COUNTED_NODES)
