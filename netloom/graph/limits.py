"""How large a network may be. Everything is computed by arithmetic, before anything is built."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from netloom.graph.document import Graph, Node
from netloom.graph.topology import block_order

MAX_NODES = 20_000
"""Nodes after every block is expanded and every repeat is counted."""
MAX_BLOCK_DEPTH = 32
MAX_PARAMETERS = 20_000_000_000
MAX_TENSOR_BYTES = 16 * 2**30
"""Largest single tensor: a weight, or one sample's activation."""
MAX_DOCUMENT_BYTES = 16 * 2**20
MAX_JSON_DEPTH = 32
BYTES_PER_ELEMENT = 4


@dataclass(frozen=True, slots=True)
class Expansion:
    """What a graph becomes when blocks are expanded.

    Attributes:
        num_nodes: Nodes, with every repeat counted.
        depth: Deepest nesting; 0 without instances.
        recursive: Definitions that contain themselves; they count as nothing.
    """

    num_nodes: int
    depth: int
    recursive: frozenset[str]

    @property
    def problem(self) -> str | None:
        """The limit that is exceeded, as a sentence; None when the graph can be expanded."""
        if self.num_nodes > MAX_NODES:
            return (
                f"The network has {self.num_nodes:,} nodes when its blocks are expanded; "
                f"{MAX_NODES:,} are allowed. Lower the repeat counts or remove layers."
            )
        if self.depth > MAX_BLOCK_DEPTH:
            return (
                f"Blocks are nested {self.depth} deep; {MAX_BLOCK_DEPTH} is allowed. "
                "Dissolve some of them."
            )
        return None


def measure_expansion(graph: Graph) -> Expansion:
    """Count what a graph expands to, without expanding it."""
    order, recursive = block_order(graph)
    sizes: dict[str, int] = dict.fromkeys(recursive, 0)
    depths: dict[str, int] = dict.fromkeys(recursive, 0)
    for block_id in order:
        nodes = graph.blocks[block_id].nodes.values()
        sizes[block_id], depths[block_id] = _expanded(nodes, sizes, depths)
    num_nodes, depth = _expanded(graph.nodes.values(), sizes, depths)
    return Expansion(num_nodes, depth, frozenset(recursive))


def _expanded(
    nodes: Iterable[Node], sizes: Mapping[str, int], depths: Mapping[str, int]
) -> tuple[int, int]:
    """Return the number of nodes with those inside instances, and how deep they are nested."""
    num_nodes, depth = 0, 0
    for node in nodes:
        num_nodes += 1
        if node.block is not None and node.block in sizes:
            num_nodes += node.repeat * sizes[node.block]
            depth = max(depth, 1 + depths[node.block])
    return num_nodes, depth
