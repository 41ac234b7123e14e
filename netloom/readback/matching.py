"""Which node of the present network is meant by which node of the source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from netloom.compile.order import execution_order, natural_key
from netloom.graph.document import new_id
from netloom.graph.topology import Scope
from netloom.layers.registry import get_layer
from netloom.readback.records import ReadNode, Record
from netloom.readback.values import Flow
from netloom.readback.wanted import WantedExpression

_Arrival: TypeAlias = tuple[str, str, str]
"""Port, source node and source port."""


@dataclass(slots=True)
class Match:
    """Ids of one scope.

    Attributes:
        nodes: By the place of the node in the source.
        shown: Nodes of the present scope that its source speaks of; the others stay as they are.
    """

    nodes: list[str]
    inputs: list[str]
    outputs: list[str]
    shown: set[str] = field(default_factory=set[str])

    def id_of(self, flow: Flow) -> str | None:
        """Return the node that a tensor comes from."""
        if flow.node is None:
            return None
        return self.inputs[-1 - flow.node] if flow.node < 0 else self.nodes[flow.node]


def match_scope(record: Record, present: Scope | None, outputs: Sequence[str]) -> Match:
    """Find the nodes that are still there: by their names, then by type and what they take.

    Args:
        present: The scope as it is now; None for a new one.
        outputs: Names of the outputs in the order they are returned.
    """
    if present is None:
        return Match(
            [new_id() for _ in record.nodes],
            [new_id() for _ in record.inputs],
            [new_id() for _ in record.results],
        )
    given = ports_of(present, ("input", "block_input"), getattr(present, "inputs", None))
    taken = ports_of(present, ("output", "block_output"), getattr(present, "outputs", None))
    names = [name.rstrip("_") for name, _ in record.inputs]
    match = Match(
        [""] * len(record.nodes),
        _by_name_or_place(names, given, present),
        _by_name_or_place(outputs, taken, present),
    )
    sources = _sources(present)
    feeders = {
        node_id: [each[1] for each in sorted(sources.get(node_id, []), key=_port_key)]
        for node_id in present.nodes
    }
    order = [
        node_id
        for node_id in execution_order([*taken], feeders)
        if node_id not in given and node_id not in taken
    ]
    match.shown = {*order, *given, *taken}
    _match_nodes(record, present, match, order, sources)
    match.nodes = [node_id or new_id() for node_id in match.nodes]
    return match


def _match_nodes(
    record: Record,
    present: Scope,
    match: Match,
    order: Sequence[str],
    sources: Mapping[str, Sequence[_Arrival]],
) -> None:
    by_name = {present.nodes[node_id].name: node_id for node_id in order}
    free = dict.fromkeys(order)
    for index, node in enumerate(record.nodes):
        node_id = by_name.get(node.name) if node.is_named else None
        if node_id in free and _is_alike(node, present.nodes[node_id].type):
            match.nodes[index] = node_id
            del free[node_id]
    for is_strict in (True, False):
        alike: dict[tuple[str, frozenset[_Arrival] | None], list[str]] = {}
        for node_id in reversed(free):
            arriving = frozenset(sources.get(node_id, ())) if is_strict else None
            alike.setdefault((present.nodes[node_id].type, arriving), []).append(node_id)
        for index, node in enumerate(record.nodes):
            if match.nodes[index]:
                continue
            taken = frozenset(
                (port, match.id_of(flow) or "", flow.port) for port, flow in node.inputs.items()
            )
            for type_name in _types(node):
                found = alike.get((type_name, taken if is_strict else None))
                if found:
                    match.nodes[index] = found.pop()
                    del free[match.nodes[index]]
                    break


def ports_of(scope: Scope, roles: Sequence[str], listed: Sequence[str] | None) -> list[str]:
    """Return the inputs or outputs of a scope in their order."""
    found = [
        node_id
        for node_id, node in scope.nodes.items()
        if (layer := get_layer(node.type)) is not None and layer.role in roles
    ]
    if listed is None:
        return sorted(found, key=lambda node_id: natural_key(scope.nodes[node_id].name))
    first = [node_id for node_id in listed if node_id in found]
    return [*first, *sorted(set(found) - set(first))]


def _by_name_or_place(names: Sequence[str], ids: Sequence[str], scope: Scope) -> list[str]:
    by_name = {scope.nodes[node_id].name: node_id for node_id in ids}
    found = [by_name.get(name, "") for name in names]
    free = [node_id for node_id in ids if node_id not in found]
    return [node_id or (free.pop(0) if free else new_id()) for node_id in found]


def _types(node: ReadNode) -> list[str]:
    """Return the types of the present network that a node of the source may be, its own first."""
    others = node.wanted.type_names if isinstance(node.wanted, WantedExpression) else ()
    return list(dict.fromkeys((node.type_name, *others)))


def _is_alike(node: ReadNode, type_name: str) -> bool:
    """Whether a node of the same name may be meant: any layer, but no block for a layer."""
    if type_name in _types(node):
        return True
    layer = get_layer(type_name)
    is_block = node.type_name == "Block" or (layer is not None and layer.role == "block")
    return not is_block


def _sources(scope: Scope) -> dict[str, list[_Arrival]]:
    """Return everything that arrives at each node."""
    found: dict[str, list[_Arrival]] = {}
    for edge in scope.edges.values():
        found.setdefault(edge.target.node, []).append(
            (edge.target.port, edge.source.node, edge.source.port)
        )
    return found


def _port_key(source: _Arrival) -> list[tuple[bool, int, str]]:
    return natural_key(source[0])
