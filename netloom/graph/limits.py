"""How large a network may be. Everything is computed by arithmetic, before anything is built."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from netloom.graph.document import Graph, Node, ParamValue
from netloom.graph.topology import block_order

MAX_NODES = 20_000
"""Nodes after every block is expanded and every repeat is counted."""
COUNTED_NODES = 10**12
"""Nobody needs to know by how much more: counting ends here, so that it stays cheap and short."""
MAX_BLOCK_DEPTH = 32
MAX_PARAMETERS = 20_000_000_000
MAX_TENSOR_BYTES = 16 * 2**30
"""Largest single tensor: a weight, or one sample's activation."""
MAX_DOCUMENT_BYTES = 16 * 2**20
MAX_JSON_DEPTH = 32
MAX_OPERATIONS = 50_000
"""Operations of one save. Pasting what a network can hold takes a node and an edge or two each."""
MAX_NODE_PARAMS = 1000
"""Parameters set on one node, and overrides of one block instance. Layers have up to 30."""
MAX_PARAM_VALUES = 4096
"""Numbers and words within one parameter."""
MAX_PARAM_CHARS = 100_000
"""Characters of all texts within one parameter."""
BYTES_PER_ELEMENT = 4


def params_problem(
    node: Node, *, of: Literal["both", "params", "overrides"] = "both"
) -> str | None:
    """The limit that a node's parameters exceed, as a sentence; None when they are fine."""
    chosen = {"params": [node.params], "overrides": [node.overrides]}.get(
        of, [node.params, node.overrides]
    )
    for params in chosen:
        if len(params) > MAX_NODE_PARAMS:
            return _too_many_params(node.name)
        for param, value in params.items():
            problem = value_problem(node.name, param, value, len(params))
            if problem is not None:
                return problem
    return None


def value_problem(node_name: str, param: str, value: ParamValue, num_params: int) -> str | None:
    """The limit that one parameter of a node exceeds, as a sentence; None when it is fine.

    Args:
        num_params: How many parameters the node has with this one.
    """
    if num_params > MAX_NODE_PARAMS:
        return _too_many_params(node_name)
    num_values, num_chars = _size(value)
    what = f"Parameter {param[:64]} of {node_name} has"
    if num_values > MAX_PARAM_VALUES:
        return f"{what} {num_values:,} values; {MAX_PARAM_VALUES:,} are allowed. Shorten the list."
    if num_chars > MAX_PARAM_CHARS:
        return (
            f"{what} {num_chars:,} characters; {MAX_PARAM_CHARS:,} are allowed. Shorten the text."
        )
    return None


def _too_many_params(node_name: str) -> str:
    return f"{node_name} has more than {MAX_NODE_PARAMS:,} parameters. Remove some of them."


def _size(value: ParamValue) -> tuple[int, int]:
    """Return the number of values and of characters, an empty list counting as a value."""
    if isinstance(value, str):
        return 1, len(value)
    if not isinstance(value, list):
        return 1, 0
    sizes = [_size(each) for each in value]
    return max(1, sum(num for num, _ in sizes)), sum(chars for _, chars in sizes)


@dataclass(frozen=True, slots=True)
class Expansion:
    """What a graph becomes when blocks are expanded.

    Attributes:
        num_nodes: Nodes, with every repeat counted, up to `COUNTED_NODES`.
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
            more = "at least " if self.num_nodes == COUNTED_NODES else ""
            return (
                f"The network has {more}{self.num_nodes:,} nodes when its blocks are expanded; "
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
    return min(num_nodes, COUNTED_NODES), depth
