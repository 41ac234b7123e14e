"""A document being edited: copies only what an edit touches, so that one edit stays cheap."""

from __future__ import annotations

from dataclasses import dataclass, field

from netloom.graph.document import (
    BlockDefinition,
    Document,
    Edge,
    Frame,
    Graph,
    Node,
    Position,
    View,
)
from netloom.graph.operations import OperationRefused


@dataclass(slots=True)
class ScopeDraft:
    """Nodes and edges of one scope, with the indexes that keep checks from scanning them."""

    nodes: dict[str, Node]
    edges: dict[str, Edge]
    definition: BlockDefinition | None = None
    _arrivals: dict[tuple[str, str], int] | None = None
    _degrees: dict[str, int] | None = None

    @property
    def arrivals(self) -> dict[tuple[str, str], int]:
        """How many edges arrive at each (node, port); a loaded document may have two."""
        if self._arrivals is None:
            self._arrivals = {}
            for edge in self.edges.values():
                key = (edge.target.node, edge.target.port)
                self._arrivals[key] = self._arrivals.get(key, 0) + 1
        return self._arrivals

    @property
    def degrees(self) -> dict[str, int]:
        """How many edge ends touch each node that has any."""
        if self._degrees is None:
            self._degrees = {}
            for edge in self.edges.values():
                for end in (edge.source.node, edge.target.node):
                    self._degrees[end] = self._degrees.get(end, 0) + 1
        return self._degrees

    def add_edge(self, edge_id: str, edge: Edge) -> None:
        self._count(edge, 1)
        self.edges[edge_id] = edge

    def remove_edge(self, edge_id: str) -> None:
        self._count(self.edges[edge_id], -1)
        del self.edges[edge_id]

    def _count(self, edge: Edge, change: int) -> None:
        """Keep both indexes in step; made before the edge changes, as they read the edges."""
        arrivals, degrees = self.arrivals, self.degrees
        key = (edge.target.node, edge.target.port)
        arrivals[key] = arrivals.get(key, 0) + change
        for end in (edge.source.node, edge.target.node):
            degrees[end] = degrees.get(end, 0) + change


@dataclass(slots=True)
class Draft:
    """A mutable view of a document. The document itself is never changed."""

    document: Document
    name: str = ""
    _scopes: dict[str | None, ScopeDraft] = field(default_factory=dict[str | None, ScopeDraft])
    _blocks: dict[str, BlockDefinition] | None = None
    _positions: dict[str, Position] | None = None
    _frames: dict[str, Frame] | None = None

    def __post_init__(self) -> None:
        self.name = self.document.graph.name

    def scope(self, block_id: str | None) -> ScopeDraft:
        """Return a scope to edit; refused when there is no such block."""
        if block_id not in self._scopes:
            holder = self.document.graph if block_id is None else self.block(block_id)
            self._scopes[block_id] = ScopeDraft(
                dict(holder.nodes),
                dict(holder.edges),
                holder if isinstance(holder, BlockDefinition) else None,
            )
        return self._scopes[block_id]

    def blocks(self) -> dict[str, BlockDefinition]:
        """Return definitions to add to or take from. Their content is edited by `scope`."""
        if self._blocks is None:
            self._blocks = dict(self.document.graph.blocks)
        return self._blocks

    def has_block(self, block_id: str) -> bool:
        blocks = self.document.graph.blocks if self._blocks is None else self._blocks
        return block_id in blocks

    def block(self, block_id: str) -> BlockDefinition:
        """Return a definition as it is now, edits of its content included."""
        blocks = self.document.graph.blocks if self._blocks is None else self._blocks
        if block_id not in blocks:
            raise OperationRefused(f"there is no block {block_id}")
        edited = self._scopes.get(block_id)
        if edited is None or edited.definition is None:
            return blocks[block_id]
        return edited.definition.model_copy(
            update={"nodes": dict(edited.nodes), "edges": dict(edited.edges)}
        )

    def put_block(self, block_id: str, block: BlockDefinition | None) -> None:
        """Add or replace a definition; None removes it."""
        self._scopes.pop(block_id, None)
        if block is None:
            del self.blocks()[block_id]
        else:
            self.blocks()[block_id] = block

    def scope_nodes(self) -> list[dict[str, Node]]:
        """Return the nodes of every scope, to look at."""
        graph = self.document.graph
        blocks = graph.blocks if self._blocks is None else self._blocks
        top = self._scopes.get(None)
        found = [top.nodes if top else graph.nodes]
        for block_id, block in blocks.items():
            edited = self._scopes.get(block_id)
            found.append(edited.nodes if edited else block.nodes)
        return found

    def positions(self) -> dict[str, Position]:
        """Return positions to edit."""
        if self._positions is None:
            self._positions = dict(self.document.view.positions)
        return self._positions

    def frames(self) -> dict[str, Frame]:
        """Return frames to edit."""
        if self._frames is None:
            self._frames = dict(self.document.view.frames)
        return self._frames

    def finish(self) -> Document:
        """Return the edited document; untouched parts are shared with the original."""
        return self.document.model_copy(update={"graph": self._graph(), "view": self._view()})

    def _graph(self) -> Graph:
        graph = self.document.graph
        edited = [key for key in self._scopes if key is not None]
        if edited:
            finished = {key: self.block(key) for key in edited}
            self.blocks().update(finished)
        update: dict[str, object] = {"name": self.name}
        if self._blocks is not None:
            update["blocks"] = self._blocks
        if None in self._scopes:
            top = self._scopes[None]
            update |= {"nodes": top.nodes, "edges": top.edges}
        return graph.model_copy(update=update)

    def _view(self) -> View:
        update: dict[str, object] = {}
        if self._positions is not None:
            update["positions"] = self._positions
        if self._frames is not None:
            update["frames"] = self._frames
        return self.document.view.model_copy(update=update) if update else self.document.view
