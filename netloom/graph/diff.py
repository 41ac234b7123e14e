"""What differs between two documents, node by node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from netloom.graph.document import BlockDefinition, Document, Edge, Node, ParamValue
from netloom.graph.topology import Scope


@dataclass(frozen=True, slots=True)
class ParamChange:
    """A parameter's value before and after; None where it was or is the default."""

    before: ParamValue
    after: ParamValue


@dataclass(frozen=True, slots=True)
class NodeChange:
    """How one node differs.

    Attributes:
        attributes: Changed fields beside the parameters, e.g. `name`, `repeat`.
    """

    params: Mapping[str, ParamChange] = field(default_factory=dict[str, ParamChange])
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScopeDiff:
    """Ids of what was added and removed in one scope, and what changed."""

    added_nodes: tuple[str, ...] = ()
    removed_nodes: tuple[str, ...] = ()
    changed_nodes: Mapping[str, NodeChange] = field(default_factory=dict[str, NodeChange])
    added_edges: tuple[str, ...] = ()
    removed_edges: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (
            self.added_nodes
            or self.removed_nodes
            or self.changed_nodes
            or self.added_edges
            or self.removed_edges
        )


@dataclass(frozen=True, slots=True)
class DocumentDiff:
    """What computes differently. Layout is left out, except that it changed at all.

    Attributes:
        scopes: Diff of each scope that differs; None is the top level.
    """

    scopes: Mapping[str | None, ScopeDiff]
    added_blocks: tuple[str, ...]
    removed_blocks: tuple[str, ...]
    is_renamed: bool
    is_view_changed: bool

    @property
    def is_empty(self) -> bool:
        """True when both compute the same under the same names."""
        return not (self.scopes or self.added_blocks or self.removed_blocks or self.is_renamed)


def diff_documents(before: Document, after: Document) -> DocumentDiff:
    """Compare two documents node by node, by id."""
    old, new = before.graph, after.graph
    scopes: dict[str | None, ScopeDiff] = {None: _diff_scopes(old, new)}
    for block_id in sorted(old.blocks.keys() | new.blocks.keys()):
        scopes[block_id] = _diff_scopes(
            old.blocks.get(block_id, BlockDefinition(name="absent")),
            new.blocks.get(block_id, BlockDefinition(name="absent")),
        )
    return DocumentDiff(
        scopes={scope: diff for scope, diff in scopes.items() if not diff.is_empty},
        added_blocks=tuple(sorted(new.blocks.keys() - old.blocks.keys())),
        removed_blocks=tuple(sorted(old.blocks.keys() - new.blocks.keys())),
        is_renamed=old.name != new.name,
        is_view_changed=before.view != after.view,
    )


def _diff_scopes(before: Scope, after: Scope) -> ScopeDiff:
    old_edges, new_edges = _edge_ends(before.edges), _edge_ends(after.edges)
    common = sorted(before.nodes.keys() & after.nodes.keys())
    changes = {key: _diff_nodes(before.nodes[key], after.nodes[key]) for key in common}
    return ScopeDiff(
        added_nodes=tuple(sorted(after.nodes.keys() - before.nodes.keys())),
        removed_nodes=tuple(sorted(before.nodes.keys() - after.nodes.keys())),
        changed_nodes={key: change for key, change in changes.items() if change},
        added_edges=tuple(sorted(new_edges[ends] for ends in new_edges.keys() - old_edges.keys())),
        removed_edges=tuple(
            sorted(old_edges[ends] for ends in old_edges.keys() - new_edges.keys())
        ),
    )


def _edge_ends(edges: Mapping[str, Edge]) -> dict[tuple[str, str, str, str], str]:
    """Return edge ids by what they join: a connection made anew is not a change."""
    return {
        (edge.source.node, edge.source.port, edge.target.node, edge.target.port): edge_id
        for edge_id, edge in edges.items()
    }


def _diff_nodes(before: Node, after: Node) -> NodeChange | None:
    if before == after:
        return None
    params = {
        name: ParamChange(before.params.get(name), after.params.get(name))
        for name in sorted(before.params.keys() | after.params.keys())
        if (name in before.params) != (name in after.params)
        or before.params.get(name) != after.params.get(name)
    }
    attributes = tuple(
        name
        for name in Node.model_fields
        if name != "params" and getattr(before, name) != getattr(after, name)
    )
    return NodeChange(params, attributes)
