"""One scope made ready for the shape pass: layers looked up, parameters parsed, ports wired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netloom.graph.document import Graph, Node, ParamValue
from netloom.graph.sharing import Sharing, sharing_of
from netloom.graph.topology import (
    BlockPorts,
    Scope,
    Wiring,
    block_ports,
    topological_order,
    wire,
)
from netloom.layers.base import AnyLayer
from netloom.layers.block import BLOCK
from netloom.layers.learning import DEFAULT_LEARNING, LearningParams
from netloom.layers.params import LayerParams
from netloom.layers.parse import ParsedParams, parse_params
from netloom.layers.registry import get_layer

NO_PORTS: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedNode:
    """A node with its layer type.

    Attributes:
        layer: None for a type that is not installed.
        parsed: Its parameters; None without a layer, and for instances.
        params_text: What its parameters are, to find the same again; None when they are long.
        inputs: Port names in order; None where they cannot be known.
        outputs: The same for output ports.
    """

    node: Node
    layer: AnyLayer | None
    parsed: ParsedParams | None = None
    inputs: tuple[str, ...] | None = None
    outputs: tuple[str, ...] | None = None
    params_text: str | None = None

    @property
    def is_plain(self) -> bool:
        """Whether nothing can be wrong with the node itself: a layer whose parameters are fine."""
        return self.params_text is not None and self.parsed is not None and self.parsed.is_clean

    @property
    def params(self) -> LayerParams | None:
        return None if self.parsed is None else self.parsed.params

    @property
    def learning(self) -> LearningParams:
        return DEFAULT_LEARNING if self.parsed is None else self.parsed.learning


@dataclass(frozen=True, slots=True)
class ScopePlan:
    """A scope ready to be checked and to be computed.

    Attributes:
        scope_id: Block definition id; None is the top level.
        sources: The output, as node and port, that feeds each input port of each node.
        order: Nodes in computing order; those on or behind cycles are missing.
        ports: The definition's ports; empty on the top level.
        sharing: Which nodes use the same weights.
    """

    scope_id: str | None
    scope: Scope
    nodes: Mapping[str, PlannedNode]
    wiring: Wiring
    sources: Mapping[str, Mapping[str, tuple[str, str]]]
    order: list[str]
    ports: BlockPorts
    sharing: Sharing


def plan_scope(graph: Graph, scope_id: str | None, block_ports_of: BlockPortsById) -> ScopePlan:
    """Look up, parse and wire one scope.

    Args:
        block_ports_of: Ports of every definition that can be used.
    """
    scope: Scope = graph if scope_id is None else graph.blocks[scope_id]
    wiring = wire(scope)
    return ScopePlan(
        scope_id=scope_id,
        scope=scope,
        nodes={
            node_id: plan_node(scope.nodes[node_id], block_ports_of)
            for node_id in sorted(scope.nodes)
        },
        wiring=wiring,
        sources=_sources(scope, wiring),
        order=topological_order(scope.nodes, scope.edges.values()),
        ports=BlockPorts() if isinstance(scope, Graph) else block_ports(scope),
        sharing=sharing_of(scope.nodes),
    )


def _sources(scope: Scope, wiring: Wiring) -> dict[str, dict[str, tuple[str, str]]]:
    sources: dict[str, dict[str, tuple[str, str]]] = {}
    for node_id, ports in wiring.arriving.items():
        found: dict[str, tuple[str, str]] = {}
        for port, edge_ids in ports.items():
            source = scope.edges[edge_ids[0]].source
            found[port] = source.node, source.port
        sources[node_id] = found
    return sources


BlockPortsById = Mapping[str, BlockPorts]


def plan_node(node: Node, block_ports_of: BlockPortsById) -> PlannedNode:
    """Look up the layer type of one node and parse its parameters."""
    layer = get_layer(node.type)
    if layer is None:
        return PlannedNode(node, None)
    if node.type == BLOCK:
        ports = None if node.block is None else block_ports_of.get(node.block)
        if ports is None:
            return PlannedNode(node, layer)
        return PlannedNode(node, layer, None, tuple(ports.inputs), tuple(ports.outputs))
    text = repr(node.params)
    if len(text) > MAX_TEXT:
        return PlannedNode(node, layer, *_parse(layer, node.params))
    known = _parsed.get((node.type, text))
    if known is None:
        if len(_parsed) >= MAX_REMEMBERED:
            _parsed.clear()
        known = _parsed[node.type, text] = _parse(layer, node.params)
    return PlannedNode(node, layer, *known, text)


MAX_TEXT = 1000
MAX_REMEMBERED = 16_384
_Parsed = tuple[ParsedParams, tuple[str, ...] | None, tuple[str, ...] | None]
_parsed: dict[tuple[str, str], _Parsed] = {}
"""What was read from the parameters of a layer type, by their text: most nodes repeat others."""


def _parse(layer: AnyLayer, params: Mapping[str, ParamValue]) -> _Parsed:
    """Return the parameters that were read, and the names of the ports that follow."""
    parsed = parse_params(layer, params)
    if parsed.params is None:
        return parsed, None, None
    return (
        parsed,
        tuple(port.name for port in layer.input_ports(parsed.params)),
        tuple(port.name for port in layer.output_ports(parsed.params)),
    )
