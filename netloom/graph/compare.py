"""What differs between two networks, for people: matched beyond ids, in words and as data.

Layout is left out. Every id in a comparison is of the later document, or, for what was removed, of
the earlier one after `align_document`: both can be drawn together.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from netloom.graph.comparison import (
    BlockDifference,
    Comparison,
    EdgeDifference,
    Kind,
    NodeDifference,
    ValueChange,
)
from netloom.graph.diff import DocumentDiff, NodeChange, diff_documents
from netloom.graph.difference_words import (
    Neighbours,
    comparison_lines,
    edge_words,
    node_name,
    place_words,
    type_words,
    value_words,
)
from netloom.graph.document import BlockDefinition, Document, ParamValue
from netloom.graph.match import align_document
from netloom.graph.topology import Scope, topological_order

_ATTRIBUTE_WORDS = {
    "is_frozen": "frozen",
    "module_path": "module path",
    "block": "block",
    "weights_of": "weights of",
}


def compare_documents(before: Document, after: Document) -> Comparison:
    """Compare two documents; nodes are matched as `netloom.graph.match` says."""
    aligned = align_document(after, before)
    diff = diff_documents(aligned, after)
    renamed = ValueChange(name="name", before=before.graph.name, after=after.graph.name)
    name = renamed if diff.is_renamed else None
    blocks = _blocks(aligned, after, diff)
    nodes: list[NodeDifference] = []
    edges: list[EdgeDifference] = []
    for scope_id in diff.scopes:
        nodes += _nodes(aligned, after, diff, scope_id)
        edges += _edges(aligned, after, diff, scope_id)
    return Comparison(
        is_same=not (name or blocks or nodes or edges),
        is_layout_changed=diff.is_view_changed,
        name=name,
        blocks=blocks,
        nodes=nodes,
        edges=edges,
        lines=comparison_lines(aligned, after, name, blocks, nodes, edges),
    )


def _blocks(before: Document, after: Document, diff: DocumentDiff) -> list[BlockDifference]:
    old, new = before.graph.blocks, after.graph.blocks
    found = [
        BlockDifference(kind="removed", block_id=key, name=old[key].name)
        for key in diff.removed_blocks
    ]
    found += [
        BlockDifference(kind="added", block_id=key, name=new[key].name) for key in diff.added_blocks
    ]
    for key in sorted(old.keys() & new.keys()):
        values = _header_changes(old[key], new[key])
        if values:
            found.append(
                BlockDifference(kind="changed", block_id=key, name=new[key].name, values=values)
            )
    return found


def _header_changes(old: BlockDefinition, new: BlockDefinition) -> list[ValueChange]:
    def words(block: BlockDefinition) -> dict[str, str]:
        exposed = (
            f"{name} = {block.nodes[each.node].name}.{each.param}"
            for name, param in sorted(block.exposed.items())
            for each in param.targets
            if each.node in block.nodes
        )
        return {
            "name": block.name,
            "inputs": ", ".join(node_name(block, key) for key in block.inputs),
            "outputs": ", ".join(node_name(block, key) for key in block.outputs),
            "exposed": ", ".join(exposed),
        }

    before, after = words(old), words(new)
    return [
        ValueChange(name=key, before=before[key], after=after[key])
        for key in before
        if before[key] != after[key]
    ]


def _nodes(
    before: Document, after: Document, diff: DocumentDiff, scope_id: str | None
) -> list[NodeDifference]:
    old, new = _scope(before, scope_id), _scope(after, scope_id)
    found = diff.scopes[scope_id]
    nodes = [
        _difference(
            "changed",
            after,
            scope_id,
            key,
            new,
            values=_values(after, change, old, new, key),
        )
        for key, change in found.changed_nodes.items()
    ]
    sides: list[tuple[Kind, Document, Scope, Iterable[str]]] = [
        ("removed", before, old, found.removed_nodes),
        ("added", after, new, found.added_nodes),
    ]
    for kind, document, scope, keys in sides:
        neighbours = Neighbours(scope)
        nodes += [
            _difference(kind, document, scope_id, key, scope, neighbours=neighbours) for key in keys
        ]
    flow = _flow(old) | _flow(new)
    return sorted(nodes, key=lambda node: (flow.get(node.node_id, len(flow)), node.name))


def _flow(scope: Scope) -> dict[str, int]:
    """How far down the stream each node is."""
    order = topological_order(scope.nodes, scope.edges.values())
    return {key: index for index, key in enumerate(order)}


def _difference(
    kind: Kind,
    document: Document,
    scope_id: str | None,
    key: str,
    scope: Scope,
    *,
    values: list[ValueChange] | None = None,
    neighbours: Neighbours | None = None,
) -> NodeDifference:
    node = scope.nodes[key]
    return NodeDifference(
        kind=kind,
        scope=scope_id,
        node_id=key,
        name=node.name,
        type=type_words(document, node),
        values=values or [],
        place="" if neighbours is None else place_words(scope, key, neighbours),
    )


def _values(
    document: Document, change: NodeChange, before: Scope, after: Scope, key: str
) -> list[ValueChange]:
    old, new = before.nodes[key], after.nodes[key]
    values = [
        ValueChange(name=name, before=_default(old.params, name), after=_default(new.params, name))
        for name in change.params
    ]
    for attribute in change.attributes:
        if attribute == "overrides":
            names = sorted(old.overrides.keys() | new.overrides.keys())
            values += [
                ValueChange(
                    name=name,
                    before=_default(old.overrides, name),
                    after=_default(new.overrides, name),
                )
                for name in names
                if (name in old.overrides) != (name in new.overrides)
                or old.overrides.get(name) != new.overrides.get(name)
            ]
            continue
        was, now = getattr(old, attribute), getattr(new, attribute)
        if attribute == "block":
            was, now = (type_words(document, node) for node in (old, new))
        elif attribute == "weights_of":
            was, now = _owner(before, key), _owner(after, key)
        values.append(
            ValueChange(
                name=_ATTRIBUTE_WORDS.get(attribute, attribute),
                before=value_words(was),
                after=value_words(now),
            )
        )
    return values


def _owner(scope: Scope, key: str) -> str:
    owner = scope.nodes[key].weights_of
    return node_name(scope, owner or key)


def _default(params: dict[str, ParamValue], name: str) -> str | None:
    return value_words(params[name]) if name in params else None


def _edges(
    before: Document, after: Document, diff: DocumentDiff, scope_id: str | None
) -> list[EdgeDifference]:
    old, new = _scope(before, scope_id), _scope(after, scope_id)
    found = diff.scopes[scope_id]
    one_sided = {*found.added_nodes, *found.removed_nodes}
    bridged = _bridged(old, one_sided) | _bridged(new, one_sided)

    def describe(kind: Literal["added", "removed"], key: str, scope: Scope) -> EdgeDifference:
        edge = scope.edges[key]
        ends = (edge.source.node, edge.target.node)
        source, target = edge_words(scope, edge)
        return EdgeDifference(
            kind=kind,
            scope=scope_id,
            edge_id=key,
            source=source,
            target=target,
            is_implied=ends in bridged or not one_sided.isdisjoint(ends),
        )

    return [
        *(describe("removed", key, old) for key in found.removed_edges),
        *(describe("added", key, new) for key in found.added_edges),
    ]


def _bridged(scope: Scope, node_ids: set[str]) -> set[tuple[str, str]]:
    """Pairs that one of the nodes, or a chain of them, stands between."""
    following: dict[str, set[str]] = {}
    for edge in scope.edges.values():
        following.setdefault(edge.source.node, set()).add(edge.target.node)
    pairs: set[tuple[str, str]] = set()
    for start in following.keys() - node_ids:
        seen: set[str] = set()
        waiting = [key for key in following[start] if key in node_ids]
        while waiting:
            key = waiting.pop()
            if key in seen:
                continue
            seen.add(key)
            for after in following.get(key, ()):
                if after in node_ids:
                    waiting.append(after)
                else:
                    pairs.add((start, after))
    return pairs


def _scope(document: Document, scope_id: str | None) -> Scope:
    if scope_id is None:
        return document.graph
    return document.graph.blocks.get(scope_id) or BlockDefinition(name="absent")
