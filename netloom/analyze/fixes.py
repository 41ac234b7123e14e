"""Quick fixes: operations that repair a problem as one undoable gesture.

Fixes that look through the whole document are rationed, so that a network with thousands of
problems is still analysed at once; what is repaired first brings the next ones their fixes.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from netloom.graph.diagnostics import Fix
from netloom.graph.document import (
    BlockDefinition,
    Document,
    Edge,
    Endpoint,
    Node,
    ParamValue,
    Position,
)
from netloom.graph.names import repaired_name, unique_name
from netloom.graph.operations import (
    AddEdge,
    AddNode,
    Operation,
    RemoveEdge,
    RemoveNode,
    SetAttribute,
    SetParam,
)
from netloom.graph.topology import Scope, reachable_from
from netloom.layers.block import BLOCK_INPUT, BLOCK_OUTPUT
from netloom.layers.registry import get_layer

NODE_STEP_PX = 224.0
"""Distance of two neighbours on the canvas: a card and the gap behind it."""


MAX_COSTLY_FIXES = 100


@dataclass(frozen=True, slots=True)
class NewLayer:
    """A layer to be inserted."""

    type_name: str
    params: Mapping[str, ParamValue]


def derived_id(*parts: str) -> str:
    """Return an id that looks random but is the same for the same fix of the same problem.

    So analysing twice gives the same result, and a fix that two people apply is applied once.
    """
    digest = hashlib.sha256("\n".join(parts).encode()).digest()
    return base64.b32encode(digest)[:12].decode().lower()


def set_params(
    label: str, scope_id: str | None, node_id: str, values: Mapping[str, ParamValue]
) -> Fix:
    """Set parameters of one node; None returns one to its default."""
    operations: list[Operation] = [
        SetParam(scope=scope_id, node_id=node_id, param=name, is_set=value is not None, value=value)
        for name, value in values.items()
    ]
    return Fix(label=label, operations=operations)


def set_attribute(
    label: str,
    scope_id: str | None,
    node_id: str,
    attribute: Literal["repeat", "overrides"],
    value: int | dict[str, ParamValue],
) -> Fix:
    """Change a node beside its parameters."""
    change = SetAttribute(scope=scope_id, node_id=node_id, attribute=attribute, value=value)
    return Fix(label=label, operations=[change])


def remove_edges(label: str, scope_id: str | None, edge_ids: Iterable[str]) -> Fix:
    """Take connections away."""
    operations: list[Operation] = [
        RemoveEdge(scope=scope_id, edge_id=edge_id) for edge_id in edge_ids
    ]
    return Fix(label=label, operations=operations)


@dataclass(slots=True)
class Repairs:
    """Makes the fixes that need the document; each returns no fix when it cannot or may not."""

    document: Document
    remaining: int = MAX_COSTLY_FIXES
    _arrivals: dict[str | None, Counter[tuple[str, str]]] = field(
        default_factory=dict[str | None, Counter[tuple[str, str]]]
    )
    _names: dict[str | None, set[str]] = field(default_factory=dict[str | None, set[str]])

    def rename(self, scope_id: str | None, node_id: str, taken: set[str]) -> list[Fix]:
        """Give a node a usable name, which is added to `taken`.

        A port of a block keeps the connections of the block's instances.
        """
        if not self._may_make():
            return []
        node = self.scope(scope_id).nodes[node_id]
        name = repaired_name(node.name, taken)
        taken.add(name)
        operations: list[Operation] = [
            SetAttribute(scope=scope_id, node_id=node_id, attribute="name", value=name)
        ]
        if scope_id is not None and node.type in (BLOCK_INPUT, BLOCK_OUTPUT):
            end = "target" if node.type == BLOCK_INPUT else "source"
            taken_ports = {user for user, _, _ in self._edges_of_port(scope_id, name, "target")}
            for user, edge_id, edge in self._edges_of_port(scope_id, node.name, end):
                if end == "target" and user in taken_ports:
                    continue
                taken_ports.add(user)
                moved = Endpoint(node=user[1], port=name)
                renamed = edge.model_copy(update={end: moved})
                operations.append(RemoveEdge(scope=user[0], edge_id=edge_id))
                operations.append(AddEdge(scope=user[0], edge_id=edge_id, edge=renamed))
        return [Fix(label=f"Rename to {name}", operations=operations)]

    def insert_on_edge(
        self, scope_id: str | None, edge_id: str, label: str, layers: Sequence[NewLayer]
    ) -> list[Fix]:
        """Put layers on a connection, evenly between its ends, under free names."""
        if not self._may_make():
            return []
        scope = self.scope(scope_id)
        edge = scope.edges[edge_id]
        if self._is_crowded(scope_id, edge.target):
            return []
        taken = self._names_of(scope_id).copy()
        places = self._places_between(edge, len(layers))
        operations: list[Operation] = [RemoveEdge(scope=scope_id, edge_id=edge_id)]
        before = edge.source
        for index, new in enumerate(layers):
            node_id = derived_id(edge_id, new.type_name, str(index))
            node = _new_node(new, taken)
            taken.add(node.name)
            arrival = Endpoint(node=node_id, port="input")
            operations += [
                AddNode(scope=scope_id, node_id=node_id, node=node, position=places[index]),
                _connect(scope_id, edge_id, before, arrival),
            ]
            before = Endpoint(node=node_id, port="output")
        operations.append(_connect(scope_id, edge_id, before, edge.target))
        return [Fix(label=label, operations=operations)]

    def append_node(
        self, scope_id: str | None, source: Endpoint, label: str, new: NewLayer
    ) -> list[Fix]:
        """Connect a new layer behind an output port."""
        if not self._may_make():
            return []
        node_id = derived_id(source.node, source.port, new.type_name)
        node = _new_node(new, self._names_of(scope_id))
        place = self.document.view.positions.get(source.node)
        position = None if place is None else Position(x=place.x + NODE_STEP_PX, y=place.y)
        operations: list[Operation] = [
            AddNode(scope=scope_id, node_id=node_id, node=node, position=position),
            _connect(scope_id, source.node, source, Endpoint(node=node_id, port="input")),
        ]
        return [Fix(label=label, operations=operations)]

    def connect_open_output(
        self, scope_id: str | None, source: Endpoint, open_input: Endpoint
    ) -> list[Fix]:
        """Connect the one output that nothing uses to an open input, unless that closes a cycle."""
        if not self._may_make():
            return []
        scope = self.scope(scope_id)
        if source.node in reachable_from(open_input.node, scope.edges.values()):
            return []
        label = f"Connect {scope.nodes[source.node].name}"
        edge = _connect(scope_id, open_input.node, source, open_input)
        return [Fix(label=label, operations=[edge])]

    def remove_and_join(self, scope_id: str | None, node_id: str, label: str) -> list[Fix]:
        """Take out a node that has at most one input and join its neighbours."""
        if not self._may_make():
            return []
        scope = self.scope(scope_id)
        if isinstance(scope, BlockDefinition) and node_id in _named_nodes(scope):
            return []
        arriving: list[tuple[str, Edge]] = []
        leaving: list[tuple[str, Edge]] = []
        for edge_id, edge in scope.edges.items():
            if edge.target.node == node_id:
                arriving.append((edge_id, edge))
            elif edge.source.node == node_id:
                leaving.append((edge_id, edge))
        leaving.sort(key=lambda item: item[0])
        if len(arriving) > 1:
            return []
        operations: list[Operation] = [
            RemoveEdge(scope=scope_id, edge_id=key) for key, _ in (*arriving, *leaving)
        ]
        operations.append(RemoveNode(scope=scope_id, node_id=node_id))
        for _, before in arriving:
            if before.source.node in scope.nodes and before.source.node != node_id:
                operations += [
                    _connect(scope_id, key, before.source, edge.target)
                    for key, edge in leaving
                    if edge.target.node in scope.nodes
                    and not self._is_crowded(scope_id, edge.target)
                ]
        return [Fix(label=label, operations=operations)]

    def scope(self, scope_id: str | None) -> Scope:
        """Return the nodes and edges a fix works on."""
        graph = self.document.graph
        return graph if scope_id is None else graph.blocks[scope_id]

    def _names_of(self, scope_id: str | None) -> set[str]:
        if scope_id not in self._names:
            self._names[scope_id] = {node.name for node in self.scope(scope_id).nodes.values()}
        return self._names[scope_id]

    def _may_make(self) -> bool:
        self.remaining -= 1
        return self.remaining >= 0

    def _is_crowded(self, scope_id: str | None, port: Endpoint) -> bool:
        """Say whether several edges arrive at an input port, as in a file from outside."""
        if scope_id not in self._arrivals:
            edges = self.scope(scope_id).edges.values()
            self._arrivals[scope_id] = Counter(
                (edge.target.node, edge.target.port) for edge in edges
            )
        return self._arrivals[scope_id][port.node, port.port] > 1

    def _edges_of_port(
        self, block_id: str, port: str, end: str
    ) -> Iterable[tuple[tuple[str | None, str], str, Edge]]:
        """Yield the edges at one port of every instance (scope and node id) of a block."""
        for scope_id in (None, *self.document.graph.blocks):
            scope = self.scope(scope_id)
            for edge_id, edge in scope.edges.items():
                endpoint: Endpoint = getattr(edge, end)
                user = scope.nodes.get(endpoint.node)
                if user is not None and user.block == block_id and endpoint.port == port:
                    yield (scope_id, endpoint.node), edge_id, edge

    def _places_between(self, edge: Edge, count: int) -> list[Position | None]:
        start = self.document.view.positions.get(edge.source.node)
        end = self.document.view.positions.get(edge.target.node)
        if start is None or end is None:
            return [None] * count
        shares = [(index + 1) / (count + 1) for index in range(count)]
        return [
            Position(x=start.x + (end.x - start.x) * share, y=start.y + (end.y - start.y) * share)
            for share in shares
        ]


def _named_nodes(block: BlockDefinition) -> set[str]:
    exposed = {target.node for each in block.exposed.values() for target in each.targets}
    return exposed.union(block.inputs, block.outputs)


def _new_node(new: NewLayer, taken: set[str]) -> Node:
    layer = get_layer(new.type_name)
    stem = layer.name_stem if layer is not None else new.type_name.lower()
    return Node(type=new.type_name, name=unique_name(stem, taken), params=dict(new.params))


def _connect(scope_id: str | None, seed: str, source: Endpoint, target: Endpoint) -> AddEdge:
    edge_id = derived_id(seed, source.node, source.port, target.node, target.port)
    return AddEdge(scope=scope_id, edge_id=edge_id, edge=Edge(source=source, target=target))
