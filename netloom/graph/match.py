"""Which node of one document is which of another: an import or a copy has other ids.

Within a pair of scopes nodes are matched in this order, each node at most once:

1. the same id, and the same name or type;
2. the same name and type;
3. the same id;
4. the same type and parameters, where exactly one node on each side is left with these;
5. the same type and a connection, by the same ports, with a pair that is matched already; pairs
   of equal parameters first.

Blocks are matched by id, then by name, then by equal content; their inside as any scope. Layout
is never looked at.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from netloom.graph.document import BlockDefinition, Document, Edge, Node
from netloom.graph.topology import Scope

Pairs = dict[str, str]
"""Ids of the reference by ids of the document."""


@dataclass(frozen=True, slots=True)
class Matching:
    """Ids of the reference by ids of the document.

    Attributes:
        nodes: By scope of the document; None is the top level.
        blocks: Block definitions.
    """

    nodes: Mapping[str | None, Mapping[str, str]]
    blocks: Mapping[str, str] = field(default_factory=dict[str, str])


def match_documents(reference: Document, document: Document) -> Matching:
    """Find each node and block of `document` in `reference`."""
    blocks = _match_blocks(reference, document)
    nodes: dict[str | None, Mapping[str, str]] = {
        None: _match_scope(reference.graph, document.graph, blocks)
    }
    for block_id, partner in blocks.items():
        mine, theirs = document.graph.blocks[block_id], reference.graph.blocks[partner]
        nodes[block_id] = _match_scope(theirs, mine, blocks)
    return Matching(nodes, blocks)


def _match_blocks(reference: Document, document: Document) -> Pairs:
    old, new = reference.graph.blocks, document.graph.blocks
    pairs: Pairs = {}
    _pair_unique(
        pairs, {key: (key, old[key].name) for key in old}, {k: (k, new[k].name) for k in new}
    )
    _pair_unique(pairs, {key: old[key].name for key in old}, {key: new[key].name for key in new})
    _pair_unique(pairs, {key: key for key in old}, {key: key for key in new})
    _pair_unique(
        pairs,
        {key: _content(old[key]) for key in old},
        {key: _content(new[key]) for key in new},
    )
    return pairs


def _content(block: BlockDefinition) -> str:
    """What a definition is made of, without ids: names, types, parameters."""
    return json.dumps(sorted((node.name, *_kind(node, {})) for node in block.nodes.values()))


def _match_scope(reference: Scope, document: Scope, blocks: Mapping[str, str]) -> Pairs:
    old, new = reference.nodes, document.nodes
    pairs: Pairs = {}
    for key, node in new.items():
        if key in old and (node.name == old[key].name or node.type == old[key].type):
            pairs[key] = key
    _pair_unique(
        pairs,
        {key: (node.name, node.type) for key, node in old.items()},
        {key: (node.name, node.type) for key, node in new.items()},
    )
    _pair_unique(pairs, {key: key for key in old}, {key: key for key in new})
    own = {partner: partner for partner in blocks.values()}
    old_kinds = {key: _kind(node, own) for key, node in old.items()}
    new_kinds = {key: _kind(node, blocks) for key, node in new.items()}
    _pair_unique(pairs, old_kinds, new_kinds)
    _spread(pairs, reference, document, old_kinds, new_kinds)
    return pairs


def _kind(node: Node, blocks: Mapping[str, str]) -> tuple[str, str]:
    """What a node is beside its name: its type (or block), and its parameters."""
    block = blocks.get(node.block or "", "") if node.block else ""
    return f"{node.type}:{block}", json.dumps([node.params, node.overrides], sort_keys=True)


def _pair_unique(pairs: Pairs, old: Mapping[str, Hashable], new: Mapping[str, Hashable]) -> None:
    """Pair what is left on both sides and alone there with its key."""
    taken = set(pairs.values())
    left_old = {key: value for key, value in old.items() if key not in taken}
    left_new = {key: value for key, value in new.items() if key not in pairs}
    old_counts, new_counts = Counter(left_old.values()), Counter(left_new.values())
    by_value = {value: key for key, value in left_old.items() if old_counts[value] == 1}
    for key, value in left_new.items():
        if new_counts[value] == 1 and value in by_value:
            pairs[key] = by_value[value]


def _spread(
    pairs: Pairs,
    reference: Scope,
    document: Scope,
    old_kinds: Mapping[str, tuple[str, str]],
    new_kinds: Mapping[str, tuple[str, str]],
) -> None:
    """Walk from matched pairs along equal connections to nodes of equal type."""
    around_old, around_new = _neighbours(reference), _neighbours(document)
    taken = set(pairs.values())
    for is_strict in (True, False):
        waiting = sorted(pairs)
        while waiting:
            key = waiting.pop()
            for link, near in around_new.get(key, {}).items():
                found = [
                    (mine, other)
                    for mine in near
                    for other in around_old.get(pairs[key], {}).get(link, ())
                    if mine not in pairs
                    and other not in taken
                    and new_kinds[mine][0] == old_kinds[other][0]
                    and (not is_strict or new_kinds[mine] == old_kinds[other])
                ]
                if found:
                    mine, other = found[0]
                    pairs[mine] = other
                    taken.add(other)
                    waiting += [mine, key]
                    break


def _neighbours(scope: Scope) -> dict[str, dict[tuple[str, str, str], list[str]]]:
    """Nodes next to each node, by direction and by the two ports of the connection."""
    around: dict[str, dict[tuple[str, str, str], list[str]]] = {}
    for edge_id in sorted(scope.edges):
        source, target = scope.edges[edge_id].source, scope.edges[edge_id].target
        if source.node not in scope.nodes or target.node not in scope.nodes:
            continue
        ports = (source.port, target.port)
        around.setdefault(source.node, {}).setdefault(("to", *ports), []).append(target.node)
        around.setdefault(target.node, {}).setdefault(("from", *ports), []).append(source.node)
    return around


def align_document(reference: Document, document: Document) -> Document:
    """Return `document` with the ids of `reference` for everything that both have.

    What only `document` has keeps its id unless the reference uses that id for something else.
    """
    return _Renaming(reference, document).apply()


class _Renaming:
    """New ids for one document: those of the reference, where there is a partner."""

    def __init__(self, reference: Document, document: Document) -> None:
        self.document = document
        self.reference = reference
        matching = match_documents(reference, document)
        self.matching = matching
        self.used = _all_ids(reference) | _all_ids(document)
        kept: set[str] = set()
        self.blocks: dict[str, str] = {}
        for block_id in sorted(document.graph.blocks):
            partner = matching.blocks.get(block_id)
            is_free = block_id not in reference.graph.blocks
            self.blocks[block_id] = partner or (block_id if is_free else self._fresh(block_id))
        known = {key for scope in _scopes(reference).values() for key in scope.nodes}
        self.nodes: dict[str | None, dict[str, str]] = {}
        for scope_id, scope in _scopes(document).items():
            pairs = matching.nodes.get(scope_id, {})
            ids = self.nodes[scope_id] = {}
            for key in sorted(scope.nodes):
                chosen = pairs.get(key)
                if chosen is None:
                    is_free = key not in known and key not in kept
                    chosen = key if is_free else self._fresh(key)
                ids[key] = chosen
                kept.add(chosen)

    def _fresh(self, stem: str) -> str:
        number = 2
        while (candidate := f"{stem[:56]}_{number}") in self.used:
            number += 1
        self.used.add(candidate)
        return candidate

    def apply(self) -> Document:
        graph = self.document.graph
        blocks = {
            self.blocks[key]: block.model_copy(
                update={
                    **self._content(key, block, self.reference.graph.blocks.get(self.blocks[key])),
                    "inputs": [self.nodes[key].get(port, port) for port in block.inputs],
                    "outputs": [self.nodes[key].get(port, port) for port in block.outputs],
                    "exposed": {
                        name: param.renamed(self.nodes[key])
                        for name, param in block.exposed.items()
                    },
                }
            )
            for key, block in graph.blocks.items()
        }
        renamed = graph.model_copy(
            update={**self._content(None, graph, self.reference.graph), "blocks": blocks}
        )
        return self.document.model_copy(update={"graph": renamed, "view": self._view()})

    def _content(
        self, scope_id: str | None, scope: Scope, other: Scope | None
    ) -> dict[str, object]:
        ids = self.nodes[scope_id]
        nodes = {
            ids[key]: renamed_node(node, ids, self.blocks) for key, node in scope.nodes.items()
        }
        partners = {} if other is None else {_ends(e): key for key, e in other.edges.items()}
        taken: set[str] = set() if other is None else set(other.edges)
        edges: dict[str, Edge] = {}
        for key, edge in sorted(scope.edges.items()):
            moved = _moved(edge, ids)
            partner = partners.get(_ends(moved))
            if partner is None or partner in edges:
                partner = self._fresh(key) if key in taken or key in edges else key
            edges[partner] = moved
        return {"nodes": nodes, "edges": edges}

    def _view(self) -> object:
        view = self.document.view
        flat = {old: new for ids in self.nodes.values() for old, new in ids.items()}
        frames = {
            key: frame.model_copy(update={"scope": self.blocks.get(frame.scope, frame.scope)})
            if frame.scope is not None
            else frame
            for key, frame in view.frames.items()
        }
        positions = {flat.get(key, key): place for key, place in view.positions.items()}
        return view.model_copy(update={"positions": positions, "frames": frames})


def renamed_node(node: Node, ids: Mapping[str, str], blocks: Mapping[str, str]) -> Node:
    """Return a node as it is where nodes and blocks go by other ids; what is not named stays."""
    if node.block is None and not node.weights_of:
        return node
    block = None if node.block is None else blocks.get(node.block, node.block)
    weights_of = ids.get(node.weights_of, node.weights_of)
    return node.model_copy(update={"block": block, "weights_of": weights_of})


def _scopes(document: Document) -> dict[str | None, Scope]:
    return {None: document.graph, **document.graph.blocks}


def _all_ids(document: Document) -> set[str]:
    scopes = _scopes(document)
    named = {key for key in scopes if key is not None}
    return named.union(*(scope.nodes.keys() | scope.edges.keys() for scope in scopes.values()))


def _moved(edge: Edge, ids: Mapping[str, str]) -> Edge:
    ends = {
        end: point.model_copy(update={"node": ids.get(point.node, point.node)})
        for end, point in (("source", edge.source), ("target", edge.target))
    }
    return edge.model_copy(update=ends)


def _ends(edge: Edge) -> tuple[str, str, str, str]:
    return edge.source.node, edge.source.port, edge.target.node, edge.target.port
