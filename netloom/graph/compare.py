"""What differs between two networks, for people: matched beyond ids, in words and as data.

Layout is left out. Every id in a comparison is of the later document, or, for what was removed, of
the earlier one after `align_document`: both can be drawn together.
"""

from __future__ import annotations

import json
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
from netloom.graph.document import BlockDefinition, Document, Edge, Node, ParamValue
from netloom.graph.match import align_document
from netloom.graph.topology import Scope, topological_order

MARKS: dict[Kind, str] = {"added": "+", "removed": "-", "changed": "~"}
MAX_VALUE_CHARS = 80
_ATTRIBUTE_WORDS = {"is_frozen": "frozen", "module_path": "module path", "block": "block"}


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
        lines=_lines(aligned, after, name, blocks, nodes, edges),
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
            "inputs": ", ".join(_name(block, key) for key in block.inputs),
            "outputs": ", ".join(_name(block, key) for key in block.outputs),
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
            values=_values(after, change, old.nodes[key], new.nodes[key]),
        )
        for key, change in found.changed_nodes.items()
    ]
    nodes += [_difference("removed", before, scope_id, key, old) for key in found.removed_nodes]
    nodes += [_difference("added", after, scope_id, key, new) for key in found.added_nodes]
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
) -> NodeDifference:
    node = scope.nodes[key]
    return NodeDifference(
        kind=kind,
        scope=scope_id,
        node_id=key,
        name=node.name,
        type=type_words(document, node),
        values=values or [],
        place="" if kind == "changed" else _place(scope, key),
    )


def type_words(document: Document, node: Node) -> str:
    """The type of a layer, or the name of the block that it is an instance of."""
    block = document.graph.blocks.get(node.block or "")
    return node.type if block is None else block.name


def _values(document: Document, change: NodeChange, old: Node, new: Node) -> list[ValueChange]:
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
        before, after = getattr(old, attribute), getattr(new, attribute)
        if attribute == "block":
            before, after = (type_words(document, node) for node in (old, new))
        values.append(
            ValueChange(
                name=_ATTRIBUTE_WORDS.get(attribute, attribute),
                before=value_words(before),
                after=value_words(after),
            )
        )
    return values


def _default(params: dict[str, ParamValue], name: str) -> str | None:
    return value_words(params[name]) if name in params else None


def value_words(value: object) -> str:
    """A value as a person writes it, cut when it is long."""
    if isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, str):
        text = " ".join(value.split())
    else:
        text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_VALUE_CHARS else f"{text[: MAX_VALUE_CHARS - 1]}…"


def _place(scope: Scope, key: str) -> str:
    before = sorted({e.source.node for e in scope.edges.values() if e.target.node == key})
    after = sorted({e.target.node for e in scope.edges.values() if e.source.node == key})
    left = " and ".join(_name(scope, node_id) for node_id in before)
    right = " and ".join(_name(scope, node_id) for node_id in after)
    if left and right:
        return f"between {left} and {right}"
    if left or right:
        return f"after {left}" if left else f"before {right}"
    return ""


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


def edge_words(scope: Scope, edge: Edge) -> tuple[str, str]:
    """The two ends in words; a port is named when it is not the usual one."""
    source, target = (_name(scope, end.node) for end in (edge.source, edge.target))
    return (
        source if edge.source.port == "output" else f"{source}.{edge.source.port}",
        target if edge.target.port == "input" else f"{target}.{edge.target.port}",
    )


def _lines(
    before: Document,
    after: Document,
    name: ValueChange | None,
    blocks: list[BlockDifference],
    nodes: list[NodeDifference],
    edges: list[EdgeDifference],
) -> list[str]:
    lines = [f"~ network: {_arrow(name)}"] if name else []
    for block in blocks:
        changes = ", ".join(_arrow(value) for value in block.values)
        lines.append(f"{MARKS[block.kind]} block {block.name}{': ' if changes else ''}{changes}")
    for node in nodes:
        changes = ", ".join(_arrow(value) for value in node.values)
        tail = f": {changes}" if changes else f" {node.place}" if node.place else ""
        where = _inside(before, after, node.scope)
        lines.append(f"{MARKS[node.kind]} {where}{node.name} ({node.type}){tail}")
    for edge in edges:
        if edge.is_implied:
            continue
        where = _inside(before, after, edge.scope)
        lines.append(f"{MARKS[edge.kind]} {where}{edge.source} -> {edge.target}")
    return lines


def _arrow(value: ValueChange) -> str:
    before = "default" if value.before is None else value.before or "nothing"
    after = "default" if value.after is None else value.after or "nothing"
    return f"{value.name} {before} -> {after}"


def _inside(before: Document, after: Document, scope_id: str | None) -> str:
    if scope_id is None:
        return ""
    block = after.graph.blocks.get(scope_id) or before.graph.blocks.get(scope_id)
    return f"{block.name if block else scope_id}/"


def _scope(document: Document, scope_id: str | None) -> Scope:
    if scope_id is None:
        return document.graph
    return document.graph.blocks.get(scope_id) or BlockDefinition(name="absent")


def _name(scope: Scope, node_id: str) -> str:
    return scope.nodes[node_id].name if node_id in scope.nodes else node_id
