"""Order, cycles and blocks of a graph. Iterative throughout: depth never meets Python's stack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from netloom.graph.document import (
    BlockDefinition,
    Edge,
    Endpoint,
    Graph,
    Node,
    ParamValue,
)

Scope = Graph | BlockDefinition
"""What holds nodes and edges: the top level, or a block definition."""

MAX_CYCLE_ROUNDS = 10

BLOCK_INPUT = "BlockInput"
BLOCK_OUTPUT = "BlockOutput"


@dataclass(frozen=True, slots=True)
class Wiring:
    """Edges of one scope, by the ports they touch. The node at the other end may be missing.

    Attributes:
        arriving: Edges at each input port, by node and port; more than one is a mistake.
        leaving: Edges at each output port.
    """

    arriving: Mapping[str, Mapping[str, list[str]]]
    leaving: Mapping[str, Mapping[str, list[str]]]


def wire(scope: Scope) -> Wiring:
    """Index the edges of a scope, sorted by id at each port."""
    arriving: dict[str, dict[str, list[str]]] = {node_id: {} for node_id in scope.nodes}
    leaving: dict[str, dict[str, list[str]]] = {node_id: {} for node_id in scope.nodes}
    for edge_id in sorted(scope.edges):
        edge = scope.edges[edge_id]
        if edge.source.node in leaving:
            leaving[edge.source.node].setdefault(edge.source.port, []).append(edge_id)
        if edge.target.node in arriving:
            arriving[edge.target.node].setdefault(edge.target.port, []).append(edge_id)
    return Wiring(arriving, leaving)


def topological_order(nodes: Iterable[str], edges: Iterable[Edge]) -> list[str]:
    """Return nodes so that every edge points forward; nodes on or behind a cycle are left out.

    Independent of the order of the arguments. Follows a branch to its end before it begins the
    next one, as a person reads.
    """
    successors: dict[str, list[str]] = {node_id: [] for node_id in nodes}
    waiting = dict.fromkeys(successors, 0)
    for edge in edges:
        source, target = edge.source.node, edge.target.node
        if source in successors and target in waiting:
            successors[source].append(target)
            waiting[target] += 1
    ready = sorted((node_id for node_id, count in waiting.items() if not count), reverse=True)
    order: list[str] = []
    while ready:
        node_id = ready.pop()
        order.append(node_id)
        for successor in sorted(successors[node_id], reverse=True):
            waiting[successor] -= 1
            if not waiting[successor]:
                ready.append(successor)
    return order


def reachable_from(start: str, edges: Iterable[Edge]) -> set[str]:
    """Return a node and everything its output leads to."""
    following: dict[str, list[str]] = {}
    for edge in edges:
        following.setdefault(edge.source.node, []).append(edge.target.node)
    seen, waiting = {start}, [start]
    while waiting:
        for node_id in following.get(waiting.pop(), ()):
            if node_id not in seen:
                seen.add(node_id)
                waiting.append(node_id)
    return seen


def find_cycles(nodes: Iterable[str], edges: Iterable[Edge]) -> list[list[str]]:
    """Return node-disjoint cycles, each in flow order from its smallest id.

    Not every one where there are thousands: breaking those that are found shows the next.
    """
    remaining = set(nodes)
    edges = list(edges)
    cycles: list[list[str]] = []
    for _ in range(MAX_CYCLE_ROUNDS):
        remaining -= set(topological_order(remaining, edges))
        predecessors: dict[str, list[str]] = {node_id: [] for node_id in remaining}
        for edge in edges:
            if edge.source.node in remaining and edge.target.node in remaining:
                predecessors[edge.target.node].append(edge.source.node)
        found = _disjoint_cycles(predecessors)
        if not found:
            break
        for cycle in found:
            cycles.append(cycle)
            remaining.difference_update(cycle)
    return sorted(cycles)


def _disjoint_cycles(predecessors: Mapping[str, list[str]]) -> list[list[str]]:
    """Walk backwards from every node; a walk that meets itself has found a cycle."""
    walk_of: dict[str, int] = {}
    cycles: list[list[str]] = []
    for walk, start in enumerate(sorted(predecessors)):
        path: list[str] = []
        node_id: str | None = start
        while node_id is not None and node_id not in walk_of:
            walk_of[node_id] = walk
            path.append(node_id)
            node_id = min(predecessors[node_id], default=None)
        if node_id is not None and walk_of[node_id] == walk:
            cycle = path[path.index(node_id) :][::-1]
            first = cycle.index(min(cycle))
            cycles.append(cycle[first:] + cycle[:first])
    return cycles


def block_order(graph: Graph) -> tuple[list[str], set[str]]:
    """Return definitions so that a block comes after those it uses, and the recursive ones.

    A block is recursive when it contains itself, directly or through others, or contains such a
    block.
    """
    uses = [
        Edge(source=Endpoint(node=node.block, port="use"), target=Endpoint(node=user, port="use"))
        for user, block in graph.blocks.items()
        for node in block.nodes.values()
        if node.block is not None and node.block in graph.blocks
    ]
    order = topological_order(graph.blocks, uses)
    return order, graph.blocks.keys() - set(order)


@dataclass(frozen=True, slots=True)
class BlockPorts:
    """Port nodes of a definition: node id by port name, in port order."""

    inputs: Mapping[str, str] = field(default_factory=dict[str, str])
    outputs: Mapping[str, str] = field(default_factory=dict[str, str])


def block_ports(block: BlockDefinition) -> BlockPorts:
    """Return a definition's ports: first those listed, then port nodes that no list names."""
    return BlockPorts(
        inputs=_ports(block, block.inputs, BLOCK_INPUT),
        outputs=_ports(block, block.outputs, BLOCK_OUTPUT),
    )


def _ports(block: BlockDefinition, listed: list[str], type_name: str) -> dict[str, str]:
    found = sorted(node_id for node_id, node in block.nodes.items() if node.type == type_name)
    known = set(found)
    ordered = [node_id for node_id in dict.fromkeys(listed) if node_id in known]
    ordered += [node_id for node_id in found if node_id not in set(ordered)]
    ports: dict[str, str] = {}
    for node_id in ordered:
        ports.setdefault(block.nodes[node_id].name, node_id)
    return ports


def instance_nodes(
    block: BlockDefinition, overrides: Mapping[str, ParamValue]
) -> Mapping[str, Node]:
    """Return a definition's nodes as one instance sees them, with its overrides in place.

    Overrides of a parameter that the block does not expose are ignored.
    """
    changed: dict[str, Node] = {}
    for name in sorted(overrides):
        exposed = block.exposed.get(name)
        for target in () if exposed is None else exposed.targets:
            if target.node not in block.nodes:
                continue
            node = changed.get(target.node, block.nodes[target.node])
            half = "params" if node.block is None else "overrides"
            values: dict[str, ParamValue] = getattr(node, half)
            update = {half: {**values, target.param: overrides[name]}}
            changed[target.node] = node.model_copy(update=update)
    return {**block.nodes, **changed} if changed else block.nodes
