"""The connections of a three-way merge: what arrives at each input port."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from netloom.graph.document import Document, Edge, Endpoint
from netloom.graph.merge_nodes import Placed, scopes_of
from netloom.graph.merge_parts import Parts
from netloom.graph.topology import find_cycles

Source = tuple[str, str]
Target = tuple[str, str]
Ends = tuple[Source, Target]
EdgesByScope = dict[str | None, dict[str, Edge]]
MAX_LOOPS = 1000


def merge_edges(parts: Parts, nodes: Mapping[str, Placed]) -> EdgesByScope:
    """Connections by scope and id, between nodes that stay."""
    sides = [_arriving(side) for side in parts.sides]
    ids = [_ids(side) for side in parts.sides]
    merged: EdgesByScope = {}
    for target in sorted(set[Target]().union(*sides)):
        if target[0] not in nodes:
            continue
        base, ours, theirs = (side.get(target, ()) for side in sides)
        for source in _choose(parts, nodes, target, base, ours, theirs):
            ends = (source, target)
            if source[0] not in nodes:
                continue
            scope = nodes[target[0]].scope
            if nodes[source[0]].scope != scope:
                parts.notes.append(
                    f"{_words(nodes, (source,))} and {nodes[target[0]].node.name} are in"
                    " different blocks now: their connection is left out."
                )
                continue
            edge = Edge(
                source=Endpoint(node=source[0], port=source[1]),
                target=Endpoint(node=target[0], port=target[1]),
            )
            edges = merged.setdefault(scope, {})
            edges[_free_id(_edge_id(ends, ids), edges)] = edge
    return {scope: dict(sorted(edges.items())) for scope, edges in merged.items()}


def _choose(
    parts: Parts,
    nodes: Mapping[str, Placed],
    target: Target,
    base: tuple[Source, ...],
    ours: tuple[Source, ...],
    theirs: tuple[Source, ...],
) -> tuple[Source, ...]:
    """What arrives at a port of the merged network."""
    for node_id in (target[0], *(source[0] for source in base)):
        if node_id in parts.restored:
            return ours if parts.restored[node_id] == "ours" else theirs
    if ours == theirs or theirs == base:
        return ours
    if ours == base:
        return theirs
    reachable = [tuple(source for source in side if source[0] in nodes) for side in (ours, theirs)]
    if not reachable[0] or not reachable[1]:
        if set(ours) - set(base) and not reachable[0]:
            return theirs
        if set(theirs) - set(base) and not reachable[1]:
            return ours
    placed = nodes[target[0]]
    side = parts.conflict(
        f"port:{target[0]}:{target[1]}",
        "connection",
        placed.scope,
        target[0],
        f"{placed.node.name}: what arrives at {target[1]}",
        *(_words(nodes, sources) for sources in (base, ours, theirs)),
    )
    return ours if side == "ours" else theirs


def _words(nodes: Mapping[str, Placed], sources: tuple[Source, ...]) -> str:
    names = [nodes[key].node.name if key in nodes else "a deleted layer" for key, _ in sources]
    return " and ".join(names) or "nothing"


def _arriving(document: Document) -> dict[Target, tuple[Source, ...]]:
    found: dict[Target, list[Source]] = {}
    for scope in scopes_of(document).values():
        for edge in scope.edges.values():
            target = (edge.target.node, edge.target.port)
            found.setdefault(target, []).append((edge.source.node, edge.source.port))
    return {target: tuple(sorted(sources)) for target, sources in found.items()}


def _ids(document: Document) -> dict[Ends, str]:
    return {
        _ends(edge): key
        for scope in scopes_of(document).values()
        for key, edge in sorted(scope.edges.items())
    }


def _ends(edge: Edge) -> Ends:
    return (edge.source.node, edge.source.port), (edge.target.node, edge.target.port)


def _edge_id(ends: Ends, ids: list[dict[Ends, str]]) -> str:
    """The id that one side gave; the same whichever side is called ours."""
    base, ours, theirs = (side.get(ends) for side in ids)
    given = [key for key in (ours, theirs) if key is not None]
    changed = [key for key in given if key != base]
    return min(changed or given or [base or "edge"])


def _free_id(key: str, taken: Mapping[str, Edge]) -> str:
    number, free = 2, key
    while free in taken:
        free, number = f"{key[:56]}_{number}", number + 1
    return free


def break_loops(parts: Parts, nodes: Mapping[str, Placed], merged: EdgesByScope) -> EdgesByScope:
    """Take one side's connections where both sides together make the data run in a circle."""
    own = [set(_ids(side)) for side in (parts.sides.ours, parts.sides.theirs)]
    for scope, edges in merged.items():
        for _ in range(MAX_LOOPS):
            ids = [key for key, placed in nodes.items() if placed.scope == scope]
            loop = next(
                (found for found in map(_steps(edges), find_cycles(ids, edges.values()))
                 if not any(all(_ends(edges[key]) in side for key in found) for side in own)),
                None,
            )  # fmt: skip
            if loop is None:
                break
            names = " -> ".join(nodes[edges[key].source.node].node.name for key in loop)
            side = parts.conflict(
                f"loop:{min(loop)}", "loop", scope, edges[loop[0]].source.node,
                f"a circle through {names}", "no circle", "one part", "the other part",
            )  # fmt: skip
            keeper = own[0] if side == "ours" else own[1]
            for key in loop:
                if _ends(edges[key]) not in keeper:
                    del edges[key]
    return merged


def _steps(edges: Mapping[str, Edge]) -> Callable[[list[str]], list[str]]:
    """Return a function from the nodes of a circle to the ids of its edges."""
    by_pair: dict[tuple[str, str], list[str]] = {}
    for key, edge in edges.items():
        by_pair.setdefault((edge.source.node, edge.target.node), []).append(key)

    def steps(cycle: list[str]) -> list[str]:
        following = [*cycle[1:], cycle[0]]
        pairs = zip(cycle, following, strict=True)
        return [key for pair in pairs for key in by_pair.get(pair, ())]

    return steps
